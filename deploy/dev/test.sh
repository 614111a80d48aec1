#!/usr/bin/env bash
# Every test; doc tests too. Needs the servers: see with-servers.sh.
set -euo pipefail
cargo test --workspace --doc --locked --quiet
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked --no-fail-fast "$@"
else
    # Four at a time: each test of the whole system starts workers of its own.
    cargo test --workspace --all-targets --locked --no-fail-fast -- --test-threads 4 "$@"
fi
