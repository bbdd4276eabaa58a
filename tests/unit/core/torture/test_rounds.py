"""What the torture finds in a journal, and what it calls lost when a whole core was killed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from core import messages as m
from core.recovery.journal import event
from core.torture.rounds import not_taken, order_names, recorded
from core_ext.journal import JournalReader
from tests.unit.periphery.days import day, market, walks

SENT = [f"s0-{i}" for i in range(12)]


def test_a_death_may_cut_off_the_last_that_was_sent_and_nothing_else() -> None:
    assert not_taken(SENT, set(SENT)) == ([], True)
    assert not_taken(SENT, set(SENT[:9])) == (SENT[9:], True)
    assert not_taken(SENT, set()) == (SENT, True)
    assert not_taken(SENT, {*SENT[:4], *SENT[5:]}) == (["s0-4"], False)
    assert not_taken(SENT, set(SENT[1:])) == (["s0-0"], False)
    assert not_taken([], set()) == ([], True)


def test_what_a_journal_has_is_read_by_its_places(tmp_path: Path) -> None:
    place = tmp_path / "one"
    day(place, walks(10, 5), {2: [market("AA", "buy", 10)], 4: [market("BB", "sell", 5)]})
    bodies = [body for _, body in JournalReader(place)]
    heads = [np.frombuffer(body, m.HEADER, 1)[0] for body in bodies]
    found = list(recorded(place))
    assert [number for _, number, _ in found] == [head["source_seq"] for head in heads]
    sources = [None if head["flags"] & m.HeaderFlag.DERIVED else head["source"] for head in heads]
    assert [source for source, _, _ in found] == sources
    assert len(Counter(sources)) > 2
    orders = [event(body)["request"]["cl_ord_id"] for body in bodies if event(body)["kind"] == "order"]
    assert list(order_names(place)) == orders
    assert len(orders) == 2
