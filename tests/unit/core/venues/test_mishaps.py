"""What goes wrong on demand: rejects, messages and reports that are lost, late or told twice."""

from __future__ import annotations

from typing import Any

from core import messages as m
from tests.model.matching.driver import lines

KEPT = 1024
TRADE = int(m.ExecType.TRADE)


def test_the_next_orders_are_refused(venue: Any) -> None:
    venue.simulate("REJECT", count=2)
    assert [venue.order(child, "BUY", 5, 99)[0] for child in (1, 2, 3)] == [
        "1.1 rejected", "2.1 rejected", "3.1 new",
    ]  # fmt: skip


def test_a_refused_cancel_and_replace_leave_the_order(venue: Any) -> None:
    venue.order(1, "BUY", 5, 99)
    venue.simulate("REJECT_CANCEL", count=2)
    assert venue.cancel(1) == ["1.1 cancel_rejected"]
    assert venue.replace(1, 3, 99) == ["1.1 cancel_rejected"]
    assert venue.queue("BUY") == [(1, 5, 0)]
    assert venue.cancel(1) == ["1.1 canceled"]


def test_called_off(venue: Any) -> None:
    venue.simulate("REJECT", count=9)
    venue.simulate("REJECT", count=0)
    assert venue.order(1, "BUY", 5, 99) == ["1.1 new"]


def test_a_lost_new_order_is_unknown(venue: Any) -> None:
    venue.simulate("LOSE_SEND", count=1)
    assert venue.order(1, "BUY", 5, 99) == []
    assert lines(venue.send("STATUS", 1)) == ["1.1 unknown_order"]


def test_a_lost_cancel_is_refused_when_asked(venue: Any) -> None:
    venue.order(1, "BUY", 5, 99)
    venue.simulate("LOSE_SEND", count=1)
    assert venue.cancel(1) == []
    (said,) = venue.send("STATUS", 1)
    assert (said.line, said.text) == ("1.1 cancel_rejected", "lost")
    assert lines(venue.send("STATUS", 1)) == []
    assert venue.queue("BUY") == [(1, 5, 0)]


def test_lost_reports_are_said_when_asked_in_their_order(venue: Any) -> None:
    venue.simulate("LOSE_REPORT", count=2)
    assert venue.order(1, "BUY", 25, 110) == []
    assert venue.queue("BUY") == [(1, 5, 0)]
    assert venue.order(2, "BUY", 1, 99) == ["2.1 new"]
    said = venue.send("STATUS", 1)
    assert lines(said) == ["1.1 new", "1.1 trade 20@110 taker"]
    assert [report.seq for report in said] == [2, 3]  # numbered as they arrive: no gap
    assert venue.send("STATUS", 1) == []


def test_only_reports_of_that_kind(venue: Any) -> None:
    venue.simulate("LOSE_REPORT", count=1, detail=TRADE)
    assert venue.order(1, "BUY", 5, 110) == ["1.1 new"]
    assert venue.order(2, "BUY", 5, 110) == ["2.1 new", "2.1 trade 5@110 taker"]


def test_a_late_report_is_overtaken(venue: Any) -> None:
    venue.order(1, "BUY", 25, 110, order_flags=0)
    venue.simulate("LATE_REPORT", count=1, detail=TRADE, a=500)
    assert venue.order(2, "SELL", 5, 110) == ["2.1 new", "1.1 trade 5@110 maker"]
    assert venue.order(3, "BUY", 1, 99) == ["3.1 new"]
    assert lines(venue.until(500)) == ["2.1 trade 5@110 taker"]


def test_a_repeated_report_has_the_same_exec_id_and_another_number(venue: Any) -> None:
    venue.simulate("REPEAT_REPORT", count=1, detail=TRADE)
    _, first, second = venue.new(1, "BUY", 5, 110)
    assert (first.line, first.exec_id, first.seq + 1) == (second.line, second.exec_id, second.seq)


def test_where_no_more_can_be_kept_nothing_more_is_lost(venue: Any) -> None:
    venue.order(1, "BUY", 5, 99)
    venue.simulate("LOSE_REPORT", count=KEPT + 10, detail=int(m.ExecType.REPLACED))
    said = [venue.replace(1, 5, 99) for _ in range(KEPT + 2)]
    assert said == [[]] * KEPT + [["1.1 replaced"]] * 2
    assert len(venue.send("STATUS", 1)) == KEPT
