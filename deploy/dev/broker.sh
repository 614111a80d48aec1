#!/usr/bin/env bash
# A private RabbitMQ node: own ports, own epmd, own data, loopback only. It never meets a RabbitMQ
# that the machine already runs.
#
#   broker.sh start|stop|kill|restart|status [--dir DIR] [--port P] [--mgmt-port P]
#
# start, restart and status print QUIRE_AMQP_URL=… and QUIRE_MANAGEMENT_URL=… on stdout. kill is
# kill -9 of the Erlang VM. status exits 3 when the node does not run. Name, data and both ports stay
# in DIR (state.env), so that everything after the first start needs only --dir.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/broker-node.sh"

STATE=(PORT MGMT_PORT NODENAME PID BIRTH READY DIST_PORT CTL_PORT EPMD_PORT EPMD_PID EPMD_BIRTH)
PORT='' MGMT_PORT='' NODENAME='' PID='' BIRTH='' READY='' EPMD_PID='' EPMD_BIRTH=''

running() { alive "$PID" "$BIRTH"; }
save() { save_state "$dir/state.env" "${STATE[@]}"; }
print_urls() {
    echo "QUIRE_AMQP_URL=amqp://guest:guest@127.0.0.1:$PORT/%2f"
    echo "QUIRE_MANAGEMENT_URL=http://guest:guest@127.0.0.1:$MGMT_PORT"
}

start() {
    if running && [[ ${want_port:-$PORT} != "$PORT" || ${want_mgmt_port:-$MGMT_PORT} != "$MGMT_PORT" ]]; then
        die "the node of $dir runs on ports $PORT and $MGMT_PORT: stop it before moving it"
    fi
    if ! running; then launch_node; fi
    if [[ -z $READY ]]; then wait_until_ready; fi
    say "$NODENAME runs (pid $PID, data in $dir)"
    print_urls
}

launch_node() {
    "$HERE/install-rabbitmq.sh"
    stop_process "$EPMD_PID" "$EPMD_BIRTH" 10 # a killed node leaves its epmd behind
    choose_ports
    write_files
    describe_node
    # Started before the node, which would otherwise start a daemon that nobody stops.
    launch "$dir/console.log" env -i "${NODE[@]}" epmd -address 127.0.0.1 -port "$EPMD_PORT"
    PID='' BIRTH='' READY='' EPMD_PID=$LAUNCHED EPMD_BIRTH=$LAUNCHED_BIRTH
    save
    wait_for_port "$EPMD_PORT" 20 "$EPMD_PID" "$EPMD_BIRTH" || give_up "epmd did not start"
    # With this flag RabbitMQ's script becomes the Erlang VM instead of its parent, so that the PID to
    # kill is known at once and a SIGTERM reaches the VM.
    launch "$dir/console.log" env -i "${NODE[@]}" RUNNING_UNDER_SYSTEMD=true "$RABBITMQ_PROGRAMS/rabbitmq-server"
    PID=$LAUNCHED BIRTH=$LAUNCHED_BIRTH
    save
}

wait_until_ready() {
    describe_node
    wait_for_port "$PORT" 120 "$PID" "$BIRTH" || give_up "the node did not open its port"
    env -i "${NODE[@]}" "$RABBITMQ_PROGRAMS/rabbitmqctl" -q await_startup --timeout 120 \
        </dev/null >>"$dir/console.log" 2>&1 || give_up "the node did not finish starting"
    READY=yes
    save
}

give_up() {
    tail -n 20 "$dir/console.log" >&2
    stop
    die "$1: see $dir/console.log and $dir/log"
}

stop() {
    stop_process "$PID" "$BIRTH" 60
    # Last, because a node that stops takes its name off epmd.
    stop_process "$EPMD_PID" "$EPMD_BIRTH" 10
    PID='' BIRTH='' EPMD_PID='' EPMD_BIRTH='' READY=''
    save
    say "the node of $dir is stopped"
}

status() {
    print_urls
    if running && port_open "$PORT"; then
        say "$NODENAME runs (pid $PID, data in $dir)"
    else
        say "the node of $dir does not run"
        exit 3
    fi
}

command=${1:-} dir=$DEV/broker want_port='' want_mgmt_port=''
while (($# > 1)); do
    case $2 in
    --dir) dir=$(realpath -m "${3:?--dir needs a directory}") ;;
    --port) want_port=${3:?--port needs a number} ;;
    --mgmt-port) want_mgmt_port=${3:?--mgmt-port needs a number} ;;
    *) die "unknown option $2: --dir, --port and --mgmt-port are known" ;;
    esac
    shift 2
done

case $command in
start | stop | kill | restart | status) ;;
*) die "usage: broker.sh start|stop|kill|restart|status [--dir DIR] [--port P] [--mgmt-port P]" ;;
esac
[[ $want_port$want_mgmt_port =~ ^[0-9]*$ ]] || die "a port is a number"
expect_started "$command" "$dir"
if [[ $command != status ]]; then lock_directory "$dir"; fi
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
