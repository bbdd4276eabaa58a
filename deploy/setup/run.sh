#!/bin/sh
# Runs one of the programs beside this file with a Python that can build nacre.
set -eu
unset PYTHONHOME PYTHONPATH
setup=$(cd "$(dirname "$0")" && pwd)
python=$("$setup/find_python.sh")
program=$1
shift
exec "$python" "$setup/$program" "$@"
