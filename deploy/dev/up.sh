#!/usr/bin/env bash
# Starts a private broker and object store, fetches libpdfium, and writes the variables of all three
# to DEV/env as `export` lines, with a PATH that finds quire and quire-worker. Running it again keeps
# what runs and starts the rest.
#
#   up.sh [--with-worker|--quiet]
#
# With --with-worker it also starts a worker, see worker.sh; with --quiet it does not print what to do
# next. A server that the caller names in
# QUIRE_AMQP_URL, or in QUIRE_S3_ENDPOINT or QUIRE_S3_BUCKET, is used instead of a private one. RABBITMQ
# chooses the RabbitMQ, see broker.sh; it goes into DEV/env too, for the brokers that tests start.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

option=${1:-}
case $option in
--with-worker | --quiet | '') ;;
*) die "usage: up.sh [--with-worker|--quiet]" ;;
esac

# ours NAME SCRIPT: the variable NAME names our own server, because the shell has sourced DEV/env.
ours() {
    local known
    known=$("$HERE/$2" status 2>/dev/null) || true
    grep -qxF "$1=${!1}" <<<"$known"
}

# start_once SCRIPT: starts the server if it does not run, and lists it for down.sh first, so that
# down.sh also stops a server whose start failed.
start_once() {
    if ! "$HERE/$1" status >/dev/null 2>&1; then echo "$1" >>"$DEV/started"; fi
    "$HERE/$1" start
}

# pass_on NAME...: prints the variables that the caller has set.
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
        say "QUIRE_MANAGEMENT_URL is not set: without it \`quire queues\` and some tests cannot read counts"
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
        # Without a region, clients ask a cloud's metadata service for one.
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
    # Readable by its owner only: it may hold keys of the caller's servers.
    install -m 600 /dev/null "$new"
    while IFS='=' read -r name value; do
        if [[ -n $name ]]; then printf 'export %s=%q\n' "$name" "$value"; fi
    done <<<"$1" >"$new"
    # shellcheck disable=SC2016 # PATH is for the shell that sources the file
    printf 'export PATH=%q:"$PATH"\n' "$BIN" >>"$new"
    mv "$new" "$DEV/env"
}

tell_what_next() {
    local file what='the addresses'
    # As a person types it: relative, if it lies below the current directory.
    file=$(realpath -m --relative-base="$PWD" "$DEV/env")
    # A relative path without a slash would be looked up in PATH.
    if [[ $file != */* ]]; then file=./$file; fi
    if ! "$HERE/worker.sh" status >/dev/null 2>&1; then
        say "no worker runs, so jobs wait in their queues (make up WORKER=1 starts one)"
    fi
    if [[ -x $BIN/quire ]]; then
        what='quire and the addresses'
    else
        say "quire and quire-worker are not built yet: \`make build\` builds them"
    fi
    say "ready: \`. $file\` puts $what into this shell, \`make down\` stops everything"
}

mkdir -p "$DEV"
broker=$(broker_variables)
store=$(store_variables)
pdfium=$(pdfium_variables)
write_env "$broker"$'\n'"$store"$'\n'"$pdfium"
if [[ $option == --with-worker ]]; then "$HERE/worker.sh" start >/dev/null; fi
if [[ $option != --quiet ]]; then tell_what_next; fi
