"""What long runs have shown: each in a file with its commit and machine, and a page that is made of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.results import PAGE, RESULTS, ROWS, keep, page, stamp

TORTURE: dict[str, Any] = {
    "kills": 50, "lost": 0, "duplicated": 0, "replays": 9, "replay_equal": True, "orders": 1000,
    "resume_ms": {"p50": 90, "p99": 400}, "problems": [], "by": {"risk": 50}, "damages": {"torn_tail": 2},
    "disks": {"full": 1},
}  # fmt: skip


def test_the_page_is_what_the_files_give() -> None:
    assert (RESULTS / PAGE).read_text() == page(RESULTS), "run python -m tests.results"


def test_runs_of_a_kind_add_up_and_say_of_which_commit_they_are(tmp_path: Path) -> None:
    for kills in (50, 20):
        keep(tmp_path, "torture", TORTURE | {"kills": kills} | stamp() | {"commit": f"c{kills}"})
    assert len(json.loads((tmp_path / "torture.json").read_text())["runs"]) == 2
    row = next(line for line in page(tmp_path).splitlines() if line.startswith("| torture "))
    assert "70 kills, 0 lost, 0 duplicated" in row
    assert "| c50, c20 |" in row


def test_what_failed_or_was_never_run_is_said(tmp_path: Path) -> None:
    keep(tmp_path, "torture", TORTURE | {"replay_equal": False, "problems": ["x"]} | stamp())
    text = page(tmp_path)
    assert "every replay equal: **no**" in text
    assert "problems: 1" in text
    assert text.count("not run yet") == len(ROWS) - 1
