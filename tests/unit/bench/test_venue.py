"""`bench venue`: every book is what plain Python counted, and a difference is told."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from bench import venue
from core.cli import root


def test_venue_in_a_tiny_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venue, "BLOCK", 20)
    done = CliRunner().invoke(root, ["bench", "venue", "--blocks", "2", "--largest", "1000", "-o", "json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [(book["shape"], book["resting"]) for book in found["books"]] == [
        ("wide", 10), ("wide", 1000), ("deep", 10), ("deep", 1000),
    ]  # fmt: skip
    assert set(found["flat"]["deep"]) == {"add", "cancel", "match"}
    assert found["wrong"] == {}


def test_a_book_that_differs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venue, "BLOCK", 5)
    monkeypatch.setattr(venue.Book, "_gone", lambda self, child: None)
    assert venue.run(blocks=1, largest=10)["ok"] is False
