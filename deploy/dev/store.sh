#!/usr/bin/env bash
# A private S3 server on loopback (s3s-fs): buckets are directories under DIR/data.
#
#   store.sh start|stop|kill|status [--dir DIR] [--port P]
#
# start and status print the variables of a client on stdout. status exits 3 when the server does not
# run. Data and port stay in DIR. s3s-fs does not call fsync: do not use it in production.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

VERSION=0.14.1 # the last one that Rust 1.95 can build
PROGRAM=$QUIRE_CACHE/s3s-fs-$VERSION/bin/s3s-fs
BUCKET=quire ACCESS_KEY=quire-dev SECRET_KEY=quire-dev-secret
PORT='' PID='' BIRTH=''

running() { alive "$PID" "$BIRTH"; }
save() { save_state "$dir/state.env" PORT PID BIRTH; }
print_variables() {
    echo "QUIRE_S3_ENDPOINT=http://127.0.0.1:$PORT"
    echo "QUIRE_S3_BUCKET=$BUCKET"
    echo "AWS_ACCESS_KEY_ID=$ACCESS_KEY"
    echo "AWS_SECRET_ACCESS_KEY=$SECRET_KEY"
}

install_store() {
    if [[ -x $PROGRAM ]]; then return 0; fi
    need cargo "cargo, or see https://rustup.rs"
    say "building s3s-fs $VERSION (once, a few minutes)"
    mkdir -p "$QUIRE_CACHE"
    # With the lock, the second of two checkouts waits for the first and finds the program.
    flock "$QUIRE_CACHE/s3s-fs.lock" cargo install s3s-fs --version "$VERSION" --features binary \
        --locked --root "$QUIRE_CACHE/s3s-fs-$VERSION" >&2 ||
        die "s3s-fs could not be built: it needs Rust 1.95 and crates.io;" \
            "or set QUIRE_S3_ENDPOINT to an S3 server of yours"
}

start() {
    if running && [[ ${want_port:-$PORT} != "$PORT" ]]; then
        die "the store of $dir runs on port $PORT: stop it before moving it"
    fi
    if ! running; then launch_store; fi
    say "s3s-fs runs on port $PORT (pid $PID, data in $dir)"
    print_variables
}

launch_store() {
    install_store
    PORT=${want_port:-$PORT}
    if [[ -z $PORT ]]; then PORT=$(free_ports 1); fi
    if port_open "$PORT"; then die "port $PORT is taken by another program: choose one with --port"; fi
    mkdir -p "$dir/data/$BUCKET"
    launch "$dir/console.log" env -i RUST_LOG=warn "$PROGRAM" --host 127.0.0.1 --port "$PORT" \
        --access-key "$ACCESS_KEY" --secret-key "$SECRET_KEY" "$dir/data"
    PID=$LAUNCHED BIRTH=$LAUNCHED_BIRTH
    save
    if wait_for_port "$PORT" 20 "$PID" "$BIRTH"; then return 0; fi
    tail -n 20 "$dir/console.log" >&2
    stop
    die "s3s-fs did not open port $PORT: see $dir/console.log"
}

stop() {
    stop_process "$PID" "$BIRTH" 10
    PID='' BIRTH=''
    save
    say "the store of $dir is stopped"
}

status() {
    print_variables
    if running && port_open "$PORT"; then
        say "s3s-fs runs on port $PORT (pid $PID, data in $dir)"
    else
        say "the store of $dir does not run"
        exit 3
    fi
}

command=${1:-} dir=$DEV/store want_port=''
while (($# > 1)); do
    case $2 in
    --dir) dir=$(realpath -m "${3:?--dir needs a directory}") ;;
    --port) want_port=${3:?--port needs a number} ;;
    *) die "unknown option $2: --dir and --port are known" ;;
    esac
    shift 2
done

case $command in
start | stop | kill | status) ;;
*) die "usage: store.sh start|stop|kill|status [--dir DIR] [--port P]" ;;
esac
[[ $want_port =~ ^[0-9]*$ ]] || die "a port is a number"
expect_started "$command" "$dir"
if [[ $command != status ]]; then lock_directory "$dir"; fi
load_state "$dir/state.env"
if [[ $command == kill ]]; then
    kill_process "$PID" "$BIRTH"
    say "the store of $dir is killed"
else
    "$command"
fi
