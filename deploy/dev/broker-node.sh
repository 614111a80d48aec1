#!/usr/bin/env bash
# Programs, files, ports and environment of a private RabbitMQ node. Sourced by broker.sh and cluster.sh,
# which own the variables; never run.
# shellcheck disable=SC2034,SC2154

# Sets SERIES: 3 is the RabbitMQ package of this machine, 4 a newer RabbitMQ in a tree of its own. A
# folder keeps the series of its last start until the caller names another.
choose_series() {
    local wanted=${RABBITMQ:-$SERIES}
    [[ $wanted == [34] ]] || die "RABBITMQ=$wanted: must be 3 or 4"
    if running && [[ $wanted != "$SERIES" ]]; then
        die "RabbitMQ $(version) runs in $dir, and RABBITMQ is $wanted:" \
            "stop it first (make down), or set RABBITMQ=$SERIES"
    fi
    SERIES=$wanted
}

# Sets TREE: the root of the file system that holds the programs, empty for the machine's own.
install_programs() {
    TREE=
    if [[ $SERIES == 3 ]]; then
        "$HERE/install-rabbitmq.sh"
    else
        TREE=$("$HERE/rabbitmq4.sh")
    fi
}

version() { rabbitmq_version "$([[ $SERIES == 3 ]] || echo "$QUIRE_CACHE/rabbitmq-4")"; }

# Clients know the first two ports, so these stay; no client knows the last three, so each start chooses
# new ones.
choose_ports() {
    local ports port mgmt_port epmd_port
    ports=$(free_ports 5)
    read -r port mgmt_port DIST_PORT epmd_port CTL_PORT <<<"$ports"
    PORT=${want_port:-${PORT:-$port}}
    MGMT_PORT=${want_mgmt_port:-${MGMT_PORT:-$mgmt_port}}
    EPMD_PORT=${want_epmd_port:-$epmd_port}
    if port_open "$PORT"; then die "port $PORT is taken by another program: choose one with --port"; fi
    if port_open "$MGMT_PORT"; then die "port $MGMT_PORT is taken by another program: choose one with --mgmt-port"; fi
    # Stays when the port changes: the data belongs to the name.
    NODENAME=${NODENAME:-quire$PORT@localhost}
}

write_files() {
    # 4 cannot read the data of 3, and 3 cannot read the data of 4.
    mkdir -p "$dir"/{home,data-"$SERIES",log,gen}
    if [[ ! -s $dir/home/.erlang.cookie ]]; then
        od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | install -m 400 /dev/stdin "$dir/home/.erlang.cookie"
    fi
    # Tests read counts over HTTP, so statistics come every second instead of every five. Three intervals
    # decide that: the tick of quorum queues and streams (for queues declared from now on), the interval
    # of everything else, and the finest retention of the management plugin, which is also its sampling
    # interval. At the channel tick 3 looks for deliveries past the consumer timeout. The last setting is
    # how long 4 keeps the deliveries of consumers of a dead node; its default is 60 s.
    cat >"$dir/advanced.config" <<'CONF'
[{rabbit, [{quorum_tick_interval, 1000}, {stream_tick_interval, 1000}, {channel_tick_interval, 1000},
           {consumer_disconnected_timeout, 5000}]}].
CONF
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
    if ((${#want_conf[@]})); then printf '%s\n' "${want_conf[@]}" >"$dir/extra.conf"; fi
    if [[ -e $dir/extra.conf ]]; then cat "$dir/extra.conf" >>"$dir/rabbitmq.conf"; fi
}

# Fills AS_NODE with the words that run a command in the file system and the environment of the node: the
# node itself, its epmd and the programs that connect to it.
describe_node() {
    local at=$dir
    local loopback="-kernel inet_dist_use_interface {127,0,0,1}"
    # Idle Erlang schedulers spin by default, which takes CPU time from the tests.
    local no_spinning="+sbwt none +sbwtdcpu none +sbwtdio none"
    AS_NODE=()
    if [[ -n $TREE ]]; then
        at=/mnt
        AS_NODE=(unshare --mount)
        # Without root, mounting needs a user namespace; the node still belongs to this user.
        if ((EUID != 0)); then AS_NODE+=(--user --map-root-user); fi
        "${AS_NODE[@]}" true 2>/dev/null ||
            die "RabbitMQ 4 needs a mount namespace, which this machine does not allow this user:" \
                "use root (in a container: CAP_SYS_ADMIN), RABBITMQ=3 or a broker of yours (QUIRE_AMQP_URL)"
        AS_NODE+=("$HERE/in-tree.sh" "$TREE" "$dir")
    fi
    AS_NODE+=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$at/home"
        # With an epmd of its own the node does not register with a system-wide epmd.
        ERL_EPMD_PORT="$EPMD_PORT" ERL_EPMD_ADDRESS=127.0.0.1
        # A file that does not exist; without this line the machine's /etc/rabbitmq is read.
        RABBITMQ_CONF_ENV_FILE="$at/none.conf"
        RABBITMQ_NODENAME="$NODENAME" RABBITMQ_DIST_PORT="$DIST_PORT"
        # rabbitmqctl listens too, on the first free port of this range.
        RABBITMQ_CTL_DIST_PORT_MIN="$CTL_PORT" RABBITMQ_CTL_DIST_PORT_MAX="$((CTL_PORT + 30))"
        RABBITMQ_CTL_ERL_ARGS="$loopback $no_spinning"
        ERL_CRASH_DUMP="$at/log/erl_crash.dump" # otherwise in the directory of the caller
        RABBITMQ_CONFIG_FILE="$at/rabbitmq.conf"
        RABBITMQ_ADVANCED_CONFIG_FILE="$at/advanced.config"
        RABBITMQ_ENABLED_PLUGINS_FILE="$at/enabled_plugins"
        RABBITMQ_MNESIA_BASE="$at/data-$SERIES" RABBITMQ_LOG_BASE="$at/log"
        RABBITMQ_PID_FILE="$at/pid" RABBITMQ_GENERATED_CONFIG_DIR="$at/gen"
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="$loopback +S 2:2 $no_spinning")
}

# Before the node: a node without an epmd starts one as a daemon, which no script stops.
launch_epmd() {
    launch "$dir/console.log" "${AS_NODE[@]}" epmd -address 127.0.0.1 -port "$EPMD_PORT"
    EPMD_PID=$LAUNCHED EPMD_BIRTH=$LAUNCHED_BIRTH
    save
    wait_for_port "$EPMD_PORT" 20 "$EPMD_PID" "$EPMD_BIRTH" || give_up "epmd did not start"
}
