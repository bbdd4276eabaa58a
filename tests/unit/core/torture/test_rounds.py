"""What the torture calls lost when a whole core was killed."""

from __future__ import annotations

from core.torture.rounds import not_taken

SENT = [f"s0-{i}" for i in range(12)]


def test_a_death_may_cut_off_the_last_that_was_sent_and_nothing_else() -> None:
    assert not_taken(SENT, set(SENT)) == ([], True)
    assert not_taken(SENT, set(SENT[:9])) == (SENT[9:], True)
    assert not_taken(SENT, set()) == (SENT, True)
    assert not_taken(SENT, {*SENT[:4], *SENT[5:]}) == (["s0-4"], False)
    assert not_taken(SENT, set(SENT[1:])) == (["s0-0"], False)
    assert not_taken([], set()) == ([], True)
