#!/usr/bin/env bash
# Stops what up.sh started, and a worker whose PID is in DEV/worker.pid. Data stays; DEV/env goes,
# because its addresses lead nowhere now.
#
#   down.sh
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

stop_worker() {
    local pid
    pid=$(cat "$DEV/worker.pid" 2>/dev/null) || return 0
    # Time to finish the jobs in hand; without the servers it could not, so it goes first.
    if is_worker "$pid"; then
        say "stopping the worker (pid $pid)"
        stop_process "$pid" "$(birth "$pid")" 60
    fi
    rm -f "$DEV/worker.pid"
}

stop_servers() {
    local script
    for script in store.sh broker.sh; do
        if grep -qxF "$script" "$DEV/started" 2>/dev/null; then "$HERE/$script" stop; fi
    done
    rm -f "$DEV/started" "$DEV/env"
}

stop_worker
stop_servers
say "everything that up.sh started is stopped (data stays in $DEV)"
