#!/usr/bin/env bash
# What makes a RabbitMQ node private: its files, its ports, its environment. Sourced by broker.sh,
# which owns the variables; never run.
# shellcheck disable=SC2034,SC2154

# Nobody outside knows the last three ports, so they are chosen anew for every start; the first two
# stay what they were.
choose_ports() {
    local ports port mgmt_port
    ports=$(free_ports 5)
    read -r port mgmt_port DIST_PORT EPMD_PORT CTL_PORT <<<"$ports"
    PORT=${want_port:-${PORT:-$port}}
    MGMT_PORT=${want_mgmt_port:-${MGMT_PORT:-$mgmt_port}}
    if port_open "$PORT"; then die "port $PORT is taken by another program: choose one with --port"; fi
    if port_open "$MGMT_PORT"; then die "port $MGMT_PORT is taken by another program: choose one with --mgmt-port"; fi
    # Kept when the port changes: the data belongs to the name.
    NODENAME=${NODENAME:-quire$PORT@localhost}
}

write_files() {
    mkdir -p "$dir"/{home,data,log,gen}
    if [[ ! -s $dir/home/.erlang.cookie ]]; then
        od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | install -m 400 /dev/stdin "$dir/home/.erlang.cookie"
    fi
    # Tests read counts over HTTP: statistics come every second instead of every five. Three clocks
    # decide that: the one of quorum queues and streams (those declared from now on), the one of all
    # else, and the finest retention of the management plugin, which is also how often it looks.
    echo '[{rabbit, [{quorum_tick_interval, 1000}, {stream_tick_interval, 1000}]}].' >"$dir/advanced.config"
    echo '[rabbitmq_management].' >"$dir/enabled_plugins"
    cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$PORT
management.tcp.ip = 127.0.0.1
management.tcp.port = $MGMT_PORT
collect_statistics_interval = 1000
management.sample_retention_policies.global.minute = 1
management.sample_retention_policies.basic.minute = 1
management.sample_retention_policies.detailed.minute = 1
loopback_users = none
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 200MB
log.console = false
CONF
}

# Fills NODE with the whole environment of the node and of the programs that speak to it.
describe_node() {
    local loopback="-kernel inet_dist_use_interface {127,0,0,1}"
    # An idle Erlang scheduler would otherwise spin, which tests on few cores pay for.
    local no_spinning="+sbwt none +sbwtdcpu none +sbwtdio none"
    NODE=(PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$dir/home"
        # An epmd of its own cannot introduce the node to a system-wide one.
        ERL_EPMD_PORT="$EPMD_PORT" ERL_EPMD_ADDRESS=127.0.0.1
        # A file that does not exist; without this line the machine's /etc/rabbitmq is read.
        RABBITMQ_CONF_ENV_FILE="$dir/none.conf"
        RABBITMQ_NODENAME="$NODENAME" RABBITMQ_DIST_PORT="$DIST_PORT"
        # rabbitmqctl listens too, on the first free port of these.
        RABBITMQ_CTL_DIST_PORT_MIN="$CTL_PORT" RABBITMQ_CTL_DIST_PORT_MAX="$((CTL_PORT + 30))"
        RABBITMQ_CTL_ERL_ARGS="$loopback $no_spinning"
        ERL_CRASH_DUMP="$dir/log/erl_crash.dump" # else in the directory of the caller
        RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf"
        RABBITMQ_ADVANCED_CONFIG_FILE="$dir/advanced.config"
        RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins"
        RABBITMQ_MNESIA_BASE="$dir/data" RABBITMQ_LOG_BASE="$dir/log"
        RABBITMQ_PID_FILE="$dir/pid" RABBITMQ_GENERATED_CONFIG_DIR="$dir/gen"
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="$loopback +S 2:2 $no_spinning")
}
