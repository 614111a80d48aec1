#!/usr/bin/env bash
# with-servers.sh COMMAND ARG...: runs a command against a private broker and object store. Stops them
# at the end, unless they ran before.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$REPO"
if [[ ! -f $DEV/env ]]; then
    trap '"$HERE/down.sh"' EXIT
fi
"$HERE/up.sh" --quiet
# shellcheck source=/dev/null
source "$DEV/env"
"$@"
