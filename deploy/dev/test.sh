#!/usr/bin/env bash
# Every test against a private broker and object store; doc tests too. The servers are stopped at the
# end unless they ran before.
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$REPO"
if [[ ! -f $DEV/env ]]; then
    trap '"$HERE/down.sh"' EXIT
fi
"$HERE/up.sh"
. "$DEV/env"
cargo test --workspace --doc --locked --quiet
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --locked --no-fail-fast "$@"
else
    # Four at a time: each test of the whole system starts workers of its own.
    cargo test --workspace --all-targets --locked --no-fail-fast -- --test-threads 4 "$@"
fi
