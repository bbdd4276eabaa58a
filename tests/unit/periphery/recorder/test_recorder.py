"""A journal into a store: each row once, whatever breaks off meanwhile."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from periphery.recorder import recorder as module
from periphery.recorder.feeds import OutputsFeed
from periphery.recorder.recorder import Recorder, follow
from periphery.recorder.retention import Retention
from periphery.recorder.sqlite import SqliteStore
from periphery.recorder.store import DAY_NS, Batch, Elsewhere, StoreDown
from periphery.recorder.tables import BY_NAME, SIGNALS
from periphery.risk.engine import RiskEngine
from periphery.service.config import Config
from periphery.service.mark import Mark
from periphery.service.runner import Runner
from periphery.service.state import read_said
from tests.support import declared, quote
from tests.unit.periphery.recorder.day import live, recorded, traded, writer
from tests.unit.periphery.risk.test_engine import MIDS, PARAMS, day


def dump(store: SqliteStore) -> dict[str, list[dict[str, Any]]]:
    return {name: store.read(name, most=100_000) for name in BY_NAME}


type Make = Callable[..., SqliteStore]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes stores with their tables, by name."""
    stores: list[SqliteStore] = []

    def made(name: str, kind: type[SqliteStore] = SqliteStore) -> SqliteStore:
        stores.append(kind(tmp_path / f"{name}.db"))
        stores[-1].migrate()
        return stores[-1]

    yield made
    for each in stores:
        each.close()


@pytest.fixture
def store(make: Make) -> SqliteStore:
    return make("store")


def test_rows_are_what_the_core_printed(tmp_path: Path, store: SqliteStore) -> None:
    printed = recorded(tmp_path / "journal")
    Recorder(tmp_path / "journal", store).catch_up()
    orders = [
        (line["seq"], line["cl_ord_id"], line["exec_type"], line["ord_status"], line["cum_qty"])
        for line in printed
        if line["type"] == "order"
    ]
    rows = store.read("order_events", most=1000)
    assert orders == [
        (row["seq"], row["cl_ord_id"], row["exec_type"], row["ord_status"], row["cum_qty"]) for row in rows
    ]
    assert {row["account"] for row in rows} == {"A1"}
    counted = {"child": "child_events", "position": "position_events", "deny": "denials"}
    for line_type, table in counted.items():
        assert len(store.read(table)) == sum(line["type"] == line_type for line in printed) > 0


def test_busts_and_corrections_flow_through(tmp_path: Path, store: SqliteStore) -> None:
    recorded(tmp_path / "journal")
    Recorder(tmp_path / "journal", store).catch_up()
    fills = [(row["exec_id"], row["exec_type"], row["qty"]) for row in store.read("fills", {"venue": "MANU"})]
    assert fills == [
        ("e0", "trade", "10"),
        ("e1", "trade", "20"),
        ("e2", "trade", "30"),
        ("b0", "trade_cancel", "0"),
        ("c1", "trade_correct", "25"),
    ]
    left = {row["exec_id"]: (row["qty"], row["px"]) for row in store.read("executions", {"venue": "MANU"})}
    assert left == {"e2": ("30", "100"), "c1": ("25", "99.5")}
    (position,) = store.read("positions")
    assert position["qty"] == "15"
    assert [row["kind"] for row in store.read("venue_events")] == ["duplicate"]


def test_what_people_did_is_in_the_audit(tmp_path: Path, store: SqliteStore) -> None:
    recorded(tmp_path / "journal")
    Recorder(tmp_path / "journal", store).catch_up()
    kill = store.read("audit", {"kind": "kill"})
    assert [row["by_person"] for row in kill] == ["ann"]
    assert "scope" in json.dumps(json.loads(kill[0]["request"]))


class Broken(SqliteStore):
    """Down at every other write, before or after what it was given was kept."""

    writes = 0

    def write(self, source: str, batch: Batch) -> None:
        self.writes += 1
        if self.writes % 3 == 1:
            raise StoreDown("down before")
        super().write(source, batch)
        if self.writes % 3 == 2:
            raise StoreDown("down after")


