"""`nacre bench`: options reach the bench, JSON reaches standard output, `ok` decides the exit code."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bench import backtest_memory, check, client, command, hop, machine, throughput
from core.cli import root

SMALL = ("--symbols", "5", "--live", "300", "--new", "100", "--filled", "50", "--quotes", "100")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(root, ["bench", *arguments])


@pytest.mark.usefixtures("two_processors")
def test_hop_in_a_tiny_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hop, "LEAST_TRIPS", 1)
    done = run("hop", "--blocks", "2", "--block-ms", "0.2", "--slots", "16", "-o", "json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["ok"], found["blocks"], found["wait"]) == (True, 2, "spin")
    assert set(found["machine"]) == {"processor", "processors", "kernel", "clock_source"}


def test_throughput_in_a_tiny_form() -> None:
    done = run("throughput", *SMALL, "-o", "json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["shape"]["live"] == 300


def test_backtest_memory_in_a_tiny_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backtest_memory, "GOAL", 100.0)
    found = json.loads(run("backtest-memory", "--rows", "2000", "-o", "json").stdout)
    assert found["ok"]
    assert [each["rows"] for each in found["runs"]["orders"]] == [2000, 20_000]
    assert [each["fills"] for each in found["runs"]["rows"]] == [0, 0]


def test_a_table_is_printed() -> None:
    done = run("throughput", *SMALL)
    assert done.exit_code == 0, done.output
    assert "filled orders per s" in done.stdout


@pytest.mark.parametrize(
    ("module", "name"),
    [
        (hop, "hop"),
        (throughput, "throughput"),
        (client, "client"),
        (command, "command"),
        (check, "check"),
    ],
)
@pytest.mark.parametrize(("ok", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_is_that_of_ok(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, ok: bool, code: int
) -> None:
    monkeypatch.setattr(module, "run", lambda **how: {"ok": ok})
    done = run(name, "-o", "json")
    assert (done.exit_code, json.loads(done.stdout)) == (code, {"ok": ok})
    assert ("a check failed" in done.stderr) is not ok


def test_too_few_processors_exits_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "usable", lambda: [0])
    done = run("hop")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "need 2 processors" in done.stderr
