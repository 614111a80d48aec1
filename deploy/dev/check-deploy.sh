#!/usr/bin/env bash
# Checks the deployment files with the tools that deploy/requirements-check.txt pins, then tests the
# checks with mutations of these files.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
PYTHON=$("$HERE/venv.sh" deploy "$REPO/deploy/requirements-check.txt")
"$PYTHON" "$REPO/deploy/check.py"
"$PYTHON" "$REPO/deploy/test_check.py"
