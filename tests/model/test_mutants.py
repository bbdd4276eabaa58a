"""The planted errors of mutants.py fit the code that they are planted in; `make mutants` compiles and
catches them."""

from __future__ import annotations

import pytest

from tests.model.mutants import MUTATIONS
from tests.model.planting import ROOT, Mutation


def test_there_are_enough_and_none_twice() -> None:
    assert len({(each.module, each.old, each.new) for each in MUTATIONS}) == len(MUTATIONS) >= 20


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_what_is_changed_stands_in_the_module_once(mutation: Mutation) -> None:
    assert (ROOT / mutation.file()).read_text().count(mutation.old) == 1
    assert mutation.old != mutation.new
