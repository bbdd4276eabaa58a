"""A running core: what happens to an instrument, and what a person books, from the command line to the
statement."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.recovery import replay
from tests.integration.live_core import DECLARED, ROOT, Process

LINES: list[dict[str, Any]] = [
    *DECLARED,
    {"type": "account", "account": "SUSPENSE", "currency": "USD"},
    {"type": "open_position", "account": "A", "symbol": "EURUSD", "qty": "100", "avg_cost": "1.1"},
    {"type": "mark", "symbol": "EURUSD", "px": "1.2"},
]


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path, declared=[line for line in LINES if line["type"] != "mark"])
    process.start()
    yield process
    if process.process is not None:
        process.stop()


def nacre(core: Process, *arguments: object, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "core.cli", "position", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    return done


def held(core: Process) -> dict[str, tuple[str, str]]:
    rows = json.loads(nacre(core, "list", "--socket", core.socket, "-o", "json").stdout)["positions"]
    return {row["account"]: (row["qty"], row["realized_pnl"]) for row in rows}


def test_an_instrument_is_adjusted_and_fills_are_booked_by_hand(core: Process, tmp_path: Path) -> None:
    at = ("--socket", core.socket)
    nacre(core, "adjust", "split", "EURUSD", "3/2", *at)
    nacre(core, "adjust", "dividend", "EURUSD", "0.5", *at)
    assert held(core) == {"A": ("150", "75")}
    fill = ("--symbol", "EURUSD", "--qty", "-40", "--price", "1.15", "--fee", "0.2", "--by", "anna", *at)
    nacre(core, "assign", "V1", "e9", "--account", "SUSPENSE", *fill)
    assert "booked already" in nacre(core, "assign", "V1", "e9", "--account", "A", *fill, code=1).stderr
    assert held(core)["SUSPENSE"][0] == "-40"
    nacre(core, "assign", "V1", "e9", "--from", "SUSPENSE", "--account", "A", *fill)
    assert (held(core)["A"][0], held(core)["SUSPENSE"]) == ("110", ("0", "0"))
    assert "isn't declared" in nacre(core, "assign", "V9", "e1", "--account", "A", *fill, code=1).stderr


def test_a_break_is_booked_and_the_next_file_agrees(core: Process, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.csv"
    theirs.write_text("account,symbol,qty\nA,EURUSD,130\n")
    breaks = tmp_path / "breaks.json"
    ask = ("reconcile", theirs, "--journal", core.journal, "--breaks", breaks, "-o", "json")
    (one,) = json.loads(nacre(core, *ask, code=1).stdout)["breaks"]
    assert (one["id"], one["difference"]) == ("A/EURUSD", "30")
    book = ("book", "A/EURUSD", "--breaks", breaks, "--venue", "V1", "--price", "1.1", "--by", "anna")
    nacre(core, *book, "--socket", core.socket)
    assert "is booked" in nacre(core, *book, "--socket", core.socket, code=2).stderr
    assert json.loads(nacre(core, *ask).stdout)["breaks"] == []
    assert held(core)["A"][0] == "130"
    told = core.stop()
    assert replay(core.journal)["state_hash"] == told["state_hash"]
    rows = json.loads(nacre(core, "statement", core.journal, "-o", "json").stdout)
    assert [(row["account"], row["qty"]) for row in rows["positions"]] == [("A", "130")]
