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

    def play(self) -> None:
        lines = Run()
        encoder = Encoder("planted", Directory())
        for text in (*MARKET, *ORDERS):
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
