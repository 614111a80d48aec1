#!/usr/bin/env bash
# Prints a folder that holds a small Debian with RabbitMQ 4.3 or newer. Makes it first if it is not in
# QUIRE_CACHE, with debootstrap from a suite that has that version. After that it needs neither root nor
# network.
#
#   rabbitmq4.sh
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SUITE=forky
TREE=$QUIRE_CACHE/rabbitmq-4
# In the file system of TREE, so that the move at the end is atomic and TREE is always complete.
PARTIAL=$TREE.partial
LOG=$TREE.log

make_tree() {
    local suite_script=/usr/share/debootstrap/scripts/$SUITE mirror version
    ((EUID == 0)) || command -v sudo >/dev/null ||
        die "root or sudo is needed once, to make a Debian with RabbitMQ 4 in $TREE"
    command -v debootstrap >/dev/null || install_package debootstrap
    # An older debootstrap has no script for the suite; the script of sid fits every later suite.
    if [[ ! -e $suite_script ]]; then suite_script=/usr/share/debootstrap/scripts/sid; fi
    mirror=$(sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
    say "making a Debian $SUITE with RabbitMQ in $TREE (once, about two minutes)"
    as_root rm -rf --one-file-system "$PARTIAL"
    # debootstrap mounts /proc. In a namespace of its own the mount ends with it, also if it is killed.
    as_root unshare --mount debootstrap --variant=minbase --include=rabbitmq-server \
        --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
        "$SUITE" "$PARTIAL" "${mirror:-http://deb.debian.org/debian}" "$suite_script" >"$LOG" 2>&1 || {
        tail -n 20 "$LOG" >&2
        die "debootstrap failed: see $LOG; it needs root, mount namespaces and a Debian mirror"
    }
    # epmd resolves localhost with this file.
    echo '127.0.0.1 localhost' | as_root tee "$PARTIAL/etc/hosts" >/dev/null
    version=$(rabbitmq_version "$PARTIAL")
    printf '4.3\n%s\n' "$version" | sort --check=quiet --version-sort ||
        die "$SUITE has RabbitMQ $version, not 4.3 or newer: correct the suite in rabbitmq4.sh"
    as_root rm -rf "$PARTIAL"/var/cache/apt/archives/*.deb "$PARTIAL"/var/lib/apt/lists/*
    as_root mv -T "$PARTIAL" "$TREE"
}

if [[ ! -d $TREE ]]; then
    mkdir -p "$QUIRE_CACHE"
    # With the lock, the second of two checkouts waits for the first and finds the tree.
    exec 8>"$TREE.lock"
    flock 8
    if [[ ! -d $TREE ]]; then make_tree; fi
fi
echo "$TREE"
