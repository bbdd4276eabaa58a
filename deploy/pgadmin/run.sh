#!/bin/sh
# Installs pgAdmin 4 9.18 from PyPI into an environment of its own, provisions it, and runs it in the foreground on this host alone.
#
#   PGADMIN_SETUP_EMAIL=you@desk.test PGADMIN_SETUP_PASSWORD=... deploy/pgadmin/run.sh FOLDER [SERVERS.json]
#
# PGPASSFILE, else ~/.pgpass, has the server's password (127.0.0.1:5432:nacre:nacre_reader:...): the server is told to read the copy of
# it that is made at each start, so that nobody is asked for one. Without such a file pgAdmin asks.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=$(mkdir -p "$1" && cd "$1" && pwd)
servers=${2:-$here/servers.json}
: "${PGADMIN_SETUP_EMAIL:?say who may come in}" "${PGADMIN_SETUP_PASSWORD:?give a password}"
export NACRE_PGADMIN="$folder/data" PGADMIN_SETUP_EMAIL PGADMIN_SETUP_PASSWORD

python="$folder/venv/bin/python"
if [ ! -e "$folder/venv/whole" ]; then
    rm -rf "$folder/venv"
    "${PYTHON:-python3}" -m venv "$folder/venv"
    # uv resolves its ninety dependencies in seconds; pip takes very long over them
    "$folder/venv/bin/pip" install -q uv
    "$folder/venv/bin/uv" pip install -q --python "$python" pgadmin4==9.18
    touch "$folder/venv/whole"
fi
package=$("$python" -c 'import importlib.util as u; print(u.find_spec("pgadmin4").submodule_search_locations[0])')
cp "$here/config_local.py" "$package/config_local.py"
if [ ! -e "$NACRE_PGADMIN/pgadmin4.db" ]; then
    new="$folder/data.new"
    rm -rf "$new"
    mkdir -p "$new"
    (
        cd "$package"
        export NACRE_PGADMIN="$new"
        "$python" setup.py setup-db
        "$python" setup.py load-servers "$servers" --user "$PGADMIN_SETUP_EMAIL"
    )
    mv -T "$new" "$NACRE_PGADMIN"
fi
# A server's passfile is a path in its owner's storage; libpq refuses one that others may read.
passfile=${PGPASSFILE:-$HOME/.pgpass}
storage="$NACRE_PGADMIN/storage/$(printf %s "$PGADMIN_SETUP_EMAIL" | tr @ _)"
if [ -r "$passfile" ]; then
    (umask 077 && mkdir -p "$storage" && cp "$passfile" "$storage/pgpass.new" && mv "$storage/pgpass.new" "$storage/pgpass")
else
    echo "pgadmin: no $passfile: it asks for the server's password" >&2
fi
cd "$package" && exec "$python" pgAdmin4.py
