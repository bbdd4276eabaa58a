#!/bin/sh
# Installs the Debian packages that are missing: a compiler, git and, where Debian has one, a Python.
# Without root it prints the one command to run.
set -eu

setup=$(cd "$(dirname "$0")" && pwd)

installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_tools() {
    for package in ca-certificates gcc git libc6-dev libgomp1 make openssl; do
        installed "$package" || printf '%s ' "$package"
    done
}

# Debian 12 has no Python that is new enough; find_python.sh then says what else there is.
debian_python() {
    for version in 3.13 3.14; do
        if apt-cache show "python$version-venv" >/dev/null 2>&1; then
            printf '%s ' "python$version" "python$version-dev" "python$version-venv"
            return
        fi
    done
}

has_python() {
    "$setup/find_python.sh" >/dev/null 2>&1
}

wanted() {
    missing_tools
    has_python || debian_python
}

if ! command -v apt-get >/dev/null 2>&1; then
    echo "deps: not a Debian; needed: gcc, the C library's headers, git, make and Python 3.13 or newer" >&2
    exit 1
fi

if [ -z "$(missing_tools)" ] && has_python; then
    echo "deps: nothing to install"
    exit 0
fi

if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    packages=$(wanted)
    [ -n "$packages" ] || exec "$setup/find_python.sh"
    echo "deps: not root. Run this once:"
    echo "  sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends ${packages% }'"
    exit 1
fi

echo "deps: apt-get update"
$as_root apt-get update -qq
packages=$(wanted)
if [ -n "$packages" ]; then
    echo "deps: installing ${packages% }"
    # shellcheck disable=SC2086  # words on purpose
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
fi
has_python || exec "$setup/find_python.sh"
