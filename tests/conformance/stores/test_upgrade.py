"""A store goes to the next version and back: the one before writes on in what the next one has expanded."""

from __future__ import annotations

from pathlib import Path

import pytest

from periphery.recorder import migrations
from periphery.recorder.recorder import Recorder
from periphery.recorder.store import Store, StoreError
from periphery.recorder.tables import BY_NAME
from tests.support import declared
from tests.unit.periphery.recorder.day import live, traded, writer

EXPANDS = {
    "sqlite": "ALTER TABLE fills ADD COLUMN later TEXT;\nCREATE TABLE later (a INTEGER) STRICT;\n",
    "postgres": "ALTER TABLE fills ADD COLUMN later text;\nCREATE TABLE later (a bigint);\n",
}
CONTRACTS = {"sqlite": "DROP TABLE later;\n", "postgres": "DROP TABLE later;\n"}


def release(monkeypatch: pytest.MonkeyPatch, more: dict[str, dict[str, str]]) -> None:
    """What this version's steps are, from now on."""
    steps = type(MINE)(MINE)

    def known(dialect: str) -> dict[str, str]:
        return steps[dialect] | {name: sql[dialect] for name, sql in more.items()}

    monkeypatch.setattr(migrations, "steps", known)


MINE = {dialect: migrations.steps(dialect) for dialect in ("sqlite", "postgres")}
NEXT = {"9000_later": EXPANDS}
AFTER = NEXT | {"9001_later_contract": CONTRACTS}


def test_to_the_next_version_and_back(bare: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = bare
    last = max(MINE["sqlite"])
    before = {
        dialect: {name: sql for name, sql in steps.items() if name != last} for dialect, steps in MINE.items()
    }
    monkeypatch.setattr(migrations, "steps", lambda dialect: before[dialect])
    assert last not in store.migrate()  # the version before this one began it
    release(monkeypatch, {})
    assert store.migrate() == [last]
    with writer(tmp_path / "journal") as journal:
        run = declared(journal=journal)
        live(run)
        Recorder(tmp_path / "journal", store).catch_up()
        release(monkeypatch, NEXT)
        assert store.migrate() == ["9000_later"]
        half = {name: store.read(name, most=10_000) for name in BY_NAME}
        release(monkeypatch, {})  # back: this version doesn't know the step, and writes on
        assert store.migrate() == []
        traded(run)
        Recorder(tmp_path / "journal", store).catch_up()
        whole = {name: store.read(name, most=10_000) for name in BY_NAME}
    assert all(whole[name][: len(rows)] == rows for name, rows in half.items())
    assert len(whole["fills"]) > len(half["fills"])
    assert all(row["later"] is None for row in whole["fills"])
    release(monkeypatch, AFTER)
    assert store.migrate() == ["9001_later_contract"]
    release(monkeypatch, {})
    with pytest.raises(StoreError, match="newer nacre"):
        store.migrate()
