#!/usr/bin/env bash
# Needs the servers: see with-servers.sh.
#
#   test.sh [ARG...]           every test; doc tests too
#   test.sh --broker [ARG...]  those tests of the whole system that another broker could change
set -euo pipefail

what=(--workspace) skip=()
if [[ ${1:-} == --broker ]]; then
    shift
    what=(-p quire-tests --test it)
    # A list of what is left out, so that a new module is in. These are about documents and children;
    # the broker only brings them their jobs.
    for module in bad_input children corpora geometry process_command sources; do
        skip+=(--skip "$module::")
    done
else
    cargo test --workspace --doc --locked --quiet
fi

if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run "${what[@]}" --locked --no-fail-fast "$@" -- "${skip[@]}"
else
    # Four at a time: each test of the whole system starts workers of its own.
    if [[ ${what[0]} == --workspace ]]; then what+=(--all-targets); fi
    cargo test "${what[@]}" --locked --no-fail-fast -- --test-threads 4 "${skip[@]}" "$@"
fi
