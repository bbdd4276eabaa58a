"""The ways of `nacre bench peers` that need a server: Redis streams and PostgreSQL rows."""

from __future__ import annotations

import os
import shutil

import psycopg
import pytest

from bench import peers
from bench.peer_ways import TABLES, PostgresWay, RedisWay, Way, ZmqWay
from bench.postgres import find_tools, postgres_server


def _needs(there: bool, what: str) -> None:
    if not there:
        assert os.environ.get("REQUIRE_ALL") != "1", f"no {what}: deploy/setup/servers.sh installs it"
        pytest.skip(f"no {what} here: deploy/setup/servers.sh installs it")


def _counts(way: type[Way], postgres: str = "") -> int:
    found = peers.run(rounds=2, messages=5, postgres=postgres, ways=(way,))
    assert found["ok"]
    (row,) = found["peers"]
    return int(row["round_trip_ns"]["count"])


def test_messages_over_zeromq_and_redis() -> None:
    assert _counts(ZmqWay) == 10
    _needs(shutil.which("redis-server") is not None, "redis-server")
    assert _counts(RedisWay) == 10


def test_messages_over_rows_and_no_table_is_left() -> None:
    tools = find_tools()
    _needs(tools is not None, "PostgreSQL")
    assert tools is not None
    with postgres_server(tools) as server:
        assert _counts(PostgresWay, server.address) == 10
        with psycopg.connect(server.address) as asked:
            left = asked.execute("SELECT count(*) FROM pg_tables WHERE tablename = ANY(%s)", (list(TABLES),))
            assert left.fetchone() == (0,)
