"""The short form of the fuzzing, on each run of the tests: the kept corpus, then some inputs a target."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz import engine
from tests.fuzz.engine import Target, fuzz
from tests.fuzz.targets import MAKERS

INPUTS = 1500


@pytest.mark.parametrize("name", MAKERS)
def test_whatever_comes_only_promised_errors_come_out(name: str, tmp_path: Path) -> None:
    found = fuzz(MAKERS[name](tmp_path), INPUTS, 1, keeps=False)
    assert found.problems == []
    assert found.inputs >= INPUTS


def test_what_breaks_is_found_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CORPUS", tmp_path)

    def fragile(raw: bytes) -> None:
        assert b"\xff" not in raw

    target = Target("fragile", [b"abc"], fragile)
    found = fuzz(target, 10_000, 1)
    assert len(found.problems) == 1
    (kept,) = engine.corpus("fragile")
    assert b"\xff" in kept
    assert fuzz(target, 0, 1).inputs == 2, "the corpus comes first"
