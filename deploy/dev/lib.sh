#!/usr/bin/env bash
# What the scripts beside it share. Sourced, never run.
# shellcheck source-path=SCRIPTDIR
# shellcheck disable=SC2034 # the variables are for the scripts that source this file
set -euo pipefail
shopt -s inherit_errexit # else a failure inside $(…) goes on with the next line

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
QUIRE_CACHE=$(realpath -m "${QUIRE_CACHE:-$HOME/.cache/quire}")
DEV=$(realpath -m "${QUIRE_DEV_DIR:-$REPO/.dev}")
# Not /usr/sbin/rabbitmq-server: that is Debian's wrapper, which changes user and directory and drops
# the environment that makes a node private.
RABBITMQ_PROGRAMS=/usr/lib/rabbitmq/bin

# stdout carries data only (NAME=value lines, paths), so people are spoken to on stderr.
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
    # Another apt may be at work, at boot for example: wait for its lock instead of failing.
    local wait_for_lock=(-o DPkg::Lock::Timeout=600)
    command -v apt-get >/dev/null || die "$1 is missing, and there is no apt-get to install it with"
    say "installing $1 with apt-get (once)"
    as_root apt-get -q "${wait_for_lock[@]}" update >&2 ||
        say "apt-get update failed, trying with the package lists at hand"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "${wait_for_lock[@]}" \
        install --no-install-recommends "$1" >&2 ||
        die "apt-get failed: install the package $1 by hand, then try again"
}

# rabbitmq_version [TREE]: of the RabbitMQ that is installed there, such as 4.3.6.
rabbitmq_version() {
    local folder
    for folder in "${1:-}"/usr/lib/rabbitmq/lib/rabbitmq_server-*; do
        if [[ -d $folder ]]; then echo "${folder##*-}"; fi
    done
}

# free_ports COUNT: ports that nobody listens on, below the range that the kernel hands to outgoing
# connections. A port of that range could be taken while a server is down, even by the very client
# that keeps trying to reach it: on loopback such a connection can succeed with itself.
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

# lock_directory DIR: one command at a time for each server, until this script ends.
lock_directory() {
    mkdir -p "$1"
    exec 9>"$1/lock"
    flock -w 300 9 || die "another command has held $1/lock for 300 s"
}

# expect_started COMMAND DIR: ends the script where there is nothing to act on yet.
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

# save_state FILE VARIABLE...: written beside and moved, so that no reader sees half of it.
save_state() {
    local file=$1 name
    shift
    for name; do printf '%s=%q\n' "$name" "${!name}"; done >"$file.new"
    mv "$file.new" "$file"
}

source "$(dirname "${BASH_SOURCE[0]}")/process.sh"
