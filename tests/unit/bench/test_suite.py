"""Running several benches, keeping what they found, and a page of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench import suite
from bench.figures import curves, figures
from core.cli import root
from core.cli.benches import BENCHES, find

FOUND = {
    "ok": True,
    "ratio_p50": 1.25,
    "axes": [{"axis": "live", "points": [{"size": 1, "ns_p50": 5.0}, {"size": 2, "ns_p50": 6.0}]}],
    "raw_ns": {"p50": 100, "p99": 200, "max": 900, "count": 7},
    "machine": {"processors": 2},
}
LAST = json.loads((suite.ROOT / "docs" / "results" / "bench.json").read_text())
"""The last whole run."""


def nacre(*arguments: str) -> Result:
    return CliRunner().invoke(root, ["bench", *arguments])


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, str, str]]:
    """What a bench's process says, by its name: exit code, output, errors."""
    told: dict[str, tuple[int, str, str]] = {}

    def said(words: list[str], root: Path) -> tuple[int, str, str]:
        return told.get(words[4], (0, json.dumps(FOUND), ""))

    monkeypatch.setattr(suite, "_said", said)
    return told


def test_each_bench_is_a_command_and_has_a_module() -> None:
    listed = json.loads(nacre("list", "-o", "json").stdout)
    assert [row["bench"] for row in listed] == [each.name for each in BENCHES]
    for each in BENCHES:
        assert (suite.ROOT / "bench" / f"{each.file}.py").is_file()
        help_ = nacre(each.name, "--help")
        assert help_.exit_code == 0
        for option in each.options:
            assert option.opts[0] in help_.output


def test_a_brief_command_line_is_one(answers: dict[str, tuple[int, str, str]]) -> None:
    for each in BENCHES:
        made = next(iter(c for c in [_command(each.name)]))
        made.make_context(each.name, each.brief.split(), resilient_parsing=False)


def _command(name: str) -> Any:
    from core.cli.bench import command

    return command.commands[name]


def test_a_run_is_kept_with_what_could_not_be_asked(
    tmp_path: Path, answers: dict[str, tuple[int, str, str]]
) -> None:
    answers["placement"] = 2, "", "Usage: ...\nError: no container engine"
    done = nacre("run", "hop", "placement", "--results", str(tmp_path), "-o", "json")
    assert done.exit_code == 0, done.output
    (kept,) = tmp_path.glob("*.json")
    found = json.loads(kept.read_text())
    hop, placement = found["benches"]
    assert (hop["found"], hop["ok"], hop["why"]) == (FOUND, True, "")
    assert (placement["found"], placement["ok"], placement["why"]) == (None, True, "no container engine")
    assert [row["ok"] for row in suite.shown(found)] == [True, "not asked"]


def test_a_check_that_fails_is_the_run_s(tmp_path: Path, answers: dict[str, tuple[int, str, str]]) -> None:
    answers["hop"] = 1, json.dumps(FOUND | {"ok": False}), "bench hop: a check failed"
    assert nacre("run", "hop", "--results", str(tmp_path)).exit_code == 1


@pytest.mark.parametrize("words", [(), ("hop", "--all"), ("nothing",)])
def test_what_can_not_be_run(words: tuple[str, ...]) -> None:
    assert nacre("run", *words).exit_code == 2


