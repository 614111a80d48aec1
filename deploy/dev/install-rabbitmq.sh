#!/usr/bin/env bash
# Installs RabbitMQ's programs with apt if they are missing. Starts no system-wide node, neither now nor
# at the next boot.
#
#   install-rabbitmq.sh
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

if [[ -x $RABBITMQ_PROGRAMS/rabbitmq-server ]]; then exit 0; fi
command -v apt-get >/dev/null ||
    die "RabbitMQ is missing: install rabbitmq-server 3.10 or newer (looked in $RABBITMQ_PROGRAMS)"

guard=/usr/sbin/policy-rc.d
if [[ ! -e $guard ]]; then
    # While this script exits with 101, packages start no service.
    as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$guard && chmod 755 $guard"
    trap 'as_root rm -f "$guard"' EXIT
fi
install_package rabbitmq-server

# The package enables a system-wide node for the next boot.
if command -v systemctl >/dev/null; then
    as_root systemctl disable --quiet rabbitmq-server >&2 ||
        say "rabbitmq-server may start at the next boot: prevent it with systemctl disable rabbitmq-server"
fi
[[ -x $RABBITMQ_PROGRAMS/rabbitmq-server ]] || die "the package rabbitmq-server has no programs in $RABBITMQ_PROGRAMS"
