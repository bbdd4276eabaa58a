"""The mutations of orders/mutants.py still say what they mean: `make mutants` compiles and plays each."""

from __future__ import annotations

from tests.model.orders.mutants import MUTATIONS
from tests.model.planting import ROOT


def test_each_mutation_is_found_once_and_changes_something() -> None:
    for mutation in MUTATIONS:
        text = (ROOT / mutation.file()).read_text()
        assert text.count(mutation.old) == 1, mutation.what
        assert mutation.old != mutation.new


def test_there_are_twenty_or_more() -> None:
    assert len({mutation.what for mutation in MUTATIONS}) == len(MUTATIONS) >= 20
