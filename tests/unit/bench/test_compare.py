"""Two runs against each other, or two checkouts in turns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from bench import compare, suite
from core.cli import root as root_command
from core.cli.benches import Bench, find


def kept(path: Path, *values: float) -> Path:
    path.mkdir()
    for at, value in enumerate(values):
        found = {"ns": {"p50": value}, "zero": 0, "ok": True}
        (path / f"{at}.json").write_text(json.dumps({"benches": [{"name": "hop", "found": found}]}))
    return path


def checkout(path: Path) -> Path:
    (path / "core" / "cli").mkdir(parents=True)
    (path / "core" / "cli" / "bench.py").touch()
    python = suite.python_of(path)
    python.parent.mkdir(parents=True)
    python.touch()
    return path


def only(first: Path, second: Path) -> dict[str, Any]:
    (row,) = compare.run(first, second, (), 2, print)
    return row


def test_runs_that_differ_and_runs_that_do_not(tmp_path: Path) -> None:
    a, b = kept(tmp_path / "a", 100, 101, 102, 99, 100), kept(tmp_path / "b", 150, 152, 149, 151, 150)
    row = only(a, b)
    assert (row["bench"], row["figure"], row["a"], row["b"], row["ratio"]) == ("hop", "ns.p50", 100, 150, 1.5)
    assert 1.4 < row["low"] <= 1.5 <= row["high"] < 1.6
    assert row["differs"]
    assert not only(a, a)["differs"]


@pytest.mark.parametrize("count", [1, 3])
def test_too_few_runs_have_no_interval(
    tmp_path: Path, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """With three a side, one way of twenty that they fall apart is all of the one below all of the other."""
    row = only(kept(tmp_path / "a", *count * [100]), kept(tmp_path / "b", *count * [200]))
    assert (row["ratio"], row["low"], row["high"], row["differs"]) == (2.0, None, None, False)
    assert "too few runs" in capsys.readouterr().out


def test_which_of_the_ratios_bound_the_median_is_what_tables_say() -> None:
    """One more than the critical values of the sign test, and of U, on both sides at 5 %."""
    assert [compare._aside_of_rounds(count) for count in (1, 5, 6, 20, 100)] == [0, 0, 1, 6, 40]
    sizes = ((1, 1), (3, 3), (4, 4), (5, 5), (10, 10), (5, 8), (8, 5))
    assert [compare._aside_of_runs(*each) for each in sizes] == [0, 0, 1, 3, 24, 7, 7]


def test_figures_that_are_the_same_rarely_differ() -> None:
    random = np.random.default_rng(5)
    for paired in (True, False):
        for count in (6, 9):
            same = {("hop", str(at)): random.lognormal(0, 1, count).tolist() for at in range(800)}
            other = {key: random.lognormal(0, 1, count).tolist() for key in same}
            told = compare.rows(same, other, paired)
            assert sum(row["differs"] for row in told) < 0.08 * len(told)


def asked(order: list[str]) -> Any:
    def ask(bench: Bench, root: Path) -> dict[str, Any]:
        order.append(root.name)
        found = {"ns": 10.0 if root.name == "a" else 30.0}
        return {"name": bench.name, "ok": True, "why": "", "found": found}

    return ask


def test_checkouts_are_run_in_turns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    said: list[str] = []
    roots = [checkout(tmp_path / name) for name in "ab"]
    monkeypatch.setattr(suite, "ask", asked(order))
    (row,) = compare.run(roots[0], roots[1], (find("hop"),), 6, said.append)
    assert "".join(order) == "abbaabbaabba"
    assert (row["ratio"], row["low"], row["high"], row["runs"]) == (3.0, 3.0, 3.0, 6)
    assert row["differs"]
    assert not any("too few" in each for each in said)
    (row,) = compare.run(roots[0], roots[1], (find("hop"),), 5, said.append)
    assert (row["low"], row["differs"]) == (None, False)
    assert any("5 rounds are too few" in each for each in said)
    with pytest.raises(ValueError, match="c is no checkout"):
        compare.run(roots[0], kept(tmp_path / "c", 1), (), 2, print)


def test_the_same_checkout_twice_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    root = checkout(tmp_path / "a")
    monkeypatch.setattr(suite, "ask", asked([]))
    compare.run(root, tmp_path / "a" / ".." / "a", (find("hop"),), 6, said.append)
    assert "are the same" in said[0]


def test_what_can_not_be_compared_says_what_would_do(tmp_path: Path) -> None:
    root = checkout(tmp_path / "a")
    with pytest.raises(ValueError, match="no such file or folder, and no commit"):
        compare.run(root, tmp_path / "nowhere", (), 2, print)
    suite.python_of(root).unlink()
    with pytest.raises(ValueError, match=r"no \.venv.*make -C .* env"):
        compare.run(root, root, (), 2, print)


@pytest.mark.skipif(not suite.commit(suite.ROOT), reason="no git checkout")
def test_a_commit_is_told_how_to_become_a_checkout(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"git worktree add --detach \.\./nacre-HEAD HEAD && make"):
        compare.run(Path("HEAD"), Path("HEAD"), (), 2, print)


def test_a_table_of_those_that_differ(tmp_path: Path) -> None:
    a, b = kept(tmp_path / "a", *range(100_001, 100_006)), kept(tmp_path / "b", *range(150_001, 150_006))
    for first, rows in ((a, 1), (b, 0)):
        done = CliRunner().invoke(root_command, ["bench", "compare", str(first), str(b), "--differing"])
        assert done.exit_code == 0, done.output
        assert done.stdout.count("ns.p50") == rows
        assert f"{rows} of 1 figure" in done.stderr


def test_a_checkout_whose_bench_fails_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout(tmp_path)
    failed = {"name": "hop", "ok": False, "why": "a check failed", "found": {}}
    monkeypatch.setattr(suite, "ask", lambda bench, root: failed)
    with pytest.raises(ValueError, match="bench hop: a check failed"):
        compare.run(tmp_path, tmp_path, (find("hop"),), 2, lambda _: None)
