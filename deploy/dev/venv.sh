#!/usr/bin/env bash
# venv.sh NAME REQUIREMENTS: prints the python of a virtual environment with exactly these packages.
# Makes the environment once for each content of the file.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need python3 python3
NAME=$1 REQUIREMENTS=$2
DIGEST=$(sha256sum "$REQUIREMENTS" | cut -c1-12)
VENV=$QUIRE_CACHE/venv-$NAME-$DIGEST
if [[ ! -f $VENV/complete ]]; then
    say "installing $(basename "$REQUIREMENTS") into $VENV (once)"
    rm -rf "$VENV"
    python3 -m venv "$VENV" >&2 || die "python3 cannot make a virtual environment: install it (apt-get install python3-venv)"
    "$VENV/bin/pip" install --quiet --disable-pip-version-check -r "$REQUIREMENTS" >&2
    touch "$VENV/complete"
fi
echo "$VENV/bin/python"
