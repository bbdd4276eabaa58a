"""The mutations of measures/mutants.py still say what they mean: `make mutants` runs the tests on each."""

from __future__ import annotations

from tests.model.measures.mutants import MUTATIONS
from tests.model.planting import ROOT


def test_each_mutation_is_found_once_and_changes_something() -> None:
    for mutation in MUTATIONS:
        text = (ROOT / f"{mutation.module}.py").read_text()
        assert text.count(mutation.old) == 1, mutation.what
        assert mutation.old != mutation.new


def test_none_is_there_twice() -> None:
    assert len({(each.module, each.old, each.new) for each in MUTATIONS}) == len(MUTATIONS) >= 40
