#!/usr/bin/env bash
# What makes a RabbitMQ node private: its programs, its files, its ports, its environment. Sourced by
# broker.sh and cluster.sh, which own the variables; never run.
# shellcheck disable=SC2034,SC2154

# Which RabbitMQ: 3 is the package of this machine, 4 a newer one in a tree of its own. A folder stays
# with the one that it was started with until the caller names another.
choose_series() {
    local wanted=${RABBITMQ:-$SERIES}
    [[ $wanted == [34] ]] || die "RABBITMQ=$wanted: 3 and 4 are known"
    if running && [[ $wanted != "$SERIES" ]]; then
        die "RabbitMQ $(version) runs in $dir, and RABBITMQ=$wanted is asked for:" \
            "stop it first (make down), or ask for RABBITMQ=$SERIES"
    fi
    SERIES=$wanted
}

# Sets TREE: the root of the file system that the programs live in, empty for this machine's own.
install_programs() {
    TREE=
    if [[ $SERIES == 3 ]]; then
        "$HERE/install-rabbitmq.sh"
    else
        TREE=$("$HERE/rabbitmq4.sh")
    fi
}

version() { rabbitmq_version "$([[ $SERIES == 3 ]] || echo "$QUIRE_CACHE/rabbitmq-4")"; }

# Nobody outside knows the last three ports, so they are chosen anew for every start; the first two
# stay what they were.
choose_ports() {
    local ports port mgmt_port epmd_port
    ports=$(free_ports 5)
    read -r port mgmt_port DIST_PORT epmd_port CTL_PORT <<<"$ports"
    PORT=${want_port:-${PORT:-$port}}
    MGMT_PORT=${want_mgmt_port:-${MGMT_PORT:-$mgmt_port}}
    EPMD_PORT=${want_epmd_port:-$epmd_port}
    if port_open "$PORT"; then die "port $PORT is taken by another program: choose one with --port"; fi
    if port_open "$MGMT_PORT"; then die "port $MGMT_PORT is taken by another program: choose one with --mgmt-port"; fi
    # Kept when the port changes: the data belongs to the name.
    NODENAME=${NODENAME:-quire$PORT@localhost}
}

write_files() {
    # 4 cannot read the data of 3, nor the other way round.
    mkdir -p "$dir"/{home,data-"$SERIES",log,gen}
    if [[ ! -s $dir/home/.erlang.cookie ]]; then
        od -An -N16 -tx1 /dev/urandom | tr -d ' \n' | install -m 400 /dev/stdin "$dir/home/.erlang.cookie"
    fi
    # Tests read counts over HTTP: statistics come every second instead of every five. Three clocks
    # decide that: the one of quorum queues and streams (those declared from now on), the one of all
    # else, and the finest retention of the management plugin, which is also how often it looks. The
    # tick of channels is when 3 looks for consumers that have had a message for too long. The last one
    # is how long 4 keeps what consumers of a dead node had in hand, sixty seconds unless told.
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

# Fills AS_NODE with what comes before a command, so that it runs where the node does and with its
# whole environment: the node itself, its epmd and the programs that speak to it.
describe_node() {
    local at=$dir
    local loopback="-kernel inet_dist_use_interface {127,0,0,1}"
    # An idle Erlang scheduler would otherwise spin, which tests on few cores pay for.
    local no_spinning="+sbwt none +sbwtdcpu none +sbwtdio none"
    AS_NODE=()
    if [[ -n $TREE ]]; then
        at=/mnt
        AS_NODE=(unshare --mount)
        # Whoever is not root may mount in a user namespace; the node still belongs to this user.
        if ((EUID != 0)); then AS_NODE+=(--user --map-root-user); fi
        "${AS_NODE[@]}" true 2>/dev/null ||
            die "RabbitMQ 4 runs beside the machine's own in a mount namespace, which this machine does not" \
                "allow this user: use root (in a container: CAP_SYS_ADMIN), RABBITMQ=3 or a broker of yours (QUIRE_AMQP_URL)"
        AS_NODE+=("$HERE/in-tree.sh" "$TREE" "$dir")
    fi
    AS_NODE+=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME="$at/home"
        # An epmd of its own cannot introduce the node to a system-wide one.
        ERL_EPMD_PORT="$EPMD_PORT" ERL_EPMD_ADDRESS=127.0.0.1
        # A file that does not exist; without this line the machine's /etc/rabbitmq is read.
        RABBITMQ_CONF_ENV_FILE="$at/none.conf"
        RABBITMQ_NODENAME="$NODENAME" RABBITMQ_DIST_PORT="$DIST_PORT"
        # rabbitmqctl listens too, on the first free port of these.
        RABBITMQ_CTL_DIST_PORT_MIN="$CTL_PORT" RABBITMQ_CTL_DIST_PORT_MAX="$((CTL_PORT + 30))"
        RABBITMQ_CTL_ERL_ARGS="$loopback $no_spinning"
        ERL_CRASH_DUMP="$at/log/erl_crash.dump" # else in the directory of the caller
        RABBITMQ_CONFIG_FILE="$at/rabbitmq.conf"
        RABBITMQ_ADVANCED_CONFIG_FILE="$at/advanced.config"
        RABBITMQ_ENABLED_PLUGINS_FILE="$at/enabled_plugins"
        RABBITMQ_MNESIA_BASE="$at/data-$SERIES" RABBITMQ_LOG_BASE="$at/log"
        RABBITMQ_PID_FILE="$at/pid" RABBITMQ_GENERATED_CONFIG_DIR="$at/gen"
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="$loopback +S 2:2 $no_spinning")
}

# Before the node, which would otherwise start a daemon that nobody stops.
launch_epmd() {
    launch "$dir/console.log" "${AS_NODE[@]}" epmd -address 127.0.0.1 -port "$EPMD_PORT"
    EPMD_PID=$LAUNCHED EPMD_BIRTH=$LAUNCHED_BIRTH
    save
    wait_for_port "$EPMD_PORT" 20 "$EPMD_PID" "$EPMD_BIRTH" || give_up "epmd did not start"
}
