"""Planted faults are caught by name, and each guard holds alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.backtest.recorded import Recorded
from core.errors import ChildBound, DoubledSend, SourceGap
from core.scenario import schema
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder

from .run import CAPACITY, Run

MARKET = (
    '{"type":"instrument","symbol":"AAPL","kind":"equity","price_precision":2,"qty_precision":0,'
    '"tick":"0.01","lot":"1","currency":"USD"}',
    '{"type":"venue","venue":"V1","mode":"match","symbols":["AAPL"]}',
    '{"type":"account","account":"A1","currency":"USD","cash":"1000000"}',
    '{"type":"quote","venue":"V1","symbol":"AAPL","bid_px":"99","bid_qty":"500","ask_px":"100",'
    '"ask_qty":"500"}',
)
ORDERS = tuple(
    f'{{"type":"order","cl_ord_id":"{n}","account":"A1","symbol":"AAPL","side":"buy","order_qty":"10",'
    f'"ord_type":"limit","price":"100"{where}}}'
    for n, where in enumerate((',"venue":"V1"', "", ',"venue":"V1"'), start=1)
)


POLICIES = tuple(policy for policy in schema.POLICIES if policy != "directed")
"""`directed` names its venue: it is the first and third of ORDERS."""
FACTS = (
    '{"type":"venue_queue","venue":"V1","symbol":"AAPL","side":"buy","outflow":["1000"],"unfilled_bps":"90"}',
    '{"type":"venue_facts","venue":"V1","latency_us":"30","max_sends":2,"window_ms":"5","silence_ms":"1"}',
)
DARK = '{"type":"venue","venue":"V2","mode":"match","symbols":["AAPL"]}'
AFTER = '{"type":"time","at":50000000}'


def by(policy: str) -> tuple[str, ...]:
    """The same, with the routed order by that policy."""
    return tuple(
        text if "venue" in text else text.replace('"10"', f'"10","policy":"{policy}"') for text in ORDERS
    )


class Faulty:
    """A core with a fault in it, and what it decided: sends by flag, alerts by reason."""

    def __init__(self, plant: Callable[[Recorded], None] | None = None, **faults: Any) -> None:
        self.sends: Counter[str] = Counter()
        self.alerts: Counter[str] = Counter()
        self.recorded = Recorded(CAPACITY, None, self._page, **faults)
        if plant is not None:
            plant(self.recorded)

    def _page(self, raw: bytes) -> None:
        page = np.frombuffer(raw, m.PAGE, 1)[0]
        if m.counts(page, "send") and page["send"]["flags"]:
            self.sends[m.SendFlag(int(page["send"]["flags"])).name or ""] += 1
        if page["header"]["kind"] == m.Kind.ALERT:
            alert = np.frombuffer(raw, m.ALERT_EVENT, 1, m.HEADER.itemsize)[0]
            self.alerts[m.Reason(int(alert["reason"])).name] += 1

    def play(self, orders: tuple[str, ...] = ORDERS) -> None:
        lines = Run()
        encoder = Encoder("planted", Directory())
        for text in (*MARKET, *orders):
            line = lines.parse(text)
            for event in encoder.encode(line):
                self.recorded.feed(event.kind, line.at, event.request, event.session)


def oversize(recorded: Recorded) -> None:
    """The second child that is sent is twice its order."""
    recorded.core.orders.plant(2)


def test_without_a_fault_all_is_sent() -> None:
    core = Faulty()
    core.play()
    assert core.sends == {"SENT": 3}
    assert not core.alerts


@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_dropped_report_is_a_source_gap(n: int) -> None:
    with pytest.raises(SourceGap, match=f"input {n} is missing, {n + 1} came"):
        Faulty(drop_report=n).play()


def test_the_last_report_dropped_is_only_seen_with_the_next() -> None:
    Faulty(drop_report=6).play()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_doubled_send_is_caught(n: int) -> None:
    with pytest.raises(DoubledSend, match="came again"):
        Faulty(double_send=n).play()


@pytest.mark.parametrize("gateway_guarded", [True, False])
def test_execution_alone_stops_an_oversized_child(gateway_guarded: bool) -> None:
    core = Faulty(oversize, gateway_guarded=gateway_guarded)
    core.play()
    assert core.alerts == {"CHILD_BOUND": 1}
    assert core.sends == {"SENT": 1, "CHILD_BOUND": 1}  # the account is halted: the third order is denied


def test_the_gateway_alone_stops_an_oversized_child() -> None:
    core = Faulty(oversize, guarded=False)
    with pytest.raises(ChildBound, match="it was not sent"):
        core.play()
    assert core.recorded.gateway.sent == 1


def test_without_both_guards_it_would_go_out() -> None:
    core = Faulty(oversize, guarded=False, gateway_guarded=False)
    core.play()
    assert core.sends == {"SENT": 2}  # the venue fills twice the order, which halts the account
    assert core.alerts == {"OVERFILL": 1}
    assert core.recorded.gateway.sent == 2


# ---- every policy of the router: each guard alone ------------------------------------------------------


def routed(policy: str) -> tuple[str, ...]:
    """A dark venue where the policy needs one; what a policy may know; the orders; time for what is timed."""
    return (*((DARK,) if policy == "dark" else ()), *FACTS, *by(policy), AFTER)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_without_a_fault_sends_what_was_asked(policy: str) -> None:
    core = Faulty()
    core.play(routed(policy))
    assert core.sends["SENT"] >= 3
    assert not core.alerts


@pytest.mark.parametrize("policy", POLICIES)
def test_execution_alone_stops_an_oversized_child_of_each_policy(policy: str) -> None:
    core = Faulty(oversize, gateway_guarded=False)
    core.play(routed(policy))
    assert core.alerts == {"CHILD_BOUND": 1}
    assert core.sends["CHILD_BOUND"] == 1


@pytest.mark.parametrize("policy", POLICIES)
def test_the_gateway_alone_stops_an_oversized_child_of_each_policy(policy: str) -> None:
    core = Faulty(oversize, guarded=False)
    with pytest.raises(ChildBound, match="it was not sent"):
        core.play(routed(policy))


@pytest.mark.parametrize("policy", POLICIES)
def test_without_both_guards_it_would_go_out_by_each_policy(policy: str) -> None:
    """So that it is the guards that the tests above see."""
    core = Faulty(oversize, guarded=False, gateway_guarded=False)
    core.play(routed(policy))
    assert "CHILD_BOUND" not in core.sends
    assert not core.alerts["CHILD_BOUND"]
