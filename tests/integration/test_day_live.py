"""A trading day of a live core: it begins closed, opens by two persons, and ends in tomorrow's files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.live.day_files import path_of, read_day, write_day
from core.recovery import replay
from core_ext.journal import JournalReader
from tests.integration.live_core import DECLARED, Client, Process, until

S = m.OrdStatus
FILES: dict[str, list[dict[str, Any]]] = {
    "symbols": DECLARED[:2],
    "accounts": DECLARED[2:4],
    "positions": [
        {"type": "open_position", "account": "A", "symbol": "EURUSD", "qty": "100", "avg_cost": "1.09"}
    ],
    "limits": [
        DECLARED[4],
        {"type": "limit", "check": "daily_loss", "value": "500", "currency": "USD", "group": "desk"},
    ],
    "restricted": [{"type": "limit", "check": "permission", "value": "sell", "account": "B"}],
}


def day(folder: Path, **changes: list[dict[str, Any]]) -> Path:
    folder.mkdir()
    for name, rows in (FILES | changes).items():
        path_of(folder, name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


class DayProcess(Process):
    """A core that begins with a day's files."""

    def __init__(self, folder: Path, today: Path, *options: str) -> None:
        folder.mkdir(exist_ok=True)
        config = folder / "core.toml"
        config.write_text('second_person = true\n[groups]\ndesk = ["A", "B"]\n')
        super().__init__(folder, "--config", str(config), "--day", str(today), *options)
        self.declares = []


@pytest.fixture
def today(tmp_path: Path) -> Path:
    return day(tmp_path / "today")


@pytest.fixture
def core(tmp_path: Path, today: Path) -> Iterator[Process]:
    process = DayProcess(tmp_path / "core", today)
    process.start()
    yield process
    process.end()


def refused(client: Client, op: str, **values: Any) -> str:
    answer = client.ask(op, **values)
    assert not answer["ok"], answer
    return str(answer["error"])


def approvers(journal: Path) -> list[int]:
    """Of every re-arm: the second person's index."""
    found = []
    for _, body in JournalReader(journal):
        if int.from_bytes(body[40:42], "little") == m.Kind.REARM:
            found.append(int(np.frombuffer(body, m.REARM_EVENT, 1, m.HEADER.itemsize)[0]["approver"]))
    return found


def test_it_begins_closed_and_two_persons_open_it(core: Process) -> None:
    client = Client(core)
    client.quote("1.10000", "1.10010")
    client.order("a1", 109000)
    client.expect("a1", reason=m.Reason.HALTED)
    told = client.must("day_status")
    assert (told["open"], told["closed_by"], told["working"]) == (False, "start of day", 0)
    assert "second" in refused(client, "day_open", by="ann")
    assert client.must("day_open", by="ann", second="bob")["open"]
    assert "is open" in refused(client, "day_open", by="ann", second="bob")
    client.order("a2", 109000)
    client.expect("a2", status=S.NEW)
    client.order("b1", 109000, account=1)
    client.expect("b1", reason=m.Reason.PERMISSION)
    (held,) = [row for row in client.must("positions")["positions"] if row["account"] == "A"]
    assert (held["qty"], held["avg_cost"]) == ("100", "1.09")
    client.close()
    core.stop()
    assert len(approvers(core.journal)) == 1
    assert approvers(core.journal)[0] != m.NONE
    assert replay(core.journal)["ok"]


def test_a_rearm_of_all_opens_nothing(core: Process) -> None:
    client = Client(core)
    client.must("kill", scope="all", by="ann")
    assert "re-arm it first" in refused(client, "day_open", by="ann", second="bob")
    client.must("rearm", scope="all", by="ann", second="bob")
    assert client.must("day_status")["closed_by"] == "start of day"
    client.quote("1.10000", "1.10010")
    client.order("a1", 109000)
    client.expect("a1", reason=m.Reason.HALTED)


def test_closed_it_comes_back_closed_and_open_it_comes_back_open(core: Process) -> None:
    client = Client(core)
    client.close()
    core.stop()
    core.start()
    client = Client(core)
    assert client.must("day_status")["closed_by"] == "start of day"
    client.must("day_open", by="ann", second="bob")
    client.close()
    core.stop()
    core.start()
    assert Client(core).must("day_status")["open"]


