#!/usr/bin/env bash
# The tests that need containers: images are built, then pytest runs; see with_engine.sh for the engine.
set -euo pipefail
cd "$(dirname "$0")/../.."
.venv/bin/python deploy/images/build.py core bench features ml factor portfolio analytics market-data backend nautilus-trader pgadmin
.venv/bin/python deploy/images/servers.py
# Each of the platform's 33 containers killed in turn takes minutes more: `make test-whole`.
[ -n "${NACRE_WHOLE:-}" ] || set -- --deselect tests/containers/test_whole.py::test_each_killed_in_turn_comes_to_what_it_comes_to_without_containers "$@"
NACRE_CONTAINERS=1 .venv/bin/python -m pytest "${NACRE_WHOLE:-tests/containers}" "$@"
