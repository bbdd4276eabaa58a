"""What `nacre trace` draws of a request."""

from __future__ import annotations

from typing import Any

import pytest

from periphery.cli import trace

TOLD: dict[str, Any] = {
    "seq": 7, "kind": "venue_state", "by": "", "cause": 0, "root": 7, "time_ns": 1,
    "request": {"symbol": 0xFFFFFFFF, "state": 1}, "stages": [], "derived": [], "lines": [], "outputs": [],
    "sequenced_after_ns": {"risk": 1},
}  # fmt: skip


def test_an_index_that_names_nothing_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    trace._draw(TOLD)
    said = capsys.readouterr().out
    assert "4294967295" not in said
    assert "none" in said
