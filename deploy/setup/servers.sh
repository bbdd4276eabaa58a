#!/bin/sh
# Installs, as root, the Debian packages of the servers that tests start for themselves, none of which is left
# running, and the browser that they drive.
# Without them, and without REQUIRE_ALL=1, those tests are left out.
set -eu

wanted() {
    ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || printf 'postgresql '
    command -v redis-server >/dev/null 2>&1 || printf 'redis-server '
    command -v promtool >/dev/null 2>&1 || printf 'prometheus '
    command -v chromium >/dev/null 2>&1 || printf 'chromium fonts-liberation '
    command -v prometheus-alertmanager >/dev/null 2>&1 || printf 'prometheus-alertmanager '
    command -v valgrind >/dev/null 2>&1 || printf 'valgrind '
}

packages=$(wanted)
if [ -z "$packages" ]; then
    echo "servers: nothing to install"
    exit 0
fi
packages=${packages% }
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "servers: not root on a Debian. Run this once, as root: apt-get install --no-install-recommends $packages"
    exit 1
fi
# Debian's packages would make a cluster and start their services; a test wants its own. Whoever asks whether
# a service may start is told no (101) while this runs.
common=/etc/postgresql-common
mkdir -p "$common"
[ -e "$common/createcluster.conf" ] || echo "create_main_cluster = false" >"$common/createcluster.conf"
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi
echo "servers: installing $packages"
apt-get update -qq
# shellcheck disable=SC2086  # words on purpose
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
