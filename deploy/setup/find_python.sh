#!/bin/sh
# Prints the path of a Python that can build and run nacre, or exits with 2 and says what was tried.
# It is POSIX sh because it runs before any Python is known to work.
set -u

setup=$(cd "$(dirname "$0")" && pwd)
names="python3.13 python3.14 python3"
home=${HOME:-/nonexistent}
data=${XDG_DATA_HOME:-$home/.local/share}
tried=""
seen="
"

# Runs a command for at most 20 s: a shim may wait for ever.
bounded() {
    if command -v timeout >/dev/null 2>&1; then timeout 20 "$@"; else "$@"; fi
}

# A candidate counts only when it runs: a version manager's shim may exist and refuse.
try() {
    case $seen in *"
$1
"*) return ;; esac
    seen="$seen$1
"
    output=$(bounded "$1" -E -s "$setup/probe.py" 2>&1 </dev/null)
    status=$?
    verdict=$(printf '%s\n' "$output" | tail -n 1)
    case $status:$verdict in
        "0:ok "*) printf '%s\n' "${verdict#ok }"; exit 0 ;;
    esac
    [ "$status" -eq 0 ] || verdict="does not run (exit $status): $(printf '%s\n' "$output" | head -n 1)"
    tried="$tried  $1: $verdict
"
}

try_existing() {
    for candidate in "$@"; do
        if [ -f "$candidate" ] && [ -x "$candidate" ]; then try "$candidate"; fi
    done
}

# Every match on PATH, not the first only: a shim often hides a system's Python.
try_path() {
    for name in $names; do
        rest=$PATH:
        while [ -n "$rest" ]; do
            folder=${rest%%:*}
            rest=${rest#*:}
            try_existing "${folder:-.}/$name"
        done
    done
}

try_given() {
    [ -n "${PYTHON:-}" ] || return
    given=$(command -v "$PYTHON" 2>/dev/null)
    if [ -n "$given" ]; then try "$given"; else tried="  $PYTHON: not found
"; fi
    # What was asked for by name is not passed over in silence.
    printf 'PYTHON=%s cannot be used:\n%s' "$PYTHON" "$tried" >&2
}

try_managers() {
    try_existing "${PYENV_ROOT:-$home/.pyenv}"/versions/*/bin/python "$home"/.pyenv/versions/*/bin/python
    try_existing "${UV_PYTHON_INSTALL_DIR:-$data/uv/python}"/*/bin/python3
    try_existing "${ASDF_DATA_DIR:-$home/.asdf}"/installs/python/*/bin/python3
    try_existing "${MISE_DATA_DIR:-$data/mise}"/installs/python/*/bin/python3
    for conda in "${CONDA_PREFIX:-}" "$home/miniconda3" "$home/anaconda3" "$home/miniforge3" "$home/mambaforge" \
        /opt/conda /opt/miniconda3; do
        [ -z "$conda" ] || try_existing "$conda/bin/python3" "$conda"/envs/*/bin/python3
    done
}

try_given
try_path
try_managers

cat >&2 <<END
No Python that can build and run nacre. It has to be CPython 3.13 or newer, with its headers,
and to import ssl, sqlite3, lzma, venv and ensurepip. Tried:
$(printf '%s' "${tried:-  no candidate was found}")
Install one of these, then run make again:
  Debian 13 or newer   sudo apt-get install -y python3 python3-dev python3-venv
  uv                   uv python install 3.13
  pyenv                pyenv install 3.13
or name one yourself:  make PYTHON=/path/to/python3.13 ...
END
exit 2
