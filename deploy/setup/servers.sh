#!/bin/sh
# Installs, as root, the Debian packages of the servers that tests start for themselves; none is left running.
# Without them, and without REQUIRE_ALL=1, those tests are left out.
set -eu

if ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; then
    echo "servers: nothing to install"
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "servers: not root on a Debian. Run this once, as root: apt-get install --no-install-recommends postgresql"
    exit 1
fi
# Debian's package would make a cluster and start it; a test wants its own.
common=/etc/postgresql-common
mkdir -p "$common"
[ -e "$common/createcluster.conf" ] || echo "create_main_cluster = false" >"$common/createcluster.conf"
echo "servers: installing postgresql"
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
