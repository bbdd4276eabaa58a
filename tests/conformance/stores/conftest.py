"""Each store in its turn: a new one a test, of one server a run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bench.postgres import Postgres, find_tools, postgres_server
from periphery.recorder.postgres import PostgresStore
from periphery.recorder.sqlite import SqliteStore
from periphery.recorder.store import Store


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A PostgreSQL server; without its tools the tests that need one are left out, unless REQUIRE_ALL=1."""
    tools = find_tools()
    if tools is None:
        assert os.environ.get("REQUIRE_ALL") != "1", "no initdb: install Debian's postgresql (`make deps`)"
        pytest.skip("no PostgreSQL here: install Debian's postgresql (`make deps`, as root)")
    with postgres_server(tools) as running:
        yield running


@pytest.fixture
def database(server: Postgres) -> str:
    """The address of an empty database."""
    return _emptied(server, "store")


@pytest.fixture
def second_database(server: Postgres) -> str:
    """Of another one."""
    return _emptied(server, "second")


def _emptied(server: Postgres, name: str) -> str:
    with psycopg.connect(server.address, autocommit=True) as db:
        db.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        db.execute(f"CREATE DATABASE {name}")
    return server.address.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgres"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store without tables."""
    made: Store
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "store.db")
    else:
        made = PostgresStore(request.getfixturevalue("database"))
    yield made
    made.close()


@pytest.fixture
def store(bare: Store) -> Store:
    """An empty store with its tables."""
    bare.migrate()
    return bare
