#!/usr/bin/env bash
# Runs sample documents through a real broker, a real worker and a real object store, with one retry and
# one dead letter on the way. Stops everything at the end, unless it ran before.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$REPO"
SAMPLES=$REPO/tests/samples
WORK=$(mktemp -d)
BEGAN=$SECONDS
STARTED_SERVERS=no
PIDS=()

finish() {
    local status=$?
    for pid in "${PIDS[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    [[ $STARTED_SERVERS == no ]] || "$HERE/down.sh"
    if ((status)); then
        say "failed; the worker's log ends with:"
        tail -n 20 "$WORK/worker.log" >&2 2>/dev/null || true
    fi
    rm -rf "$WORK"
}
trap finish EXIT

headline() { printf '\n=== %s\n' "$*"; }

if "$HERE/worker.sh" status >/dev/null 2>&1; then
    die "the worker of \`make up WORKER=1\` runs and would take the demo's jobs: stop it first (make down)"
fi
if [[ ! -f $DEV/env ]]; then STARTED_SERVERS=yes; fi
"$HERE/up.sh" --quiet
# shellcheck source=/dev/null
source "$DEV/env"
export QUIRE_S3_PREFIX=demo

headline "A worker, and a stand-in for LlamaParse that takes 4 s a document"
"$BIN/parse-api-double" 4 12 >"$WORK/parse-api" &
PIDS+=($!)
for _ in {1..100}; do [[ -s $WORK/parse-api ]] && break; sleep 0.05; done
LLAMA_CLOUD_API_KEY=llx-demo LLAMA_CLOUD_BASE_URL="$(cat "$WORK/parse-api")" \
    QUIRE_HTTP_ADDR=127.0.0.1:0 QUIRE_LOG=info "$BIN/quire-worker" run 2>"$WORK/worker.log" &
PIDS+=($!)
WORKER=$!
for _ in {1..200}; do
    grep -qs '"consuming"' "$WORK/worker.log" && break
    kill -0 "$WORKER" 2>/dev/null || die "the worker ended"
    sleep 0.05
done
python3 "$SAMPLES/generate.py" --large 12 "$WORK/photographs.pdf" >/dev/null
python3 "$SAMPLES/generate.py" --small 1 "$WORK/small" >/dev/null
printf 'quire\n' >"$WORK/password"

# Without a terminal there are no progress bars: show the worker's events at the end instead.
if [[ ! -t 1 ]]; then
    "$BIN/quire" watch >"$WORK/events" 2>/dev/null &
    PIDS+=($!)
fi

# Its source is uploaded later: the first attempt fails; the second comes from the 5 s tier and succeeds.
LATE=$(sha256sum "$WORK"/small/*.pdf | cut -d' ' -f1)
"$BIN/quire" submit "s3://$QUIRE_S3_BUCKET/demo/default/uploads/$LATE.pdf" --meta about="its source is uploaded late" --wait >"$WORK/late" 2>&1 &
LATE_PID=$!

headline "Three documents with the local engine, and an encrypted one with its password"
"$BIN/quire" submit "$SAMPLES/report.pdf" "$SAMPLES/rotated.pdf" "$SAMPLES/scanned.pdf" --wait
"$BIN/quire" submit "$SAMPLES/encrypted.pdf" --password-file "$WORK/password" --wait

# Uploads the source that the late job waits for, as a job of its own.
"$BIN/quire" submit "$WORK"/small/*.pdf >/dev/null

headline "LlamaParse parses while Quire renders the pages: 'saved s' is the overlap"
"$BIN/quire" submit "$WORK/photographs.pdf" --engine llamaparse --dpi 300 --wait

headline "A source that did not exist at first: one retry"
wait "$LATE_PID" || die "the late document failed: $(cat "$WORK/late")"
cat "$WORK/late"

headline "An encrypted document without a password: a dead letter"
if "$BIN/quire" submit "$SAMPLES/encrypted.pdf" --meta about="no password" --wait; then
    die "it should have failed"
fi

if [[ -s $WORK/events ]]; then
    headline "Events of the worker"
    grep -v -i heartbeat "$WORK/events" || true
fi
headline "Queues"
"$BIN/quire" queues
headline "Done in $((SECONDS - BEGAN)) s. Results and page images are in s3://$QUIRE_S3_BUCKET/demo/ ($DEV/store/data/$QUIRE_S3_BUCKET/demo)"
