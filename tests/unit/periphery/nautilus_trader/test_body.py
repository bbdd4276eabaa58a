"""The adapter's body, without NautilusTrader and without a core: what it asks of a session, what it tells a
shim.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from periphery.client import Busy, DenyEvent
from periphery.client.errors import HangUp, Refused
from periphery.nautilus_trader.body import LOST, Body
from periphery.nautilus_trader.requests import Submit

NOW = 1_000


class Core:
    """A session that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.fails: Exception | None = None

    def _note(self, *what: Any) -> str:
        if self.fails is not None:
            raise self.fails
        self.asked.append(what)
        return f"r{len(self.asked)}"

    def submit(self, *said: Any) -> str:
        return self._note("submit", *said)

    def send(self, line: Mapping[str, Any]) -> None:
        self._note("send", dict(line))

    def replace(self, orig: str, **changed: Any) -> str:
        return self._note("replace", orig, changed)

    def cancel(self, orig: str) -> str:
        return self._note("cancel", orig)


class Told:
    """A teller that notes what it is told."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda order, *more: self.said.append((name, order.cl_ord_id, *more))

    def names(self) -> list[str]:
        return [each[0] for each in self.said]


@dataclass
class Symbol:
    settle_currency: str = "USD"


@dataclass
class Event:
    """What the body reads of an OrderEvent."""

    event: int
    exec_type: str
    ord_status: str = "new"
    cl_ord_id: str = "o"
    orig_cl_ord_id: str | None = None
    order: int = 7
    order_qty: Decimal = Decimal(10)
    price: Decimal | None = None
    last_qty: Decimal | None = None
    last_px: Decimal | None = None
    cum_qty: Decimal = Decimal(0)
    reason: str | None = None
    time_ns: int = 5
    _symbol: Any = None

    def __post_init__(self) -> None:
        self._symbol = Symbol()


class Rig:
    def __init__(self) -> None:
        self.core, self.told = Core(), Told()
        self.body = Body(self.told, "A", lambda: NOW)  # type: ignore[arg-type]
        self.body.attach(self.core, told())  # type: ignore[arg-type]

    def submit(self, cl_ord_id: str = "o", **more: Any) -> None:
        usual: dict[str, Any] = {"ord_type": "limit", "time_in_force": "gtc", "price": Decimal("1.5")}
        self.body.submit(Submit(cl_ord_id, "S", "buy", Decimal(10), **(usual | more)), None)

    def hear(self, *events: Event | DenyEvent) -> None:
        for event in events:
            self.body.hear(event)  # type: ignore[arg-type]


def told(
    *orders: dict[str, Any], fills: tuple[dict[str, Any], ...] = (), seq: int = 0, **more: Any
) -> dict[str, Any]:
    return {"seq": seq, "orders": list(orders), "fills": list(fills), "orders_left_out": False, **more}


def row(cl_ord_id: str = "o", status: str = "new", **more: Any) -> dict[str, Any]:
    usual = {"first_cl_ord_id": cl_ord_id, "cl_ord_id": cl_ord_id, "order": 7, "ord_status": status}
    return {**usual, "order_qty": "10", "price": "1.5", "stop_px": None, **more}


def fill(event: int, qty: str = "4", cl_ord_id: str = "o") -> dict[str, Any]:
    usual = {"event": event, "time_ns": 9, "qty": qty, "px": "1.5", "fee": "0.01", "currency": "USD"}
    return {**usual, "maker": False, "order": 7, "first_cl_ord_id": cl_ord_id}


def trade(event: int, qty: int = 4, status: str = "partially_filled") -> Event:
    return Event(event, "trade", status, last_qty=Decimal(qty), last_px=Decimal("1.5"))


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_an_order_s_life(rig: Rig) -> None:
    rig.submit()
    rig.body.fee(3, 1_000_000)
    rig.hear(Event(1, "pending_new", "pending_new"), Event(2, "new"), trade(3), trade(4, 6, "filled"))
    assert rig.core.asked == [
        ("submit", "S", "buy", "10", "limit", "1.5", "A", None, "gtc", None, False, "o", None)
    ]
    assert rig.told.names() == ["submitted", "accepted", "filled", "filled"]
    first, last = rig.told.said[2][2], rig.told.said[3][2]
    assert (first.trade_id, first.fee, first.currency) == ("E3", Decimal("0.01"), "USD")
    assert last.fee is None
    assert rig.body.orders["o"].ended


def test_a_trade_needs_no_new_before_it(rig: Rig) -> None:
    rig.submit()
    rig.hear(trade(3))
    assert rig.told.names() == ["submitted", "accepted", "filled"]


@pytest.mark.parametrize("wrong", [Busy("full"), HangUp("gone")])
def test_what_was_not_sent_is_denied(rig: Rig, wrong: Exception) -> None:
    rig.core.fails = wrong
    rig.submit()
    assert rig.told.said == [("denied", "o", str(wrong))]


def test_no_core_is_a_denial_that_says_why(rig: Rig) -> None:
    rig.body.detach("it was stopped")
    rig.submit()
    assert rig.told.said == [("denied", "o", "the core is not there: it was stopped")]


def test_our_risk_s_denial_is_a_rejection_with_its_reason(rig: Rig) -> None:
    rig.submit()
    rig.hear(DenyEvent(1, 5, "o", None, "S", "order_rate", 2))
    assert rig.told.said[-1] == ("rejected", "o", "order_rate", 5)


def test_an_id_twice_is_denied_and_leaves_the_first_alone(rig: Rig) -> None:
    rig.submit()
    rig.submit()
    assert rig.told.names() == ["submitted", "denied"]
    assert not rig.body.orders["o"].ended


def test_other_kinds_ask_the_core(rig: Rig) -> None:
    rig.submit(ord_type="stop", price=None, stop_px=Decimal("1.6"), trigger="mid")
    kind, line = rig.core.asked[0]
    assert kind == "send"
    assert (line["ord_type"], line["stop_px"], line["trigger"], line["account"]) == (
        "stop",
        "1.6",
        "mid",
        "A",
    )


def test_a_refused_line_is_a_rejection(rig: Rig) -> None:
    rig.core.fails = Refused("no such policy")
    rig.submit(reduce_only=True)
    assert rig.told.names() == ["submitted", "rejected"]


def test_unknown_params_are_denied(rig: Rig) -> None:
    rig.submit(params={"colour": 1})
    assert rig.told.names() == ["denied"]
    assert "colour" in rig.told.said[0][2]


def test_a_list_is_sent_whole_or_denied_whole_from_there_on(rig: Rig) -> None:
    usual: dict[str, Any] = {"ord_type": "limit", "time_in_force": "gtc", "price": Decimal(1), "list_id": "L"}
    orders = [Submit(f"o{n}", "S", "buy", Decimal(1), contingency="oto", **usual) for n in range(3)]
    bad = Submit("bad", "S", "buy", Decimal(1), params={"colour": 1}, **usual)
    rig.body.submit_list([(each, None) for each in (orders[0], bad, orders[1])])
    assert rig.told.names() == ["submitted", "denied", "denied"]
    assert "bad of its list" in rig.told.said[2][2]


def test_a_replace_goes_from_id_to_id(rig: Rig) -> None:
    rig.submit()
    rig.hear(Event(1, "new"))
    rig.body.modify("o", Decimal(12), None, None)
    rig.hear(
        Event(2, "pending_replace", cl_ord_id="r2", orig_cl_ord_id="o"),
        Event(3, "replaced", cl_ord_id="r2", orig_cl_ord_id="o", order_qty=Decimal(12), price=Decimal("1.5")),
    )
    rig.body.cancel("o")
    assert rig.core.asked[1:] == [
        ("replace", "o", {"qty": "12", "price": None, "stop_px": None}), ("cancel", "r2"),
    ]  # fmt: skip
    assert rig.told.names() == ["submitted", "accepted", "updated"]
    assert rig.body.orders["o"].qty == 12


def test_refusals_go_to_what_was_asked(rig: Rig) -> None:
    rig.submit()
    rig.hear(Event(1, "new"))
    rig.body.modify("o", Decimal(12), None, None)
    rig.body.cancel("o")
    rig.hear(
        DenyEvent(1, 5, "r2", "o", "S", "max_order_qty", 2),
        Event(3, "cancel_rejected", cl_ord_id="r3", orig_cl_ord_id="o", reason="late"),
    )
    assert rig.told.said[2:] == [
        ("modify_rejected", "o", "max_order_qty", 5),
        ("cancel_rejected", "o", "late", 5),
    ]


def test_nothing_new_to_modify_is_refused(rig: Rig) -> None:
    rig.submit()
    rig.body.modify("o", Decimal(10), Decimal("1.50"), None)
    assert rig.told.names() == ["submitted", "modify_rejected"]


def test_a_cancel_that_finds_the_ring_full_is_asked_for_later(rig: Rig) -> None:
    rig.submit()
    rig.hear(Event(1, "new"))
    rig.core.fails = Busy("full")
    rig.body.cancel("o")
    rig.core.fails = None
    rig.body.flush()
    rig.body.flush()
    assert rig.core.asked[1:] == [("cancel", "o")]
    assert rig.told.names() == ["submitted", "accepted"]


def test_a_replace_down_to_what_is_filled_ends_the_order(rig: Rig) -> None:
    rig.submit()
    rig.hear(trade(1))
    rig.body.modify("o", Decimal(4), None, None)
    rig.hear(Event(2, "replaced", "filled", cl_ord_id="r2", orig_cl_ord_id="o", order_qty=Decimal(4)))
    assert rig.told.names()[-2:] == ["updated", "canceled"]


def test_rejected_after_a_fill_is_canceled(rig: Rig) -> None:
    rig.submit()
    rig.hear(trade(1), Event(2, "rejected", "rejected"))
    assert rig.told.names()[-1] == "canceled"


def test_cancel_all_takes_what_is_in_scope(rig: Rig) -> None:
    rig.submit("a", strategy="s1")
    rig.submit("b", strategy="s2")
    assert rig.body.cancel_all("S", None, "s1") == 1
    assert rig.body.cancel_all(None, "sell", None) == 0
    assert rig.core.asked[2:] == [("cancel", "a")]


# ---- after a gap, after a crash ------------------------------------------------------------


def test_what_was_missed_is_told_once(rig: Rig) -> None:
    """Issue 3046 there: the same fill again, from a replay, must not count twice."""
    rig.submit()
    rig.hear(Event(1, "new"), trade(2))
    rig.body.detach("killed")
    rig.body.attach(rig.core, told(row(status="partially_filled"), fills=(fill(2), fill(5, "3")), seq=6))  # type: ignore[arg-type]
    rig.hear(trade(5, 3), trade(6), trade(7, 3, "filled"))
    fills = [each[2].event for each in rig.told.said if each[0] == "filled"]
    assert fills == [2, 5, 7]
    assert rig.body.orders["o"].ended


def test_an_order_that_the_core_never_took_is_rejected(rig: Rig) -> None:
    rig.submit()
    rig.body.detach("killed")
    rig.body.attach(rig.core, told(seq=6))  # type: ignore[arg-type]
    assert rig.told.said[-1] == ("rejected", "o", LOST, NOW)


def test_it_stays_unknown_where_not_all_orders_were_told(rig: Rig) -> None:
    rig.submit()
    rig.body.attach(rig.core, told(seq=6, orders_left_out=True))  # type: ignore[arg-type]
    assert rig.told.names() == ["submitted"]


@pytest.mark.parametrize(
    ("status", "name"), [("canceled", "canceled"), ("expired", "expired"), ("rejected", "rejected")]
)
def test_ends_that_were_missed(rig: Rig, status: str, name: str) -> None:
    rig.submit()
    rig.body.attach(rig.core, told(row(status=status), seq=6))  # type: ignore[arg-type]
    assert rig.told.names()[-1] == name
    assert rig.body.orders["o"].ended


def test_requests_that_were_lost_with_the_core_are_refused(rig: Rig) -> None:
    rig.submit()
    rig.hear(Event(1, "new"))
    rig.body.cancel("o")
    rig.body.attach(rig.core, told(row(), seq=6))  # type: ignore[arg-type]
    assert rig.told.names()[-1] == "cancel_rejected"


def test_a_replace_that_was_missed(rig: Rig) -> None:
    rig.submit()
    rig.hear(Event(1, "new"))
    rig.body.modify("o", Decimal(12), None, None)
    rig.body.attach(rig.core, told(row(cl_ord_id="o", order_qty="12") | {"cl_ord_id": "r2"}, seq=6))  # type: ignore[arg-type]
    assert rig.told.names()[-1] == "updated"
    rig.body.cancel("o")
    assert rig.core.asked[-1] == ("cancel", "r2")


def test_an_adopted_order_of_an_earlier_run_goes_on(rig: Rig) -> None:
    order = Submit("old", "S", "buy", Decimal(10), "limit", "gtc", Decimal("1.5"))
    rig.body.adopt(order, None, 7, "r9")
    rig.hear(trade(9, 10, "filled"))
    rig.body.cancel("old")
    assert rig.told.names() == ["filled"]
    assert rig.core.asked == [("cancel", "r9")]
