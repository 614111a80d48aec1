#!/usr/bin/env bash
# A private RabbitMQ node with ports, epmd and data of its own, on loopback. It does not touch a RabbitMQ
# that the machine already runs.
#
#   broker.sh start|stop|kill|restart|pause|resume|status [--dir DIR] [--port P] [--mgmt-port P]
#             [--epmd-port P] [--conf LINE]...
#   broker.sh ctl [--dir DIR] -- ARG...
#
# RABBITMQ=3 (the default) is the package of this machine, RABBITMQ=4 a RabbitMQ 4.3 or newer; each has
# data of its own. start, restart and status print QUIRE_AMQP_URL=…, QUIRE_MANAGEMENT_URL=… and
# RABBITMQ=… on stdout. kill sends SIGKILL to the Erlang VM, pause SIGSTOP, resume SIGCONT; ctl runs
# rabbitmqctl. status exits 3 when the node does not run. --conf adds a line to rabbitmq.conf; with
# --epmd-port the node uses an epmd of the caller. DIR keeps name, data, both ports, lines and series, so
# that every command after the first start needs --dir only.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/broker-node.sh"

STATE=(SERIES PORT MGMT_PORT NODENAME PID BIRTH READY DIST_PORT CTL_PORT EPMD_PORT EPMD_PID EPMD_BIRTH)
SERIES=3 PORT='' MGMT_PORT='' NODENAME='' PID='' BIRTH='' READY='' EPMD_PID='' EPMD_BIRTH=''

running() { alive "$PID" "$BIRTH"; }
save() { save_state "$dir/state.env" "${STATE[@]}"; }
print_variables() {
    echo "QUIRE_AMQP_URL=amqp://guest:guest@127.0.0.1:$PORT/%2f"
    echo "QUIRE_MANAGEMENT_URL=http://guest:guest@127.0.0.1:$MGMT_PORT"
    echo "RABBITMQ=$SERIES"
}

start() {
    if running && [[ ${want_port:-$PORT} != "$PORT" || ${want_mgmt_port:-$MGMT_PORT} != "$MGMT_PORT" ]]; then
        die "the node of $dir runs on ports $PORT and $MGMT_PORT: stop it before moving it"
    fi
    choose_series
    install_programs
    if ! running; then launch_node; fi
    if [[ -z $READY ]]; then wait_until_ready; fi
    say "RabbitMQ $(version) runs as $NODENAME (pid $PID, data in $dir)"
    print_variables
}

launch_node() {
    stop_process "$EPMD_PID" "$EPMD_BIRTH" 10 # the epmd outlives a killed node
    PID='' BIRTH='' READY='' EPMD_PID='' EPMD_BIRTH=''
    choose_ports
    write_files
    describe_node
    if [[ -z $want_epmd_port ]]; then launch_epmd; fi
    # With this flag RabbitMQ's script becomes the Erlang VM instead of its parent, so that the PID is
    # that of the VM and a SIGTERM reaches the VM.
    launch "$dir/console.log" "${AS_NODE[@]}" RUNNING_UNDER_SYSTEMD=true "$RABBITMQ_PROGRAMS/rabbitmq-server"
    PID=$LAUNCHED BIRTH=$LAUNCHED_BIRTH
    save
}

wait_until_ready() {
    describe_node
    wait_for_port "$PORT" 120 "$PID" "$BIRTH" || give_up "the node did not open its port"
    "${AS_NODE[@]}" "$RABBITMQ_PROGRAMS/rabbitmqctl" -q await_startup --timeout 120 \
        </dev/null >>"$dir/console.log" 2>&1 || give_up "the node did not finish starting"
    elect_leaders
    READY=yes
    save
}

# After a kill, a queue or the stream coordinator may come back as a follower without a leader and stay
# so (seen on 3.10.8): the broker never confirms publishes to it. In a cluster this election is one too
# many, without harm.
elect_leaders() {
    local servers='S <- [quorum_queues, coordination], {N, _} <- ra_directory:list_registered(S)'
    "${AS_NODE[@]}" "$RABBITMQ_PROGRAMS/rabbitmqctl" -q eval "[ra:trigger_election({N, node()}) || $servers]." \
        </dev/null >>"$dir/console.log" 2>&1 || say "the election of leaders failed: see $dir/console.log"
}

give_up() {
    tail -n 20 "$dir/console.log" >&2
    stop
    die "$1: see $dir/console.log and $dir/log"
}

stop() {
    resume # a paused process does not handle SIGTERM
    stop_process "$PID" "$BIRTH" 60
    # Last, because a node that stops removes its name from epmd.
    stop_process "$EPMD_PID" "$EPMD_BIRTH" 10
    PID='' BIRTH='' EPMD_PID='' EPMD_BIRTH='' READY=''
    save
    say "the node of $dir is stopped"
}

# Connections stay open, and the node does not answer.
pause() {
    running || die "the node of $dir does not run"
    kill -STOP "$PID"
}

resume() { if running; then kill -CONT "$PID"; fi; }

ctl() {
    running || die "the node of $dir does not run"
    install_programs
    describe_node
    "${AS_NODE[@]}" "$RABBITMQ_PROGRAMS/rabbitmqctl" "${rest[@]}"
}

status() {
    print_variables
    if running && port_open "$PORT"; then
        say "RabbitMQ $(version) runs as $NODENAME (pid $PID, data in $dir)"
    else
        say "the node of $dir does not run"
        exit 3
    fi
}

USAGE="broker.sh start|stop|kill|restart|pause|resume|status|ctl [--dir DIR] [--port P] [--mgmt-port P]"
USAGE+=" [--epmd-port P] [--conf LINE]... [-- ARG...]"
command=${1:-} dir=$DEV/broker want_port='' want_mgmt_port='' want_epmd_port='' want_conf=() rest=()
while (($# > 1)); do
    case $2 in
    --dir) dir=$(realpath -m "${3:?--dir needs a directory}") ;;
    --port) want_port=${3:?--port needs a number} ;;
    --mgmt-port) want_mgmt_port=${3:?--mgmt-port needs a number} ;;
    --epmd-port) want_epmd_port=${3:?--epmd-port needs a number} ;;
    --conf) want_conf+=("${3:?--conf needs a line}") ;;
    --)
        rest=("${@:3}")
        break
        ;;
    *) die "unknown option $2: $USAGE" ;;
    esac
    shift 2
done

case $command in
start | stop | kill | restart | pause | resume | status | ctl) ;;
*) die "usage: $USAGE" ;;
esac
[[ $want_port$want_mgmt_port$want_epmd_port =~ ^[0-9]*$ ]] || die "a port is a number"
expect_started "$command" "$dir"
# The other commands do not change the state, and must not wait for a start, which may take a minute.
if [[ $command == @(start|stop|kill|restart) ]]; then lock_directory "$dir"; fi
load_state "$dir/state.env"
case $command in
restart)
    stop
    start
    ;;
kill)
    kill_process "$PID" "$BIRTH"
    say "the node of $dir is killed"
    ;;
*) "$command" ;;
esac
