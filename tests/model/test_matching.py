"""The simulated venue agrees with the naive one on random books (10,000: `make matching`), and its
mutations are what they say (`make mutants` compiles and plays each).
"""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType

import pytest

from tests.model.matching import rules, venue
from tests.model.matching.books import Book, Difference
from tests.model.matching.mutants import MUTATIONS
from tests.model.matching.sequences import COVERED, play
from tests.model.planting import ROOT

BOOKS = 500


def test_random_books_agree() -> None:
    covered = play(0, BOOKS)
    assert not [word for word in COVERED if not covered[word]]


def test_a_difference_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venue.Naive, "cancel", lambda self, child: None)
    with pytest.raises(Difference, match=r"book 0, step \d+, \('cancel', \d+\): the venue says"):
        Book(0).play()


@pytest.mark.parametrize("module", [venue, rules])
def test_the_naive_venue_imports_nothing_of_the_core(module: ModuleType) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text())
    imported = {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= {"__future__", "dataclasses", "typing", "tests.model.matching.rules"}


def test_each_mutation_is_found_once_and_changes_something() -> None:
    for mutation in MUTATIONS:
        text = (ROOT / mutation.file()).read_text()
        assert text.count(mutation.old) == 1, mutation.what
        assert mutation.old != mutation.new
    assert len({mutation.what for mutation in MUTATIONS}) == len(MUTATIONS) >= 30
