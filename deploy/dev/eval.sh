#!/usr/bin/env bash
# Runs the evaluation of the local parse against the packages that tests/eval/requirements.txt pins.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
PYTHON=$("$HERE/venv.sh" eval "$REPO/tests/eval/requirements.txt")
PDFIUM=$("$HERE/pdfium.sh")
exec "$PYTHON" -B "$REPO/tests/eval/eval.py" --worker "$REPO/target/release/quire-worker" --pdfium "$PDFIUM" "$@"
