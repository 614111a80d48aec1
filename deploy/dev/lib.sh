#!/usr/bin/env bash
# What the scripts of this folder share. Sourced, never run.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2034 # the variables are for the scripts that source this file
set -euo pipefail
shopt -s inherit_errexit # otherwise a command that fails inside $(…) does not end it

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
QUIRE_CACHE=$(realpath -m "${QUIRE_CACHE:-$HOME/.cache/quire}")
DEV=$(realpath -m "${QUIRE_DEV_DIR:-$REPO/.dev}")
# Where cargo puts quire and quire-worker.
BIN=$(realpath -m "${QUIRE_BIN_DIR:-${CARGO_TARGET_DIR:-$REPO/target}/debug}")
# Not /usr/sbin/rabbitmq-server: that is Debian's wrapper, which changes user and directory and drops
# the environment that makes a node private.
RABBITMQ_PROGRAMS=/usr/lib/rabbitmq/bin

# stdout carries data only (NAME=value lines, paths); messages for people go to stderr.
say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }
die() {
    say "error: $*"
    exit 1
}

# need COMMAND PACKAGE
need() { command -v "$1" >/dev/null || die "'$1' is missing: install it (apt-get install $2)"; }

as_root() {
    if ((EUID == 0)); then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "root is needed for '$*': run this script as root once, or install sudo"
    fi
}

# install_package NAME: with apt, of this machine's own suite.
install_package() {
    # Another apt may hold the lock, for example at boot: wait for it instead of failing.
    local wait_for_lock=(-o DPkg::Lock::Timeout=600)
    command -v apt-get >/dev/null || die "$1 is missing, and there is no apt-get to install it with"
    say "installing $1 with apt-get (once)"
    as_root apt-get -q "${wait_for_lock[@]}" update >&2 ||
        say "apt-get update failed, trying with the package lists of this machine"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "${wait_for_lock[@]}" \
        install --no-install-recommends "$1" >&2 ||
        die "apt-get failed: install the package $1 by hand, then try again"
}

# rabbitmq_version [TREE]: prints the version of the RabbitMQ in TREE, such as 4.3.6.
rabbitmq_version() {
    local folder
    for folder in "${1:-}"/usr/lib/rabbitmq/lib/rabbitmq_server-*; do
        if [[ -d $folder ]]; then echo "${folder##*-}"; fi
    done
}

# free_ports COUNT: prints free ports below the range from which the kernel takes ports of outgoing
# connections. While a server is down, an outgoing connection could take a port of that range: even the
# connection of a client that tries to reach the server, which on loopback can connect to itself.
free_ports() {
    need python3 python3
    python3 - "$1" <<'PY'
import random, socket, sys
with open("/proc/sys/net/ipv4/ip_local_port_range") as bounds:
    low = int(bounds.read().split()[0])
candidates = list(range(15000, low) if low >= 20000 else range(15000, 65000))
random.SystemRandom().shuffle(candidates)
wanted, held = int(sys.argv[1]), []
for port in candidates:
    if len(held) == wanted:
        break
    probe = socket.socket()
    try:
        probe.bind(("", port))
        held.append(probe)
    except OSError:
        probe.close()
print(*(probe.getsockname()[1] for probe in held))
PY
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# lock_directory DIR: holds the lock of a server until this script ends, so that one command runs at a time.
lock_directory() {
    mkdir -p "$1"
    exec 9>"$1/lock"
    flock -w 300 9 || die "another command has held $1/lock for 300 s"
}

# expect_started COMMAND DIR: ends the script if no start has written DIR/state.env.
expect_started() {
    if [[ $1 == start || -f $2/state.env ]]; then return 0; fi
    say "nothing was ever started in $2"
    if [[ $1 == stop ]]; then exit 0; else exit 3; fi
}

# load_state FILE
load_state() {
    # shellcheck source=/dev/null
    if [[ -f $1 ]]; then source "$1"; fi
}

# save_state FILE VARIABLE...: writes a new file and moves it into place, so that no reader sees half of it.
save_state() {
    local file=$1 name
    shift
    for name; do printf '%s=%q\n' "$name" "${!name}"; done >"$file.new"
    mv "$file.new" "$file"
}

source "$(dirname "${BASH_SOURCE[0]}")/process.sh"
