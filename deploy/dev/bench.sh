#!/usr/bin/env bash
# Runs the benchmark against the packages that tests/bench/requirements.txt pins.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
PYTHON=$("$HERE/venv.sh" bench "$REPO/tests/bench/requirements.txt")
PDFIUM=$("$HERE/pdfium.sh")
exec "$PYTHON" "$REPO/tests/bench/bench.py" --worker "$REPO/target/release/quire-worker" --pdfium "$PDFIUM" "$@"
