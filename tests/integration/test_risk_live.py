"""Limits of a live core: who may loosen them, what is used of them, what an order would meet."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.recovery import replay
from core_ext.journal import JournalReader
from tests.integration.live_core import Client, Process

S = m.OrdStatus
CONFIG = 'second_person = true\nrequire_limits = true\n[groups]\ndesk = ["A", "B"]\n'


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    config = tmp_path / "core.toml"
    config.write_text(CONFIG)
    process = Process(tmp_path, "--config", str(config))
    process.start()
    yield process
    process.end()


def refused(client: Client, op: str, **values: Any) -> str:
    answer = client.ask(op, **values)
    assert not answer["ok"], answer
    return str(answer["error"])


def test_an_account_without_a_limit_may_not_trade(core: Process) -> None:
    client = Client(core)
    client.order("b1", 109000, account=1)
    client.expect("b1", reason=m.Reason.NO_LIMIT)
    client.must("risk_set", limit={"check": "max_order_qty", "value": "1000", "account": "B", "by": "ann"})
    client.order("b2", 109000, account=1)
    client.expect("b2", status=S.NEW)
    client.must(
        "risk_set",
        limit={"check": "max_order_qty", "value": "off", "account": "B", "by": "ann", "second": "bob"},
    )
    client.order("b3", 109000, account=1)
    client.expect("b3", reason=m.Reason.NO_LIMIT)


def test_loosening_takes_two_and_tightening_one(core: Process) -> None:
    client = Client(core)
    limit = {"check": "max_order_qty", "account": "A", "by": "ann"}
    assert "second" in refused(client, "risk_set", limit={**limit, "value": "20000"})
    assert "second" in refused(client, "risk_set", limit={**limit, "value": "20000", "second": "Ann "})
    assert "second" in refused(client, "risk_set", limit={**limit, "value": "off"})
    client.must("risk_set", limit={**limit, "value": "500"})
    client.must("risk_set", limit={**limit, "value": "600", "second": "bob"})
    (row,) = [x for x in client.must("limits")["limits"] if x["check"] == "max_order_qty"]
    assert row["value"] == "600"
    client.must("kill", scope="account", key="A", by="ann")
    assert "second" in refused(client, "rearm", scope="account", key="A", by="ann")
    client.must("rearm", scope="account", key="A", by="ann", second="bob")
    client.close()
    core.stop()
    assert replay(core.journal)["ok"]


def test_an_override_lifts_a_soft_limit(core: Process) -> None:
    client = Client(core)
    soft = {"check": "max_position", "value": "100", "account": "A", "soft": True, "by": "ann"}
    client.must("risk_set", limit=soft)
    client.order("a1", 109000, qty=200)
    client.expect("a1", reason=m.Reason.MAX_POSITION)
    lift = {
        "check": "max_position",
        "value": "300",
        "account": "A",
        "by": "ann",
        "until": time.time_ns() + 60 * 10**9,
    }
    assert "second" in refused(client, "risk_override", line=lift)
    assert "no soft limit" in refused(
        client, "risk_override", line={**lift, "check": "credit", "second": "bob"}
    )
    assert client.must("risk_override", line={**lift, "second": "bob"})["lifted"] == 1
    client.order("a2", 109000, qty=200)
    client.expect("a2", status=S.NEW)


def test_a_group_of_accounts_shares_a_limit(core: Process) -> None:
    client = Client(core)
    client.must("risk_set", limit={"check": "max_position", "value": "300", "group": "desk", "by": "ann"})
    client.order("a1", 109000, qty=200)
    client.expect("a1", status=S.NEW)
    client.order("b1", 109000, qty=101, account=1)
    client.expect("b1", reason=m.Reason.MAX_POSITION)
    client.order("b2", 109000, qty=100, account=1)
    client.expect("b2", status=S.NEW)
    (row,) = [x for x in client.must("limits")["limits"] if x.get("group")]
    assert (row["group"], row["value"]) == ("desk", "300")


def test_status_and_explain(core: Process) -> None:
    client = Client(core)
    client.quote("1.10000", "1.10010")
    client.must("risk_set", limit={"check": "max_position", "value": "1000", "account": "A", "by": "ann"})
    client.order("a1", 109000, qty=400)
    client.expect("a1", status=S.NEW)
    (row,) = [x for x in client.must("risk_status")["limits"] if x["check"] == "max_position"]
    assert (row["used"], row["percent"]) == ("400", 40.0)
    line = {
        "account": "A",
        "symbol": "EURUSD",
        "side": "buy",
        "order_qty": "700",
        "ord_type": "limit",
        "price": "1.1",
    }
    told = client.must("risk_explain", line=line)
    assert told["denied"] == "max_position"
    rows = {row["check"]: row for row in told["limits"]}
    assert (rows["max_position"]["value"], rows["max_position"]["limit"], rows["max_position"]["room"]) == (
        "1100",
        "1000",
        "-100",
    )
    assert (rows["max_order_qty"]["room"], rows["max_order_qty"]["passes"]) == ("9300", True)
    assert client.must("risk_explain", line={**line, "order_qty": "600"})["denied"] is None
    client.must("kill", scope="account", key="A", by="ann")
    assert client.must("risk_explain", line=line)["denied"] == "killed"
    (state,) = client.must("risk_status")["states"]
    assert state == {"scope": "account", "key": "A", "state": "killed", "reason": ""}
    client.close()
    core.stop()
    assert replay(core.journal)["ok"], "questions changed nothing"


def test_a_file_of_limits_is_set_whole_or_not_at_all(core: Process) -> None:
    client = Client(core)
    rows = [
        {"check": "max_order_qty", "value": "9000", "account": "A"},
        {"check": "credit", "value": "5", "account": "B"},
    ]
    assert "unknown value" in refused(
        client, "risk_load", limits=[*rows, {"check": "nonsense", "value": "1"}], by="ann"
    )
    told = client.must("risk_load", limits=rows, by="ann")
    assert [x["check"] for x in told["new"]] == ["credit"]
    assert [(x["before"], x["value"]) for x in told["changed"]] == [("10000", "9000")]
    assert len(client.must("limits")["limits"]) == 1
    client.must("risk_load", limits=rows, by="ann", apply=True)
    assert sorted(x["value"] for x in client.must("limits")["limits"]) == ["5", "9000"]
    looser = [{"check": "max_order_qty", "value": "9500", "account": "A"}]
    assert "second" in refused(client, "risk_load", limits=looser, by="ann", apply=True)
    assert (
        client.must("risk_load", limits=looser, by="ann", second="bob", apply=True)["missing"][0]["check"]
        == "credit"
    )


def test_too_many_cancels_alert_and_deny_new_orders_but_never_a_cancel(core: Process) -> None:
    client = Client(core)
    rate = {"check": "cancel_rate", "value": "1", "window_s": "600", "account": "A", "by": "ann"}
    client.must("risk_set", limit=rate)
    for i in range(3):
        client.order(f"a{i}", 109000)
        client.expect(f"a{i}", status=S.NEW)
    for i in range(2):
        client.cancel(f"a{i}", f"c{i}")
        client.expect(f"c{i}", status=S.CANCELED)
    client.order("a9", 109000)
    client.expect("a9", reason=m.Reason.CANCEL_RATE)
    client.cancel("a2", "c2")
    client.expect("c2", status=S.CANCELED)
    client.close()
    core.stop()
    alerts = [
        np.frombuffer(body, m.ALERT_EVENT, 1, m.HEADER.itemsize)[0]
        for _, body in JournalReader(core.journal)
        if int.from_bytes(body[40:42], "little") == m.Kind.ALERT
    ]
    assert [m.Reason(int(row["reason"])).name for row in alerts] == ["CANCEL_RATE", "CANCEL_RATE"]
