#!/usr/bin/env bash
# corpora.sh DIR: a folder of PDFs with a ground-truth.tsv through a worker, against a private broker
# and object store, which are stopped at the end unless they ran before.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
FOLDER=$(realpath "${1:?say which folder: make corpora DIR=…}")
cd "$REPO"
if [[ ! -f $DEV/env ]]; then
    trap '"$HERE/down.sh"' EXIT
fi
"$HERE/up.sh"
. "$DEV/env"
"$REPO/target/debug/corpora" "$FOLDER"