@pytest.mark.parametrize("rows", [1, 3, 5])
def test_a_recorder_that_dies_at_any_write_keeps_each_row_once(
    tmp_path: Path, store: SqliteStore, make: Make, rows: int
) -> None:
    recorded(tmp_path / "journal")
    Recorder(tmp_path / "journal", store).catch_up()
    broken = make("broken", Broken)
    died = 0
    while True:
        try:
            Recorder(tmp_path / "journal", broken, rows=rows, step=2).catch_up()
            break
        except StoreDown:
            died += 1
    assert died > 3
    assert dump(broken) == dump(store)


def test_while_the_store_is_down_the_same_recorder_waits(
    tmp_path: Path, store: SqliteStore, make: Make
) -> None:
    recorded(tmp_path / "journal")
    Recorder(tmp_path / "journal", store).catch_up()
    broken = make("broken", Broken)
    recorder = Recorder(tmp_path / "journal", broken)
    for words in ("down before", "down after"):
        with pytest.raises(StoreDown, match=words):
            recorder.poll()
        assert recorder.lag.events > 0
    recorder.catch_up()
    assert recorder.lag.events == 0
    assert dump(broken) == dump(store)


def test_a_journal_that_grows_is_followed(tmp_path: Path, store: SqliteStore, make: Make) -> None:
    with writer(tmp_path / "journal") as journal:
        run = declared(journal=journal)
        live(run)
        recorder = Recorder(tmp_path / "journal", store).catch_up()
        before = recorder.stored.seq
        traded(run)
        recorder.catch_up()
        assert recorder.stored.seq == run.recorded.core.sequencer.seq > before
    recorded(tmp_path / "other")
    other = make("other")
    Recorder(tmp_path / "other", other).catch_up()
    assert dump(other) == dump(store)


def test_another_journal_is_refused_by_name(tmp_path: Path, store: SqliteStore) -> None:
    recorded(tmp_path / "journal")
    Recorder(tmp_path / "journal", store).catch_up()
    with writer(tmp_path / "other") as journal:
        run = declared(journal=journal)
        traded(run)
        live(run)
        traded(run)
        run.feed(*(quote(at=run.at + i) for i in range(200)))
    with pytest.raises(Elsewhere, match="--source NAME"):
        Recorder(tmp_path / "other", store).catch_up()
    Recorder(tmp_path / "other", store, "other").catch_up()
    assert store.progress("other").seq > store.progress("core").seq


