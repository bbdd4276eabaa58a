#!/bin/sh
# Installs, as root, the Debian packages of the servers that tests start for themselves; none is left running.
# Without them, and without REQUIRE_ALL=1, those tests are left out.
set -eu

missing=""
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
command -v promtool >/dev/null 2>&1 || missing="$missing prometheus"
command -v prometheus-alertmanager >/dev/null 2>&1 || missing="$missing prometheus-alertmanager"
if [ -z "$missing" ]; then
    echo "servers: nothing to install"
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "servers: not root on a Debian. Run this once, as root: apt-get install --no-install-recommends$missing"
    exit 1
fi
# Debian's package would make a cluster and start it; a test wants its own.
common=/etc/postgresql-common
mkdir -p "$common"
[ -e "$common/createcluster.conf" ] || echo "create_main_cluster = false" >"$common/createcluster.conf"
# The others would start as services: whoever asks whether they may is told no (101), while this runs.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
echo "servers: installing$missing"
apt-get update -qq
# shellcheck disable=SC2086  # words on purpose
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
