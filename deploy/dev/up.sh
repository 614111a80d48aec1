#!/usr/bin/env bash
# Starts a private broker and object store, fetches libpdfium, and writes the variables of all three
# to DEV/env (shell `export` lines). Running it again reuses what is alive and starts the rest.
#
#   up.sh [--with-worker]
#
# A server that the caller names in QUIRE_AMQP_URL, or in QUIRE_S3_ENDPOINT or QUIRE_S3_BUCKET, is used
# instead of a private one. RABBITMQ says which RabbitMQ, see broker.sh; it goes into DEV/env too, for
# the brokers that tests start. QUIRE_WORKER_BIN is the worker to start, by default
# target/debug/quire-worker.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

with_worker=no
case ${1:-} in
--with-worker) with_worker=yes ;;
'') ;;
*) die "usage: up.sh [--with-worker]" ;;
esac

# ours NAME SCRIPT: a shell that has sourced DEV/env names our own server, not somebody else's.
ours() {
    local known
    known=$("$HERE/$2" status 2>/dev/null) || true
    grep -qxF "$1=${!1}" <<<"$known"
}

# start_once SCRIPT: starts the server where it does not run, and notes it for down.sh before that, so
# that a half-started one is stopped too.
start_once() {
    if ! "$HERE/$1" status >/dev/null 2>&1; then echo "$1" >>"$DEV/started"; fi
    "$HERE/$1" start
}

# pass_on NAME...: those that the caller has set.
pass_on() {
    local name
    for name; do
        if [[ -n ${!name:-} ]]; then echo "$name=${!name}"; fi
    done
}

broker_variables() {
    if [[ -z ${QUIRE_AMQP_URL:-} ]] || ours QUIRE_AMQP_URL broker.sh; then
        start_once broker.sh
        return
    fi
    say "QUIRE_AMQP_URL is set: using that broker, starting none (unset it for a private one)"
    if [[ -z ${QUIRE_MANAGEMENT_URL:-} ]]; then
        say "QUIRE_MANAGEMENT_URL is not set: what reads counts over HTTP needs it"
    fi
    pass_on QUIRE_AMQP_URL QUIRE_MANAGEMENT_URL RABBITMQ
}

# A bucket without an endpoint means AWS itself.
wants_private_store() {
    if [[ -n ${QUIRE_S3_ENDPOINT:-} ]]; then ours QUIRE_S3_ENDPOINT store.sh; else [[ -z ${QUIRE_S3_BUCKET:-} ]]; fi
}

store_variables() {
    if wants_private_store; then
        start_once store.sh
        # Clients look for a region, and ask a cloud's metadata service where they find none.
        echo AWS_REGION=us-east-1
        echo AWS_EC2_METADATA_DISABLED=true
        return
    fi
    [[ -n ${QUIRE_S3_BUCKET:-} ]] || die "QUIRE_S3_ENDPOINT is set: set QUIRE_S3_BUCKET to a bucket there as well"
    say "QUIRE_S3_* is set: using bucket $QUIRE_S3_BUCKET there, starting no object store"
    pass_on "${!QUIRE_S3_@}" "${!AWS_@}"
}

pdfium_variables() {
    local library=${QUIRE_PDFIUM_LIBRARY:-}
    if [[ ! -f $library ]]; then library=$("$HERE/pdfium.sh"); fi
    echo "QUIRE_PDFIUM_LIBRARY=$library"
}

write_env() {
    local name value new=$DEV/env.$$
    # Readable by its owner only: keys of somebody else's servers may be in it.
    install -m 600 /dev/null "$new"
    while IFS='=' read -r name value; do
        if [[ -n $name ]]; then printf 'export %s=%q\n' "$name" "$value"; fi
    done <<<"$1" >"$new"
    mv "$new" "$DEV/env"
    say "wrote $DEV/env (to use it: source $DEV/env)"
}

start_worker() {
    local worker=${QUIRE_WORKER_BIN:-$REPO/target/debug/quire-worker} pid
    pid=$(cat "$DEV/worker.pid" 2>/dev/null) || true
    if is_worker "$pid"; then
        say "the worker runs (pid $pid)"
        return
    fi
    [[ -x $worker ]] || die "no worker at $worker: build it (cargo build), or set QUIRE_WORKER_BIN"
    # The worker refuses QUIRE_* names that it does not know.
    unset QUIRE_CACHE QUIRE_DEV_DIR QUIRE_WORKER_BIN
    # shellcheck source=/dev/null
    source "$DEV/env"
    launch "$DEV/worker.log" "$worker" run
    echo "$LAUNCHED" >"$DEV/worker.pid"
    # Bad configuration or an unreachable server ends it within this time.
    if wait_gone "$LAUNCHED" "$LAUNCHED_BIRTH" 2; then
        tail -n 20 "$DEV/worker.log" >&2
        die "the worker ended at once: see $DEV/worker.log"
    fi
    say "the worker runs (pid $LAUNCHED, log in $DEV/worker.log)"
}

mkdir -p "$DEV"
broker=$(broker_variables)
store=$(store_variables)
pdfium=$(pdfium_variables)
write_env "$broker"$'\n'"$store"$'\n'"$pdfium"
if [[ $with_worker == yes ]]; then start_worker; fi
