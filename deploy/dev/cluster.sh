#!/usr/bin/env bash
# A cluster of three private RabbitMQ nodes on this machine, each started by broker.sh.
#
#   cluster.sh start|stop|kill|status [--dir DIR]
#   cluster.sh start-node|stop-node|kill-node|pause-node|resume-node N [--dir DIR]
#   cluster.sh ctl N [--dir DIR] -- ARG...
#
# start and status print QUIRE_AMQP_URL=… with all three addresses, QUIRE_MANAGEMENT_URL=… of node 1,
# RABBITMQ=…, and for each node NODE_N_NAME, NODE_N_AMQP_URL and NODE_N_MANAGEMENT_URL. status exits 3
# when a node does not run. RABBITMQ means what it means for broker.sh.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
source "$(dirname "${BASH_SOURCE[0]}")/broker-node.sh"

STATE=(SERIES PORTS FORMED EPMD_PORT EPMD_PID EPMD_BIRTH)
SERIES=3 PORTS='' FORMED='' EPMD_PORT='' EPMD_PID='' EPMD_BIRTH=''
NODES=(1 2 3)

# Nodes may stop and start; the cluster runs while its epmd lives.
running() { alive "$EPMD_PID" "$EPMD_BIRTH"; }
save() { save_state "$dir/state.env" "${STATE[@]}"; }

port() { cut -d ' ' -f "$1" <<<"$PORTS"; }
name() { echo "quire$(port "$1")@localhost"; }

# node N COMMAND ARG...
node() {
    # A node without data joins the nodes of this list. Node 1 finds itself and begins the cluster; with
    # all three in the list it would first look for the others for 100 s.
    RABBITMQ=$SERIES "$HERE/broker.sh" "$2" --dir "$dir/$1" --port "$(port "$1")" --epmd-port "$EPMD_PORT" \
        --conf "cluster_formation.classic_config.nodes.1 = $(name 1)" "${@:3}"
}

# each COMMAND N...: runs the command on these nodes at the same time.
each() {
    local number jobs=() failed=0
    for number in "${@:2}"; do
        node "$number" "$1" >/dev/null &
        jobs+=($!)
    done
    for number in "${jobs[@]}"; do wait "$number" || failed=1; done
    return "$failed"
}

start() {
    choose_series
    if ! running; then
        install_programs
        local want_port='' want_mgmt_port='' want_epmd_port='' PORT='' MGMT_PORT='' NODENAME=''
        choose_ports
        describe_node
        launch_epmd
    fi
    if [[ -z $FORMED ]]; then form; fi
    # Together, because a node with data waits for the others of its cluster.
    each start "${NODES[@]}" || give_up "a node did not start"
    say "RabbitMQ $(version) runs as a cluster of ${#NODES[@]} nodes (data in $dir)"
    print_variables
}

# The first start: the others can join when node 1 runs.
form() {
    local number
    rm -rf "${dir:?}"/[123] # left by an attempt that failed
    PORTS=$(free_ports "${#NODES[@]}")
    save
    each start 1 || give_up "the first node did not start"
    for number in "${NODES[@]:1}"; do
        # Erlang nodes connect to nodes with the same cookie only.
        install -D -m 400 "$dir/1/home/.erlang.cookie" "$dir/$number/home/.erlang.cookie"
    done
    each start "${NODES[@]:1}" || give_up "a node did not join the first"
    FORMED=yes
    save
}

stop() {
    each stop "${NODES[@]}" || true
    stop_process "$EPMD_PID" "$EPMD_BIRTH" 10
    EPMD_PID='' EPMD_BIRTH=''
    save
    say "the cluster of $dir is stopped"
}

give_up() {
    stop
    die "$1: see console.log in the folders of $dir"
}

print_variables() {
    local number told url urls=()
    for number in "${NODES[@]}"; do
        told=$(node "$number" status 2>/dev/null) || true
        url=$(sed -n 's/^QUIRE_AMQP_URL=//p' <<<"$told")
        urls+=("$url")
        echo "NODE_${number}_NAME=$(name "$number")"
        sed -n "s/^QUIRE_\(AMQP\|MANAGEMENT\)_URL=/NODE_${number}_\1_URL=/p" <<<"$told"
        if ((number == 1)); then grep '^QUIRE_MANAGEMENT_URL=' <<<"$told"; fi
    done
    echo "QUIRE_AMQP_URL=$(IFS=,; echo "${urls[*]}")"
    echo "RABBITMQ=$SERIES"
}

status() {
    local number stopped=0
    print_variables
    for number in "${NODES[@]}"; do node "$number" status >/dev/null || stopped=3; done
    exit "$stopped"
}

USAGE="cluster.sh start|stop|kill|status|{start,stop,kill,pause,resume}-node N|ctl N [--dir DIR] [-- ARG...]"
command=${1:-} number='' dir=$DEV/cluster rest=()
shift || true
if [[ $command == @(*-node|ctl) ]]; then
    number=${1:-}
    [[ $number == [123] ]] || die "which node, 1, 2 or 3? $USAGE"
    shift
fi
while (($#)); do
    case $1 in
    --dir) dir=$(realpath -m "${2:?--dir needs a directory}") ;;
    --)
        rest=("$@")
        break
        ;;
    *) die "unknown option $1: $USAGE" ;;
    esac
    shift 2
done

[[ $command == @(start|stop|kill|status|ctl|@(start|stop|kill|pause|resume)-node) ]] || die "usage: $USAGE"
expect_started "$command" "$dir"
# A command for one node takes the lock of that node.
if [[ $command == @(start|stop|kill) ]]; then lock_directory "$dir"; fi
load_state "$dir/state.env"
case $command in
kill) each kill "${NODES[@]}" ;;
ctl) node "$number" ctl "${rest[@]}" ;;
*-node) node "$number" "${command%-node}" >/dev/null ;;
*) "$command" ;;
esac
