#!/usr/bin/env bash
# Installs Chromium with apt if there is none: the tests of the report look at it in a browser.
#
#   install-chromium.sh
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done
install_package chromium
command -v chromium >/dev/null || die "the package chromium has no program of that name"