def test_what_is_in_doubt_must_be_accepted(tmp_path: Path, today: Path) -> None:
    yesterday = day(tmp_path / "yesterday", positions=[])
    core = DayProcess(tmp_path / "core", today, "--yesterday", str(yesterday))
    try:
        core.start()
        client = Client(core)
        (doubt,) = client.must("day_status")["doubts"]
        assert (doubt["what"], doubt["type"], doubt["key"]) == ("new", "open_position", "A EURUSD")
        assert "accept" in refused(client, "day_open", by="ann", second="bob")
        assert client.must("day_open", by="ann", second="bob", accept=True)["open"]
    finally:
        core.end()


def test_the_end_of_a_day_is_what_the_next_begins_with(core: Process, today: Path, tmp_path: Path) -> None:
    client = Client(core)
    client.quote("1.10000", "1.10010")
    client.must("day_open", by="ann", second="bob")
    client.order("a1", 110010, qty=300)
    client.expect("a1", status=S.FILLED)
    client.order("a2", 109000)
    client.expect("a2", status=S.NEW)
    client.must("risk_set", limit={"check": "max_position", "value": "900", "account": "A", "by": "ann"})
    assert "open" in refused(client, "day_files")
    assert client.must("day_close", by="ann")["working"] == 1
    assert "1 orders work" in refused(client, "day_files")
    client.must("day_close", by="ann", cancel=True)
    until(lambda: client.must("day_status")["working"] == 0, "nothing works")
    client.order("a3", 109000)
    client.expect("a3", reason=m.Reason.HALTED)
    rows = client.must("day_files")
    ended = client.must("positions")
    client.close()
    core.stop()
    tomorrow = tmp_path / "tomorrow"
    write_day(tomorrow, today, rows)
    assert {line.data["check"] for line in read_day(tomorrow) if line.type == "limit"} == {
        "max_order_qty", "daily_loss", "permission", "max_position",
    }  # fmt: skip
    again = DayProcess(tmp_path / "again", tomorrow, "--yesterday", str(tomorrow))
    try:
        again.start()
        client = Client(again)
        assert client.must("day_status")["doubts"] == []
        begun = client.must("positions")
        assert [(r["account"], r["qty"], r["avg_cost"]) for r in begun["positions"]] == [
            (r["account"], r["qty"], r["avg_cost"]) for r in ended["positions"]
        ]
        assert [r["cash"] for r in begun["accounts"]] == [r["cash"] for r in ended["accounts"]]
    finally:
        again.end()


def test_a_new_day_of_a_core_that_goes_on(core: Process) -> None:
    client = Client(core)
    client.quote("1.10000", "1.10010")
    client.must("day_open", by="ann", second="bob")
    client.must("risk_set", limit={"check": "max_daily_orders", "value": "1", "account": "A", "by": "ann"})
    client.order("a1", 109000)
    client.expect("a1", status=S.NEW)
    client.order("a2", 109000)
    client.expect("a2", reason=m.Reason.MAX_DAILY_ORDERS)
    assert client.must("day_next", by="ann", date="2026-11-27")["date"] == "2026-11-27"
    client.order("a3", 109000)
    client.expect("a3", status=S.NEW)


def test_a_group_that_lost_too_much_is_armed_by_two_persons(core: Process) -> None:
    client = Client(core)
    client.quote("1.10000", "1.10010")
    client.must("day_open", by="ann", second="bob")
    client.order("a1", 110010, qty=9000)
    client.expect("a1", status=S.FILLED)
    client.must("market", line={"type": "mark", "symbol": "EURUSD", "px": "1.00000"})
    (state,) = until(lambda: client.must("risk_status")["states"], "the group is halted")
    assert state == {"scope": "group", "key": "desk", "state": "halted", "reason": ""}
    client.order("a2", 109000)
    client.expect("a2", reason=m.Reason.HALTED)
    assert "second" in refused(client, "rearm", scope="group", key="desk", by="ann")
    assert "no such group" in refused(client, "rearm", scope="group", key="other", by="ann", second="bob")
    client.must("rearm", scope="group", key="desk", by="ann", second="bob")
    assert client.must("risk_status")["states"] == []
    client.order("a3", 90000)
    client.expect("a3", status=S.NEW)
    client.close()
    core.stop()
    assert len(approvers(core.journal)) == 2
    assert m.NONE not in approvers(core.journal)
    assert replay(core.journal)["ok"]