def test_run_says_once_that_the_store_is_down(
    tmp_path: Path, store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(tmp_path / "journal")
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    down = 5
    whole = store.write

    def write(source: str, batch: Batch) -> None:
        nonlocal down
        down -= 1
        if down > 0:
            raise StoreDown("no room")
        whole(source, batch)

    monkeypatch.setattr(store, "write", write)
    said: list[str] = []
    done = threading.Event()
    recorder = Recorder(tmp_path / "journal", store)

    def stopped() -> bool:
        return done.is_set() or store.progress("core").seq == recorder.events > 0

    beats: list[str] = []
    follow([recorder], stopped, said.append, beats.append)
    assert "no room" in beats
    assert beats[-1] != "no room"
    assert len(said) == 1
    assert "no room" in said[0]
    assert store.progress("core").seq == recorder.events


def test_days_before_the_last_ones_are_deleted_once_a_day(store: SqliteStore) -> None:
    said: list[str] = []
    retention = Retention(store, 2, said.append)
    for n in range(5):
        batch = Batch(n, Mark(n + 1, b"x" * 16))
        time_ns = n * DAY_NS + DAY_NS // 2
        batch.rows["signals"].append(SIGNALS.row(n + 1, 0, time_ns, {"name": f"day {n}", "value": 1}))
        store.write("core", batch)
        retention.stored(batch)
        retention.look()
    assert [row["name"] for row in store.read("signals")] == ["day 2", "day 3", "day 4"]
    assert len(said) == 2
    retention.look()
    assert len(said) == 2


def test_while_the_store_is_down_old_days_wait(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    retention = Retention(store, 1, str)
    batch = Batch(0, Mark(1, b"x" * 16))
    batch.rows["signals"].append(SIGNALS.row(1, 0, 9 * DAY_NS, {"name": "new", "value": 1}))
    retention.stored(batch)

    def down(_: int) -> dict[str, int]:
        raise StoreDown("down")

    with monkeypatch.context() as patched:
        patched.setattr(store, "purge", down)
        with pytest.raises(StoreDown):
            retention.look()
    asked: list[int] = []
    monkeypatch.setattr(store, "purge", lambda before: asked.append(before) or {})
    retention.look()
    assert asked == [8 * DAY_NS]


def test_one_that_is_fed_all_the_time_is_up_to_date(tmp_path: Path, store: SqliteStore) -> None:
    """What it has read to the end isn't behind, though each look finds something."""
    with writer(tmp_path / "journal") as journal:
        run = declared(journal=journal)
        recorder = Recorder(tmp_path / "journal", store, rows=10**6)
        whys: list[str] = []

        def beat(why: str) -> None:
            whys.append(why)
            run.feed(quote(at=run.at + 1))

        follow([recorder], lambda: len(whys) == 5, str, beat)
        assert whys == [""] * 5
    recorded(tmp_path / "other")
    small = Recorder(tmp_path / "other", store, "other", rows=1, step=1)
    assert small.poll()
    assert not small.caught_up


# ---- what engines say, and signals -------------------------------------------------------------------------


def risk_runner(journal: Path, place: Path) -> Runner:
    return Runner(RiskEngine, Config(journal=str(journal), state=str(place), params=PARAMS))


def test_what_an_engine_says_is_kept_once_though_it_is_killed(tmp_path: Path, store: SqliteStore) -> None:
    """It is followed while the engine dies again and again without having saved what it said last."""
    day(tmp_path / "journal", MIDS)
    place, chance = tmp_path / "risk", random.Random(7)
    recorder = Recorder(place, store, "core/risk", step=2, feed=OutputsFeed)
    assert not recorder.poll()
    for _ in range(8):
        runner = risk_runner(tmp_path / "journal", place)
        runner.source.step = 1
        for _ in range(chance.randrange(5, 40)):
            runner.source.poll()
            if chance.random() < 0.1:
                runner.save()
        runner.said.sync()
        recorder.catch_up()
        runner.close()
    runner = risk_runner(tmp_path / "journal", place).catch_up()
    runner.save()
    runner.close()
    recorder.catch_up()
    rows = store.read("outputs", {"source": "core/risk"})
    said = [(seq, time_ns, topic, values) for seq, time_ns, topic, values in read_said(place / "outputs")]
    assert [(r["event_seq"], r["time_ns"], r["topic"], json.loads(r["said"])) for r in rows] == said
    assert [row["seq"] for row in rows] == list(range(1, len(said) + 1))
    assert len(said) > 20
    again = Recorder(place, store, "core/risk", feed=OutputsFeed).catch_up()
    assert again.stored.seq == len(said)


def test_outputs_of_another_run_are_refused_by_name(tmp_path: Path, store: SqliteStore) -> None:
    for name, mids in (("one", MIDS), ("two", [mid + 3 for mid in MIDS])):
        day(tmp_path / name, mids)
        runner = risk_runner(tmp_path / name, tmp_path / f"risk-{name}").catch_up()
        runner.save()
        runner.close()
    Recorder(tmp_path / "risk-one", store, "core/risk", feed=OutputsFeed).catch_up()
    with pytest.raises(Elsewhere, match="isn't the one"):
        Recorder(tmp_path / "risk-two", store, "core/risk", feed=OutputsFeed).catch_up()
