#!/usr/bin/env bash
# Checks the deployment files with the tools that deploy/requirements-check.txt pins, and the checks
# with mutations of those files.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
PYTHON=$("$HERE/venv.sh" deploy "$REPO/deploy/requirements-check.txt")
"$PYTHON" "$REPO/deploy/check.py"
"$PYTHON" "$REPO/deploy/test_check.py"
