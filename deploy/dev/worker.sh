#!/usr/bin/env bash
# A worker of this checkout, for the servers that DEV/env names.
#
#   worker.sh start|stop|status [--dir DIR] [--port P]
#
# start waits until the worker is ready and prints the address of its probes and metrics on stdout. If
# the worker runs already, start changes nothing, unless its program has been built again or DEV/env
# names other servers: then start restarts it. status exits 3 when the worker does not run. Port and log
# stay in DIR. QUIRE_BIN_DIR is the folder of the program, by default target/debug.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# The worker's own default address.
DEFAULT_PORT=9464
READY_WITHIN=60
# Longer than the worker's default shutdown grace of 120 s, which the caller may ask for.
STOP_WITHIN=130
PORT='' PID='' BIRTH='' BUILD='' SERVERS=''

running() { alive "$PID" "$BIRTH"; }
save() { save_state "$dir/state.env" PORT PID BIRTH BUILD SERVERS; }
print_variables() { echo "QUIRE_WORKER_URL=http://127.0.0.1:$PORT"; }

# build_id: prints which file the program is. Cargo replaces the file of a program that it builds again.
# Not read off /proc/PID/exe: that link of a worker, which is not dumpable, is for root only.
build_id() { stat --dereference --format '%d:%i:%.9Y' "$program"; }

# servers: prints a digest of DEV/env, which may hold keys.
servers() { sha256sum <"$DEV/env"; }

# reason_to_restart: prints why the running worker must be restarted; nothing if it may go on.
reason_to_restart() {
    if [[ $BUILD != "$(build_id)" ]]; then
        echo "runs an older build of $program"
    elif [[ $SERVERS != "$(servers)" ]]; then
        echo "was started for other servers than $DEV/env names"
    fi
}

# ready: /readyz answers 200. In a subshell, which closes the connection.
ready() (
    status=''
    exec 3<>"/dev/tcp/127.0.0.1/$PORT" || exit 1
    printf 'GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
    read -r -t 5 _ status _ <&3
    [[ $status == 200 ]]
) 2>/dev/null

start() {
    local reason=''
    [[ -x $program ]] || die "there is no $program: build it (make build), or set QUIRE_BIN_DIR"
    [[ -f $DEV/env ]] || die "there is no $DEV/env: start the servers first (make up)"
    if running; then reason=$(reason_to_restart); fi
    if [[ -n $reason ]]; then
        say "the worker (pid $PID) $reason: restarting it"
        stop
    fi
    if ! running; then launch_worker; fi
    wait_until_ready
    say "the worker is ready (pid $PID, log in $dir/console.log)"
    print_variables
}

launch_worker() {
    PORT=${want_port:-${PORT:-$DEFAULT_PORT}}
    if port_open "$PORT"; then
        if [[ -n $want_port ]]; then die "port $PORT is taken by another program: choose one with --port"; fi
        PORT=$(free_ports 1)
    fi
    # shellcheck source=/dev/null
    source "$DEV/env"
    export QUIRE_HTTP_ADDR=127.0.0.1:$PORT
    # Shorter than the default, so that `make down` does not wait for a long job.
    export QUIRE_SHUTDOWN_GRACE=${QUIRE_SHUTDOWN_GRACE:-30s}
    # Before the launch: a build that ends between the two makes the worker outdated, not unnoticed.
    BUILD=$(build_id)
    launch "$dir/console.log" "$program" run
    PID=$LAUNCHED BIRTH=$LAUNCHED_BIRTH SERVERS=$(servers)
    save
}

wait_until_ready() {
    local deadline=$((SECONDS + READY_WITHIN))
    until ready; do
        if ! running; then give_up "the worker ended"; fi
        # It keeps trying, for example until the broker takes messages again.
        if ((SECONDS >= deadline)); then give_up "the worker is not ready after $READY_WITHIN s, and runs on"; fi
        sleep 0.1
    done
}

give_up() {
    tail -n 20 "$dir/console.log" >&2
    die "$1: see $dir/console.log"
}

stop() {
    if running; then say "stopping the worker (pid $PID); it finishes its jobs or gives them back"; fi
    stop_process "$PID" "$BIRTH" "$STOP_WITHIN"
    PID='' BIRTH='' BUILD='' SERVERS=''
    save
}

status() {
    print_variables
    if running; then
        say "the worker runs (pid $PID, log in $dir/console.log)"
    else
        say "the worker of $dir does not run"
        exit 3
    fi
}

USAGE="worker.sh start|stop|status [--dir DIR] [--port P]"
command=${1:-} dir=$DEV/worker want_port='' program=$BIN/quire-worker
while (($# > 1)); do
    case $2 in
    --dir) dir=$(realpath -m "${3:?--dir needs a directory}") ;;
    --port) want_port=${3:?--port needs a number} ;;
    *) die "unknown option $2: $USAGE" ;;
    esac
    shift 2
done

case $command in
start | stop | status) ;;
*) die "usage: $USAGE" ;;
esac
[[ $want_port =~ ^[0-9]*$ ]] || die "a port is a number"
expect_started "$command" "$dir"
if [[ $command != status ]]; then lock_directory "$dir"; fi
load_state "$dir/state.env"
"$command"
