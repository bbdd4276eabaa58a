"""A live core's stages in one chain: what no client may say is denied by name, a journal is gone on with."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.live.book import Book
from core.live.intake import SOURCE_GATEWAY, SOURCE_SESSIONS
from core.recovery import replay

support = import_module("tests.unit.core.live.conftest")
SMALL = support.SMALL


def test_an_order_is_sent_and_answered(bench: Any) -> None:
    bench.sit(0, "s")
    bench.order(0, "o1")
    bench.run()
    assert bench.told(0) == [("o1", "pending_new"), ("o1", "new")]
    assert bench.board.counts()["inputs"] == 1
    assert bench.chain.stage("sequencer").sequencer.counts()[SOURCE_SESSIONS] == 1
    assert bench.open_orders() == 1
    assert bench.open_orders(int(m.Scope.ACCOUNT), 1) == 0


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"account": 9}, "unknown_account"),
        ({"symbol": 9}, "unknown_instrument"),
        ({"venue": 9}, "unknown_venue"),
        ({"strategy": 3}, "unsupported"),
        ({"side": 7}, "unsupported"),
        ({"ord_type": m.OrdType.STOP, "stop_px": 5}, "unsupported"),
        ({"time_in_force": 99}, "unsupported"),
        ({"flags": 0xFF}, "unsupported"),
        ({"algo": 1}, "unsupported"),
        ({"qty": -5}, "bad_qty"),
    ],
)
def test_what_a_client_may_not_say_is_denied_by_name(bench: Any, values: dict[str, Any], reason: str) -> None:
    bench.sit(0, "s")
    bench.order(0, "o1", **values)
    bench.order(0, "o2")
    bench.run()
    assert bench.told(0) == [("o1", reason), ("o2", "pending_new"), ("o2", "new")]


def test_ids_that_are_none_are_denied(bench: Any) -> None:
    bench.sit(0, "s")
    bench.order(0, "")
    bench.push(0, m.Kind.CANCEL, m.CANCEL_EVENT, cl_ord_id="c", orig_cl_ord_id="nobody")
    bench.run()
    assert bench.told(0) == [("", "unsupported"), ("c", "unknown_order")]


def test_rights_hide_other_accounts(bench: Any) -> None:
    bench.sit(0, "owner")
    bench.sit(1, "guest", b"\0\1")
    bench.order(0, "o1")
    bench.run()
    bench.order(1, "g1")
    bench.push(1, m.Kind.CANCEL, m.CANCEL_EVENT, cl_ord_id="g2", orig_cl_ord_id="o1")
    bench.order(1, "g3", account=1)
    bench.run()
    scope = dict.fromkeys(("account", "strategy", "symbol", "venue", "session", "sector"), m.NONE)
    bench.push(1, m.Kind.CANCEL_ALL, m.FILTER_EVENT, scope=tuple(scope.values()))
    bench.run()
    told = bench.told(1)
    assert told[:2] == [("g1", "unknown_account"), ("g2", "unknown_order")]
    assert told[-1] == ("g3", "canceled")
    assert bench.told(0)[-1] == ("o1", "new")


@pytest.mark.parametrize("kind", [m.Kind.KILL, m.Kind.REPORT, 999])
def test_a_request_of_another_kind_breaks_the_seat(bench: Any, kind: int) -> None:
    bench.sit(0, "s")
    seq = bench.board.seq
    bench.push(0, kind, m.FILTER_EVENT)
    bench.run()
    assert bench.board.seq == seq
    assert bench.board.seat_fault(0) != ""


def test_a_missing_number_breaks_the_seat(bench: Any) -> None:
    bench.sit(0, "s")
    bench.sent[0] = 4
    bench.order(0, "o1")
    bench.run()
    assert "source_seq" in bench.board.seat_fault(0)
    assert bench.chain.stage("sequencer").close_seat(0)
    assert bench.open_orders() == 0


def test_a_closed_seat_is_drained_and_its_responses_go_nowhere(bench: Any) -> None:
    bench.sit(0, "s")
    bench.order(0, "o1")
    intake = bench.chain.stage("sequencer")
    assert not intake.close_seat(0)  # what it asked for is still there
    bench.chain.stage("egress").close_seat(0)
    bench.run()
    assert intake.close_seat(0)
    assert bench.open_orders() == 1
    assert bench.told(0) == []


def test_quotes_reach_every_seat(bench: Any) -> None:
    first, second = bench.sit(0, "a"), bench.sit(1, "b")
    quote = {"type": "quote", "venue": "V", "symbol": "X", "bid_qty": "5", "ask_qty": "6"}
    bench.line(quote | {"bid_px": "9.99", "ask_px": "10.01"}, 1)
    for rings in (first, second):
        slot = rings.quotes.read(1)
        assert slot is not None
        prices = [int.from_bytes(slot[at : at + 8], "little") for at in (24, 32, 40, 48)]
        assert prices == [999, 5, 1001, 6]


def test_a_kill_on_the_page_holds_back_at_the_gateway_what_risk_let_pass(bench: Any) -> None:
    bench.sit(0, "s")
    assert bench.page.changes == 0
    epoch = bench.page.kill(int(m.Scope.ACCOUNT), 0, "ann")
    assert bench.page.changes == 1  # the server makes an event of it when it sees this
    bench.order(0, "o1")  # not sequenced as a kill yet: risk lets it pass, the gateway holds it back
    bench.order(0, "b1", account=1)
    bench.run()
    assert bench.told(0)[-1] in (("o1", "rejected"), ("b1", "new"))
    assert ("o1", "rejected") in bench.told(0)
    assert ("b1", "new") in bench.told(0)
    assert bench.chain.stage("gateways").gateway.suppressed == 1
    assert bench.chain.stage("sequencer").sequencer.counts()[SOURCE_GATEWAY] == 1
    bench.page.clear([epoch])
    bench.order(0, "o2")
    bench.run()
    assert bench.told(0)[-1] == ("o2", "new")
    bench.chain.close()
    headers = [np.frombuffer(body, m.HEADER, 1)[0] for _, body in bench.reader()]
    assert {int(row["kill"]) for row in headers} == {0, epoch}  # every event says what was in force
    assert replay(bench.folder / "journal")["ok"]


def test_it_goes_on_where_the_journal_ends(bench: Any) -> None:
    bench.sit(0, "s")
    for i in range(50):
        bench.order(0, f"o{i}")
    bench.run()
    seq, state_hash = bench.board.seq, bench.chain.state_hash()
    book = Book()
    book.restore(bench.reader())
    assert book.names() == bench.book.names()
    assert book.limit_lines() == bench.book.limit_lines()
    assert [(row["tick"], row["lot"]) for row in book.told()["symbols"]] == [(1, 1)]
    bench.again()
    assert (bench.board.seq, bench.chain.state_hash()) == (seq, state_hash)
    assert bench.chain.stage("gateways").gateway.sent == 50
    for state in ("down", "up"):
        bench.line({"type": "venue_state", "venue": "V", "state": state})
    bench.run()
    assert bench.open_orders() == 0
    assert bench.same_as_its_journal()


def test_group_durability_tells_after_the_disk(tmp_path: Path) -> None:
    bench = support.Bench(tmp_path, durability="group")
    bench.sit(0, "s")
    for i in range(600):  # more responses than the egress ring holds
        bench.order(0, f"o{i}")
    bench.run()
    assert len(bench.told(0)) == 1200
    assert bench.chain.stage("journal").journal.durable_sequence == bench.board.seq
    bench.chain.close()


def test_many_timers_and_sweeps_fit(bench: Any) -> None:
    bench.sit(0, "s")
    for i in range(1000):
        bench.order(0, f"o{i}")
    bench.run()
    bench.line({"type": "kill", "scope": "all", "by": "ann"})
    bench.run()
    assert bench.open_orders() == 0
