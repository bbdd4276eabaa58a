"""Some of the random sequences of sequences.py; `make model` plays ten thousand."""

from __future__ import annotations

from tests.model.sequences import COVERED, EVENTS, Sequence, check

SEQUENCES = 180


def test_core_agrees_with_the_model_and_everything_was_met() -> None:
    """Every position line and the money of `end`, over flips, busts, corrections and all that happens
    between."""
    seen = check(0, SEQUENCES)
    assert {name for name in COVERED if seen[name] < 3} == set()


def test_a_sequence_is_long_enough_and_the_same_again() -> None:
    """At least so many events after the declarations; a seed is all that a difference needs to be seen
    again."""
    lines = list(Sequence(7).lines())
    assert len([line for line in lines if '"order"' not in line]) > EVENTS
    assert lines == list(Sequence(7).lines())
