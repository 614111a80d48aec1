#!/usr/bin/env bash
# Runs the evaluation of the local parse against the packages that tests/eval/requirements.txt pins.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
PYTHON=$("$HERE/venv.sh" eval "$REPO/tests/eval/requirements.txt")
PDFIUM=$("$HERE/pdfium.sh")
WORKER=$REPO/target/release/quire-worker
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT
failed=0
"$PYTHON" -B "$REPO/tests/eval/eval.py" --worker "$WORKER" --pdfium "$PDFIUM" "$@" || failed=1
QUIRE_PDFIUM_LIBRARY=$PDFIUM "$WORKER" process --engine pdfium --no-images --out "$OUT" \
    "$REPO"/tests/eval/structure/documents/*.pdf >/dev/null
"$PYTHON" -B "$REPO/tests/eval/structure/structure.py" "$OUT" --bars || failed=1
exit "$failed"
