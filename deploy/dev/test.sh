#!/usr/bin/env bash
# Runs tests against the servers of with-servers.sh.
#
#   test.sh [ARG...]           every test, doc tests included
#   test.sh --broker [ARG...]  the tests of the whole system that another broker could change
set -euo pipefail

what=(--workspace) skip=()
if [[ ${1:-} == --broker ]]; then
    shift
    what=(-p quire-tests --test it)
    # A list of the modules to skip, so that a new module runs. These test documents and renderers; the
    # broker only delivers their jobs.
    for module in bad_input bombs cell children corpora geometry ink process_command report snapshots sources; do
        skip+=(--skip "$module::")
    done
else
    # Without a browser the tests of the report are left out, and say so.
    deploy/dev/install-chromium.sh || true
    cargo test --workspace --doc --locked --quiet
fi

if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run "${what[@]}" --locked --no-fail-fast "$@" -- "${skip[@]}"
else
    # Four tests at a time: each test of the whole system starts workers of its own.
    if [[ ${what[0]} == --workspace ]]; then what+=(--all-targets); fi
    cargo test "${what[@]}" --locked --no-fail-fast -- --test-threads 4 "${skip[@]}" "$@"
fi
