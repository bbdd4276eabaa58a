"""The backup drill: a core that trades is backed up, its host is lost, and it goes on elsewhere with the
same state.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from core_ext.journal import JournalReader
from periphery.client import connect
from periphery.recorder.recorder import Recorder
from periphery.recorder.sqlite import SqliteStore
from periphery.recorder.tables import BY_NAME
from tests.integration.live_core import ROOT, Process

WAIT_S = 120.0


def nacre(*words: object) -> dict[str, Any]:
    ran = subprocess.run(
        [sys.executable, "-m", "core.cli", *map(str, words), "-o", "json"],
        cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def trade(core: Process, first: int, count: int) -> None:
    """Orders that rest, one of them after the other."""
    with connect(core.socket, name="desk") as client:
        for i in range(first, first + count):
            client.submit("EURUSD", "buy", 10, "limit", "1.00000", account="A", cl_ord_id=f"o{i}")


def counts(store: Path) -> dict[str, int]:
    with closing(sqlite3.connect(store)) as db:
        return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in BY_NAME}


def record(core: Process, store: Path) -> None:
    made = SqliteStore(store)
    made.migrate()
    Recorder(core.journal, made).catch_up()
    made.close()


def test_a_lost_host_is_brought_back(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    core, other = Process(here, "--placement", "fused"), Process(there, "--placement", "fused")
    try:
        core.start()
        trade(core, 0, 200)
        record(core, here / "store.db")
        places = ["--journal", core.journal, "--store", f"sqlite:///{here / 'store.db'}"]
        made = nacre("backup", "take", tmp_path / "backups", *places)["backup"]
        trade(core, 200, 50)  # after the backup: lost with the host
        core.kill()

        places = ["--journal", other.journal, "--store", f"sqlite:///{there / 'store.db'}"]
        assert nacre("backup", "restore", made, *places)["problems"] == []
        assert counts(there / "store.db") == counts(here / "store.db")
        manifest = json.loads((Path(made) / "manifest.json").read_bytes())["journal"]
        restored = list(JournalReader(other.journal))
        assert restored == list(JournalReader(core.journal))[: manifest["records"]]
        other.start()
        told = other.ask("status")["restored"]
        assert (told["state_hash"], told["seq"]) == (manifest["state_hash"], manifest["last_sequence"])
        trade(other, 1000, 20)
        stopped = other.stop()
        assert nacre("journal", "replay", other.journal)["state_hash"] == stopped["state_hash"]
        record(other, there / "store.db")
        assert counts(there / "store.db")["order_events"] > counts(here / "store.db")["order_events"]
    finally:
        core.end()
        other.end()
