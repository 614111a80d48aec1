#!/usr/bin/env bash
# Stops the worker of worker.sh and the servers that up.sh started. Data stays; DEV/env goes, because
# nothing listens at its addresses any more.
#
#   down.sh
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Before the servers: the worker needs them to finish its jobs or to give them back.
if "$HERE/worker.sh" status >/dev/null 2>&1; then "$HERE/worker.sh" stop; fi
# An older up.sh noted its worker there.
if pid=$(cat "$DEV/worker.pid" 2>/dev/null) && [[ $(cat "/proc/$pid/comm" 2>/dev/null) == quire-worker ]]; then
    stop_process "$pid" "$(birth "$pid")" 130
fi
for script in store.sh broker.sh; do
    if grep -qxF "$script" "$DEV/started" 2>/dev/null; then "$HERE/$script" stop; fi
done
rm -f "$DEV/started" "$DEV/env" "$DEV/worker.pid"
say "everything that up.sh started is stopped (data stays in $DEV)"
