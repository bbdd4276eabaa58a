"""Counts of pages: the same as the lines that a scenario prints of them."""

from __future__ import annotations

from collections import Counter

from core import messages as m
from periphery.monitoring.counts import Counts
from tests.support import DECLARED, Run, order, quote


class Counted(Run):
    """A run whose pages are counted as well."""

    def __init__(self) -> None:
        self.pages: list[bytes] = []
        super().__init__()

    def _page(self, raw: bytes) -> None:
        self.pages.append(raw)
        super()._page(raw)


def played() -> tuple[Counts, Run]:
    run = Counted()
    run.feed(*DECLARED, quote(), order("1"), order("2", account="nobody"), order("3", qty="0"))
    run.feed({"type": "venue_state", "venue": "MANU", "state": "halted"})
    run.feed(order("4", venue="MANU"), {"type": "cancel", "cl_ord_id": "5", "orig_cl_ord_id": "none"})
    counts = Counts(run.directory)
    for raw in run.pages:
        counts.page(raw)
    return counts, run


def lines(run: Run, line_type: str, key: str) -> Counter[str]:
    return Counter(row[key] for row in run.printed if row["type"] == line_type)


def test_denials_orders_and_sends_are_those_that_are_printed() -> None:
    counts, run = played()
    denials = Counter({reason: n for (_, reason), n in counts.denials.items()})
    assert denials == lines(run, "deny", "reason")
    assert {what for what, _ in counts.denials} == {"order", "cancel"}
    assert counts.orders == lines(run, "order", "exec_type")
    assert Counter({what: n for (_, what), n in counts.sends.items()}) == lines(run, "send", "action")
    assert sum(counts.fills.values()) == len([row for row in run.printed if row["type"] == "position"])


def test_kinds_and_venue_states() -> None:
    counts, run = played()
    assert counts.kinds.total() == len(run.pages)  # type: ignore[attr-defined]
    assert counts.kinds[m.Kind.QUOTE] == 1
    assert counts.venue_states == {(1, m.NONE): m.VenueState.HALTED}
