#!/usr/bin/env bash
# Runs cargo-deny. Builds it first if it is not in QUIRE_CACHE.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
VERSION=0.20.2
ROOT=$QUIRE_CACHE/cargo-deny-$VERSION
if [[ ! -x $ROOT/bin/cargo-deny ]]; then
    say "building cargo-deny $VERSION into $ROOT (once, a few minutes)"
    need cargo rustup
    cargo install cargo-deny --version "$VERSION" --locked --root "$ROOT" --quiet
fi
cd "$REPO"
exec "$ROOT/bin/cargo-deny" --locked "$@"
