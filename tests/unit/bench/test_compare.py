"""Two runs against each other, or two checkouts in turns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench import compare, suite
from core.cli.benches import Bench, find


def kept(path: Path, *values: float) -> Path:
    path.mkdir()
    for at, value in enumerate(values):
        found = {"ns": {"p50": value}, "zero": 0, "ok": True}
        (path / f"{at}.json").write_text(json.dumps({"benches": [{"name": "hop", "found": found}]}))
    return path


def only(first: Path, second: Path) -> dict[str, Any]:
    (row,) = compare.run(first, second, (), 2, 1, print)
    return row


def test_runs_that_differ_and_runs_that_do_not(tmp_path: Path) -> None:
    a, b = kept(tmp_path / "a", 100, 101, 102, 99, 100), kept(tmp_path / "b", 150, 152, 149, 151, 150)
    row = only(a, b)
    assert (row["bench"], row["figure"], row["a"], row["b"], row["ratio"]) == ("hop", "ns.p50", 100, 150, 1.5)
    assert 1.4 < row["low"] <= 1.5 <= row["high"] < 1.6
    assert row["differs"]
    assert not only(a, a)["differs"]


def test_one_run_a_side_has_no_interval(tmp_path: Path) -> None:
    row = only(kept(tmp_path / "a", 100), kept(tmp_path / "b", 200))
    assert (row["ratio"], row["low"], row["high"], row["differs"]) == (2.0, None, None, False)


def test_checkouts_are_run_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    roots = [tmp_path / "a", tmp_path / "b"]
    for each in roots:
        (each / "core" / "cli").mkdir(parents=True)
        (each / "core" / "cli" / "bench.py").touch()

    def ask(bench: Bench, root: Path) -> dict[str, Any]:
        order.append(root.name)
        return {
            "name": bench.name,
            "ok": True,
            "why": "",
            "found": {"ns": 10.0 if root.name == "a" else 30.0},
        }

    monkeypatch.setattr(suite, "ask", ask)
    (row,) = compare.run(roots[0], roots[1], (find("hop"),), 3, 1, lambda _: None)
    assert "".join(order) == "abbaab"
    assert (row["ratio"], row["low"], row["high"], row["runs"]) == (3.0, 3.0, 3.0, 3)
    with pytest.raises(ValueError, match="one of each"):
        compare.run(roots[0], kept(tmp_path / "c", 1), (), 2, 1, print)


def test_a_checkout_whose_bench_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "core" / "cli").mkdir(parents=True)
    (tmp_path / "core" / "cli" / "bench.py").touch()
    failed = {"name": "hop", "ok": False, "why": "a check failed", "found": {}}
    monkeypatch.setattr(suite, "ask", lambda bench, root: failed)
    with pytest.raises(ValueError, match="bench hop: a check failed"):
        compare.run(tmp_path, tmp_path, (find("hop"),), 2, 1, lambda _: None)
