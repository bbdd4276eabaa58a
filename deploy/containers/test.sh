#!/usr/bin/env bash
# The tests that need containers: images are built, then pytest runs; see with_engine.sh for the engine.
set -euo pipefail
cd "$(dirname "$0")/../.."
.venv/bin/python deploy/images/build.py core bench features ml factor portfolio analytics market-data backend nautilus-trader pgadmin
.venv/bin/python deploy/images/servers.py
NACRE_CONTAINERS=1 .venv/bin/python -m pytest tests/containers "$@"
