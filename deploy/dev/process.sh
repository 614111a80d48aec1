#!/usr/bin/env bash
# Starting, recognising and ending the servers' processes. Sourced by lib.sh, never run.

# birth PID: prints the start time in clock ticks since boot; fails if there is no such process. After
# a crash or a reboot a PID alone may belong to another process; a PID with its birth does not.
birth() {
    local stat fields
    if [[ ! $1 =~ ^[0-9]+$ ]]; then return 1; fi
    # Not $(<…): if the file is missing, bash would end the whole script, even inside a condition.
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    # The name in the second field may itself hold spaces and parentheses.
    read -r -a fields <<<"${stat##*) }"
    if [[ ${fields[0]} == [ZX] ]]; then return 1; fi
    echo "${fields[19]}"
}

# alive PID BIRTH
alive() { [[ -n $1 && -n $2 && $(birth "$1") == "$2" ]]; }

# wait_gone PID BIRTH SECONDS: fails if the process still lives at the deadline.
wait_gone() {
    local deadline=$((SECONDS + $3))
    while alive "$1" "$2"; do
        if ((SECONDS >= deadline)); then return 1; fi
        sleep 0.05
    done
}

kill_process() { # PID BIRTH
    if ! alive "$1" "$2"; then return 0; fi
    kill -KILL "$1" || true
    wait_gone "$1" "$2" 10 || die "cannot end process $1: does it belong to another user?"
}

stop_process() { # PID BIRTH SECONDS
    if ! alive "$1" "$2"; then return 0; fi
    kill -TERM "$1" || true
    if wait_gone "$1" "$2" "$3"; then return 0; fi
    say "process $1 did not stop within $3 s, killing it"
    kill_process "$1" "$2"
}

# launch LOG COMMAND...: starts the command in a session of its own, so that it outlives the terminal.
# Sets LAUNCHED to the PID and LAUNCHED_BIRTH to the start time. Descriptor 9 is the caller's lock; a
# server must not keep it.
launch() {
    local log=$1
    shift
    setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
    LAUNCHED=$!
    # shellcheck disable=SC2034 # for the caller
    LAUNCHED_BIRTH=$(birth "$LAUNCHED" || true)
}

# wait_for_port PORT SECONDS PID BIRTH: fails at the deadline, or when the process has ended.
wait_for_port() {
    local deadline=$((SECONDS + $2))
    until port_open "$1"; do
        if ! alive "$3" "$4" || ((SECONDS >= deadline)); then return 1; fi
        sleep 0.05
    done
}
