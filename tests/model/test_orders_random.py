"""Some of the random days of orders/sequences.py; `make orders` plays ten thousand."""

from __future__ import annotations

from tests.model.orders.random_day import RandomDay
from tests.model.orders.sequences import EVENTS, appendix_pairs, check

SEQUENCES = 500


def test_core_agrees_with_the_model_and_every_pair_of_the_appendix_was_met() -> None:
    """Every line: denials, states, children, orders, positions, alerts, sends, the end."""
    seen = check(0, SEQUENCES)
    assert {pair for pair in appendix_pairs() if not seen[pair]} == set()


def test_a_day_is_long_enough_and_the_same_again() -> None:
    """A seed is all that a difference needs to be seen again."""
    text = RandomDay(7).make(EVENTS)
    assert text.count("\n") >= EVENTS
    assert text == RandomDay(7).make(EVENTS)
