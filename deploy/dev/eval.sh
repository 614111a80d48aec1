#!/usr/bin/env bash
# eval.sh [--corpora DIR] [OPTION...]: runs the evaluation of the local parse against the packages that
# tests/eval/requirements.txt pins, and prints one table of all sets. OPTIONs are those of tests/eval/eval.py.
# Exit status 1: a bar is missed.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
PYTHON=$("$HERE/venv.sh" eval "$REPO/tests/eval/requirements.txt")
QUIRE_PDFIUM_LIBRARY=$("$HERE/pdfium.sh")
export QUIRE_PDFIUM_LIBRARY
WORKER=$REPO/target/release/quire-worker
OUT=$(mktemp -d)
trap 'rm -rf "$OUT"' EXIT

CORPORA='' TEXT=$OUT/text.json BARS=() OPTIONS=()
while (($#)); do
    case $1 in
    --corpora) CORPORA=${2:?a folder is needed} OPTIONS+=("$1" "$2") && shift ;;
    --json) TEXT=${2:?a file is needed} && shift ;;
    --no-bars) BARS=("$1") ;;
    *) OPTIONS+=("$1") ;;
    esac
    shift
done

# has LIST: the corpora hold the documents that a committed list names.
has() {
    local first
    IFS=$'\t' read -r first _ <"$REPO/tests/eval/$1"
    [[ -n $CORPORA && -f $CORPORA/$first ]]
}

score() { "$PYTHON" -B "$REPO/tests/eval/$1" "${@:2}"; }

# The programs only write their figures down: the table tells which bars are missed.
score eval.py --worker "$WORKER" --no-bars --json "$TEXT" "${OPTIONS[@]}"
"$WORKER" process --engine pdfium --no-images --out "$OUT/structure" \
    "$REPO"/tests/eval/structure/documents/*.pdf >/dev/null
score structure/structure.py "$OUT/structure" --json "$OUT/structure.json"
SETS=("text=$TEXT" "structure=$OUT/structure.json")
if [[ -n $CORPORA && -d $CORPORA/icdar-eu ]]; then
    score icdar/icdar.py "$WORKER" "$CORPORA/icdar-eu" --json "$OUT/icdar.json"
    SETS+=("marked by people=$OUT/icdar.json")
fi
if has false_tables/pages.tsv; then
    score false_tables/false_tables.py "$WORKER" "$CORPORA" --json "$OUT/false-tables.json"
    SETS+=("false tables=$OUT/false-tables.json")
fi
if has tagged/documents.tsv; then
    score tagged/tagged.py "$WORKER" "$CORPORA" --json "$OUT/tagged.json"
    SETS+=("tagged=$OUT/tagged.json")
fi
score summary.py "${SETS[@]}" "${BARS[@]}"
