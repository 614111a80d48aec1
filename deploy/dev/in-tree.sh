#!/usr/bin/env bash
# Runs a command with TREE as its root and DIR as its /mnt. Call it under `unshare --mount`: the mounts
# belong to that namespace and end with its last process.
#
#   in-tree.sh TREE DIR COMMAND...
set -euo pipefail
tree=$1 dir=$2
shift 2
# RabbitMQ reads its memory use from /proc. In a user namespace only the recursive form is allowed.
mount --rbind /proc "$tree/proc"
mount --rbind "$dir" "$tree/mnt"
# exec, so that one PID stands for everything from setsid to RabbitMQ.
exec chroot "$tree" "$@"
