#!/usr/bin/env bash
# Runs a command with TREE as its root and DIR as its /mnt. Call it under `unshare --mount`: the mounts
# belong to that namespace and end with its last process, however that ends.
#
#   in-tree.sh TREE DIR COMMAND...
set -euo pipefail
tree=$1 dir=$2
shift 2
# RabbitMQ measures its memory in /proc. The recursive form is the one that needs no real root.
mount --rbind /proc "$tree/proc"
mount --rbind "$dir" "$tree/mnt"
# One process from setsid to RabbitMQ: its PID is the one to kill.
exec chroot "$tree" "$@"
