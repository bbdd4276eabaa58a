"""A model beside a live core: its signals are events there, and a person's signal changes the champion."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from periphery.client import connect
from periphery.ml.engine import MlEngine
from periphery.ml.registry import Registry
from periphery.ml.training import train
from periphery.recorder.recorder import Recorder
from periphery.recorder.sqlite import SqliteStore
from periphery.service.config import Config
from periphery.service.runner import Runner
from periphery.service.state import read_said
from tests.integration.live_core import Process, until
from tests.integration.test_acts import turn
from tests.unit.periphery.ml.made import SOURCES, frame, training

FEATURES = [{"kind": "imbalance"}, {"kind": "spread"}]
SYMBOL = "EURUSD"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    found = Process(tmp_path)
    found.start()
    yield found
    found.end()


def registry(place: Path) -> Path:
    """Two versions, of rows of two markets; periods of a twentieth of a second."""
    kept = Registry(place / "models.db", make=True)
    for seed in (1, 2):
        of = training(features=FEATURES, horizon=1)
        manifest, blob = train(of, frame(of, seed), SOURCES)
        live = training(features=FEATURES, horizon=1, symbols=[SYMBOL], period_s=0.05)
        served = {"training": live, "definitions": live.definitions()}
        fields = {name: getattr(manifest, name) for name in manifest.__struct_fields__}
        kept.add(type(manifest)(**fields | served), blob, "anna")
    return kept.path


def quoting(desk: Any, chance: random.Random) -> None:
    line = {"type": "quote", "venue": "V1", "symbol": SYMBOL, "bid_px": "1.10000", "ask_px": "1.10002"}
    desk.market(line | {"bid_qty": str(chance.randrange(1, 9)), "ask_qty": str(chance.randrange(1, 9))})


def test_signals_and_another_champion(core: Process, tmp_path: Path) -> None:
    served = {"registry": str(registry(tmp_path)), "model": "move", "champion": 1, "challengers": [2]}
    place = tmp_path / "ml"
    runner = Runner(
        MlEngine,
        Config(journal=str(core.journal), state=str(place), core=str(core.socket), params=served),
    )
    chance = random.Random(3)
    with connect(core.socket, name="md") as desk:

        def come(count: int) -> bool:
            quoting(desk, chance)
            turn(runner, core)
            return runner.acts.come >= count

        until(lambda: come(10), "signals are in the journal", 60)
        desk.signal("move.champion", 2)
        until(lambda: come(1) and runner.engine.champion == 2, "another champion", 60)  # type: ignore[attr-defined]
        until(lambda: turn(runner, core) or not runner.acts.waiting, "no signal waits", 60)
    runner.save()
    runner.acts.close()
    runner.close()
    said = [(topic, values) for *_, topic, values in read_said(place / "outputs")]
    assert [values["version"] for topic, values in said if topic == "promoted"] == [2]
    store = SqliteStore(tmp_path / "store.db")
    store.migrate()
    Recorder(core.journal, store).catch_up()
    rows = [row for row in store.read("signals") if row["session"] == "engine.ml"]
    store.close()
    expected = [values["value"] for topic, values in said if topic == "signal"]
    assert [float(row["value"]) for row in rows] == expected
    assert {(row["name"], row["symbol"]) for row in rows} == {("move", SYMBOL)}
    assert len(rows) >= 10
