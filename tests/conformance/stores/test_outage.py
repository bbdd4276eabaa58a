"""PostgreSQL stopped in mid-run, and a recorder killed: nothing is lost or doubled."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from bench.postgres import Postgres
from core.recovery import verify
from periphery.recorder import migrations
from periphery.recorder.postgres import PostgresStore
from periphery.recorder.recorder import Recorder
from periphery.recorder.sqlite import SqliteStore
from periphery.recorder.store import Store, StoreDown
from periphery.recorder.stores import open_store
from periphery.recorder.tables import BY_NAME
from tests.support import declared, order
from tests.unit.periphery.recorder.day import recorded, traded, writer

KILLS = 10
WAIT_S = 90.0


def dump(store: Store) -> dict[str, list[dict[str, object]]]:
    return {name: store.read(name, most=100_000) for name in BY_NAME}


def undisturbed(journal: Path, place: Path) -> dict[str, list[dict[str, object]]]:
    with closing(SqliteStore(place / "undisturbed.db")) as store:
        store.migrate()
        Recorder(journal, store).catch_up()
        return dump(store)


def test_postgres_stopped_in_mid_run(tmp_path: Path, server: Postgres, database: str) -> None:
    recorded(tmp_path / "journal")
    expected = undisturbed(tmp_path / "journal", tmp_path)
    last = verify(tmp_path / "journal")["last_sequence"]
    with closing(PostgresStore(database)) as store:
        store.migrate()
        recorder = Recorder(tmp_path / "journal", store, rows=3, step=2)
        polls = 0
        while recorder.poll():
            polls += 1
            if polls % 2 == 0 and recorder.stored.seq < last:
                server.stop()
                with pytest.raises(StoreDown):
                    recorder.catch_up()
                server.start()
        assert polls > 4
        assert dump(store) == expected


def test_a_full_disk_in_mid_run(tmp_path: Path) -> None:
    """SQLite with no page left: the recorder waits, and goes on once there is room."""
    with writer(tmp_path / "journal") as journal:
        run = declared(journal=journal)
        traded(run)
        run.feed(*(order(f"full{n}", qty="1") for n in range(200)))
    expected = undisturbed(tmp_path / "journal", tmp_path)
    with closing(SqliteStore(tmp_path / "small.db")) as store:
        store.migrate()
        (pages,) = store._db.execute("PRAGMA page_count").fetchone()
        store._db.execute(f"PRAGMA max_page_count = {pages + 2}")
        recorder = Recorder(tmp_path / "journal", store, rows=3, step=2)
        with pytest.raises(StoreDown, match="full"):
            recorder.catch_up()
        stored = recorder.stored
        with pytest.raises(StoreDown, match="full"):
            recorder.poll()
        assert store.progress("core") == stored
        store._db.execute("PRAGMA max_page_count = 100000")
        recorder.catch_up()
        assert dump(store) == expected


FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON order_events FOR EACH ROW EXECUTE FUNCTION full_disk();
"""


def test_a_full_postgres_in_mid_run(tmp_path: Path, database: str) -> None:
    """The server's own error of a full disk, in the middle of a COPY."""
    recorded(tmp_path / "journal")
    expected = undisturbed(tmp_path / "journal", tmp_path)
    with closing(PostgresStore(database)) as store, psycopg.connect(database, autocommit=True) as db:
        store.migrate()
        db.execute(FULL)
        recorder = Recorder(tmp_path / "journal", store, rows=3, step=2)
        for _ in range(2):
            with pytest.raises(StoreDown, match="No space left"):
                recorder.catch_up()
        assert store.progress("core") == recorder.stored
        db.execute("DROP TRIGGER full_disk ON order_events")
        recorder.catch_up()
        assert dump(store) == expected


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_a_recorder_killed_at_ten_points(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """SIGKILL once the store is beyond a seeded event, wherever the recorder is then."""
    journal = tmp_path / "journal"
    made = [sys.executable, "-m", "core.cli", "demo", "--synthetic", "--quotes", "4000"]
    subprocess.run([*made, "--journal", str(journal), "-o", "json"], check=True, capture_output=True)
    expected = undisturbed(journal, tmp_path)
    last = verify(journal)["last_sequence"]
    address = (
        f"sqlite:///{tmp_path / 'killed.db'}" if kind == "sqlite" else request.getfixturevalue("database")
    )
    run = [sys.executable, "-m", "core.cli", "recorder", "run", str(journal), "--store", address]
    with closing(open_store(address, make=True)) as store:
        store.migrate()
        for point in sorted(random.Random(9).sample(range(last), KILLS)):
            process = subprocess.Popen(run, stderr=subprocess.DEVNULL)
            end = time.monotonic() + WAIT_S
            while store.progress("core").seq < point and time.monotonic() < end:
                time.sleep(0.001)
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert store.progress("core").seq >= point
        subprocess.run([*run, "--once"], check=True, capture_output=True)
        assert dump(store) == expected


def test_two_migrate_at_once(database: str) -> None:
    """One waits for the other, and has nothing to do."""
    with psycopg.connect(database) as db:
        db.execute("SELECT pg_advisory_xact_lock(%s)", (0x6E61637265,))
        run = [sys.executable, "-m", "core.cli", "recorder", "migrate", "--store", database]
        both = [subprocess.Popen(run, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        time.sleep(1.0)
    said = sorted(process.communicate()[1].strip() for process in both)
    assert said == ["\n".join(migrations.steps("postgres")), "nothing to do"]