@pytest.mark.parametrize("option", ["--results", "--report"])
def test_a_folder_that_takes_no_files_is_told_before_anything_is_run(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(words: list[str], root: Path) -> tuple[int, str, str]:
        pytest.fail("it was run")

    monkeypatch.setattr(suite, "_said", said)
    done = nacre("run", "hop", "--results", str(tmp_path), option, "/proc/nowhere")
    assert done.exit_code == 2
    assert "/proc/nowhere: no files can be written there" in done.output


def test_a_page_where_no_file_can_be_written_and_where_its_folder_is_new(
    tmp_path: Path, answers: dict[str, tuple[int, str, str]]
) -> None:
    where = ("--results", str(tmp_path / "runs"))
    assert nacre("run", "hop", *where).exit_code == 0
    done = nacre("report", *where, "--to", "/proc/nowhere/page.html")
    assert done.exit_code == 2
    assert "no files can be written there" in done.output
    assert nacre("report", *where, "--to", str(tmp_path / "new" / "page.html")).exit_code == 0


def test_figures_have_places_and_curves_are_found() -> None:
    assert dict(figures(FOUND)) == {
        "ratio_p50": 1.25,
        "axes[live].points[1].size": 1.0, "axes[live].points[1].ns_p50": 5.0,
        "axes[live].points[2].size": 2.0, "axes[live].points[2].ns_p50": 6.0,
        "raw_ns.p50": 100.0, "raw_ns.p99": 200.0, "raw_ns.max": 900.0,
    }  # fmt: skip
    assert dict(curves(FOUND)) == {"raw_ns": {"p50": 100.0, "p99": 200.0, "max": 900.0}}


def test_no_two_figures_have_the_same_place() -> None:
    cells = [{"size": "under", "bps": 1.0}, {"size": "under", "bps": 2.0}, {"size": "at", "bps": 3.0}]
    assert dict(figures({"cells": cells})) == {
        "cells[under 0].bps": 1.0, "cells[under 1].bps": 2.0, "cells[at 2].bps": 3.0,
    }  # fmt: skip
    told = [place for row in LAST["benches"] for place, _ in figures(row["found"])]
    assert len(told) > 1000
    for row in LAST["benches"]:
        places = [place for place, _ in figures(row["found"])]
        assert len(set(places)) == len(places), row["name"]


def test_a_page_of_two_runs(tmp_path: Path, answers: dict[str, tuple[int, str, str]]) -> None:
    page = tmp_path / "report.html"
    where = ("--results", str(tmp_path))
    assert nacre("report", *where, "--to", str(page)).exit_code == 2
    for _ in range(2):
        assert nacre("run", "hop", *where).exit_code == 0
        (kept,) = tmp_path.glob("2*.json")
        kept.rename(tmp_path / f"1{len(list(tmp_path.iterdir()))}.json")
    assert nacre("report", *where, "--to", str(page)).exit_code == 0
    text = page.read_text()
    for word in ("hop: ratio_p50", "percentiles", "cost against live", "raw_ns.max"):
        assert word in text
    assert text.count("<svg") == 3


def test_a_file_that_is_no_run(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(ValueError, match="it has no benches"):
        suite.read(tmp_path)


def test_a_bench_that_nobody_knows() -> None:
    with pytest.raises(KeyError, match="one of hop"):
        find("nothing")


def test_a_report_and_a_history_of_it(tmp_path: Path, answers: dict[str, tuple[int, str, str]]) -> None:
    docs = tmp_path / "docs"
    answers["peers"] = 0, json.dumps(FOUND | {"peers": [{"peer": "pyzmq ipc", "version": "27.3.0"}]}), ""
    answers["nt"] = 2, "", "error: no network"
    docs.mkdir()
    at = {"ns": {"p50": 800, "p99": 900}}
    engine = {"placements": {"fused": at, "pinned": at}}
    placed = {"engines": {f"engine {i}": engine for i in range(9)}, "load_average": 0.1}
    (docs / "placement.json").write_text(json.dumps(placed))
    words = ("run", "hop", "peers", "nt", "--results", str(tmp_path / "runs"), "--report", str(docs))
    for _ in range(2):
        assert nacre(*words).exit_code == 0
    assert json.loads((docs / "bench.json").read_text())["benches"][0]["found"] == FOUND
    lines = (docs / "bench_history.jsonl").read_text().splitlines()
    assert [json.loads(line)["benches"][0]["found"] for line in lines] == 2 * [{"ratio_p50": 1.25}]
    page = (docs / "bench.html").read_text()
    for word in ("27.3.0", "error: no network", "by placement", "hop: ratio_p50", "In a run of its own"):
        assert word in page


def test_one_that_takes_too_long_is_interrupted_and_puts_away(tmp_path: Path) -> None:
    left = tmp_path / "left"
    code = (
        "import pathlib, time\n"
        f"try: print('begun', flush=True); time.sleep(600)\nfinally: pathlib.Path({str(left)!r}).touch()"
    )
    with suite._begun([sys.executable, "-c", code], tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        suite._end(process)
    assert left.exists()
