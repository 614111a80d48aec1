#!/usr/bin/env bash
# Prints the path of libpdfium.so. Fetches it first if it is not in QUIRE_CACHE, from the wheel that
# pdfium-requirements.txt pins by hash. After that it needs no network.
#
#   pdfium.sh
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

VERSION=8149
TARGET=$QUIRE_CACHE/pdfium-$VERSION

fetch() {
    need python3 "python3 python3-pip"
    python3 -m pip --version >/dev/null 2>&1 || die "pip is missing: install it (apt-get install python3-pip)"
    say "fetching libpdfium $VERSION with pip (once)"
    mkdir -p "$QUIRE_CACHE"
    # In the file system of the cache, so that the move at the end is atomic.
    scratch=$(mktemp -d "$QUIRE_CACHE/.pdfium.XXXXXX")
    trap 'rm -rf "$scratch"' EXIT
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
        --requirement "$HERE/pdfium-requirements.txt" --dest "$scratch/wheel" >&2 ||
        die "no libpdfium: pip must reach a package index and this must be Linux with glibc on x86_64 or aarch64;" \
            "or set QUIRE_PDFIUM_LIBRARY to a libpdfium.so of build $VERSION or newer"
    mkdir "$scratch/pdfium"
    unpack "$scratch"/wheel/*.whl "$scratch/pdfium"
    # The move fails if another checkout was faster; then its file serves as well.
    mv -T "$scratch/pdfium" "$TARGET" 2>/dev/null || [[ -f $TARGET/libpdfium.so ]] ||
        die "cannot write $TARGET: remove it, or set QUIRE_CACHE"
}

# unpack WHEEL DIRECTORY: with Python, because a fresh machine has no unzip.
unpack() {
    python3 - "$1" "$2" "$VERSION" <<'PY'
import json, pathlib, sys, zipfile
wheel, directory, version = zipfile.ZipFile(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
for name in wheel.namelist():
    if name in ("pypdfium2_raw/libpdfium.so", "pypdfium2_raw/version.json"):
        target = directory / pathlib.PurePath(name).name
    elif ".dist-info/licenses/" in name and not name.endswith("/"):
        target = directory / "licenses" / name.split(".dist-info/licenses/", 1)[1]
    else:
        continue
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(wheel.read(name))
assert any((directory / "licenses").iterdir()), "the wheel has no licences"
build = json.loads((directory / "version.json").read_text())["build"]
assert build == version, f"the wheel holds build {build}, not {version}: correct pdfium.sh"
PY
}

if [[ ! -f $TARGET/libpdfium.so ]]; then fetch; fi
echo "$TARGET/libpdfium.so"
