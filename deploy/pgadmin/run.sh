#!/bin/sh
# Installs pgAdmin 4 9.18 from PyPI into an environment of its own, provisions it, and runs it in the foreground on this host alone.
#
#   PGADMIN_SETUP_EMAIL=you@desk.test PGADMIN_SETUP_PASSWORD=... deploy/pgadmin/run.sh FOLDER [SERVERS.json]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
servers=${2:-$here/servers.json}
: "${PGADMIN_SETUP_EMAIL:?say who may come in}" "${PGADMIN_SETUP_PASSWORD:?give a password}"
export NACRE_PGADMIN="$folder/data" PGADMIN_SETUP_EMAIL PGADMIN_SETUP_PASSWORD

python="$folder/venv/bin/python"
if [ ! -x "$python" ]; then
    "${PYTHON:-python3}" -m venv "$folder/venv"
    # uv resolves its ninety dependencies in seconds; pip takes very long over them
    "$folder/venv/bin/pip" install -q uv
    "$folder/venv/bin/uv" pip install -q --python "$python" pgadmin4==9.18
fi
package=$("$python" -c 'import importlib.util as u; print(u.find_spec("pgadmin4").submodule_search_locations[0])')
cp "$here/config_local.py" "$package/config_local.py"
if [ ! -e "$NACRE_PGADMIN/pgadmin4.db" ]; then
    mkdir -p "$NACRE_PGADMIN"
    (cd "$package" && "$python" setup.py setup-db && "$python" setup.py load-servers "$servers" --user "$PGADMIN_SETUP_EMAIL")
fi
cd "$package" && exec "$python" pgAdmin4.py
