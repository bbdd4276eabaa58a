#!/bin/sh
# Builds QuickFIX from its source into build/fix-peer, once for each version: 54 files of C++, some minutes.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
lock="$root/deploy/setup/fix_peer.lock"
peer="$root/build/fix-peer"

cmp -s "$lock" "$peer/lock" && exit 0
command -v g++ >/dev/null || {
    echo "fix-peer: no g++: install it (Debian: apt-get install --no-install-recommends g++)" >&2
    exit 1
}
echo "fix-peer: building QuickFIX from source"
rm -rf "$peer"
mkdir -p "$peer"
# It asks for -std=c++17 itself. Unoptimised and without symbols it takes minutes less, and a third of the memory.
CXXFLAGS="-O0 -g0" "$root/.venv/bin/python" -m pip install -q --no-deps --no-build-isolation --no-binary :all: \
    --require-hashes --target "$peer" -r "$lock"
cp "$lock" "$peer/lock"
