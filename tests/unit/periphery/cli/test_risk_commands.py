"""`nacre risk`, `rearm` and `day` against a core that speaks the protocol: output and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.cli import root
from tests.support_session import FakeCore

type Run = Callable[..., Result]
ORDER = '{"account":"A1","symbol":"AAPL","side":"buy","order_qty":"%s","ord_type":"market"}'
FILES = ("symbols", "accounts", "positions", "limits", "restricted")


@pytest.fixture
def run() -> Run:
    def invoke(*words: str, code: int = 0) -> Result:
        result = CliRunner().invoke(root, words)
        assert result.exit_code == code, result.output
        return result

    return invoke


def asked(core: FakeCore, op: str) -> dict[str, Any]:
    """The last request of that kind."""
    return [said for said in core.said if said["op"] == op][-1]


def test_limits(core: FakeCore, run: Run) -> None:
    assert "max_order_qty" in run("risk", "limits").stdout
    assert json.loads(run("risk", "limits", "-o", "json").stdout)["limits"][0]["value"] == "1000"


def test_set_says_who_and_what(core: FakeCore, run: Run) -> None:
    words = "risk set max_position 500 --account A1 --each symbol --soft --by ann --second bob"
    result = run(*words.split())
    assert result.stderr == "max_position of account A1 is 500\n"
    assert asked(core, "risk_set")["limit"] == {
        "check": "max_position", "value": "500", "account": "A1", "each": "symbol", "soft": True,
        "by": "ann", "second": "bob",
    }  # fmt: skip
    run(
        *[
            "risk",
            "set",
            "daily_loss",
            "9",
            "--group",
            "fast",
            "--currency",
            "USD",
            "--action",
            "reducing",
            "--by",
            "ann",
        ]
    )
    assert asked(core, "risk_set")["limit"]["action"] == "reducing"
    assert "unknown check" in run("risk", "set", "nonsense", "1", code=1).stderr


def test_an_override_needs_two(core: FakeCore, run: Run) -> None:
    words = "risk override max_position 800 --account A1 --until 2026-11-26T17:00:00Z --by ann"
    assert "second" in run(*words.split(), code=1).stderr
    assert "is 800 until" in run(*words.split(), "--second", "bob").stderr
    assert asked(core, "risk_override")["line"]["until"] == "2026-11-26T17:00:00Z"
    assert json.loads(run(*words.split(), "--second", "bob", "-o", "json").stdout)["lifted"] == 1
    run("risk", "override", "max_position", "800", "--by", "ann", code=2)


def test_load_is_told_before_it_is_done(core: FakeCore, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "limits.jsonl"
    file.write_text('# ours\n{"type":"limit","check":"max_order_qty","value":"2000"}\n')
    dry = run("risk", "load", str(file), "--dry-run", "--by", "ann")
    assert "before 1000" in dry.stderr
    assert "would be set" in dry.stderr
    assert asked(core, "risk_load")["apply"] is False
    assert "second" in run("risk", "load", str(file), "--by", "ann", code=1).stderr
    value = json.loads(run("risk", "load", str(file), "--by", "ann", "--second", "bob", "-o", "json").stdout)
    assert (value["applied"], value["looser"]) == (True, ["max_order_qty"])
    file.write_text("nonsense\n")
    assert "line 1" in run("risk", "load", str(file), "--by", "ann", code=2).stderr


def test_status(core: FakeCore, run: Run) -> None:
    result = run("risk", "status")
    assert "1 scope" in result.stdout
    assert "halted" in result.stdout
    assert "40.0" in result.stdout
    assert json.loads(run("risk", "status", "-o", "json").stdout)["states"][0]["key"] == "fast"


def test_explain(core: FakeCore, run: Run) -> None:
    assert "it would pass" in run("risk", "explain", ORDER % "400").stdout
    result = run("risk", "explain", ORDER % "1200")
    assert "denied: max_order_qty" in result.stdout
    assert "-200" in result.stdout
    assert json.loads(run("risk", "explain", ORDER % "1", "-o", "json").stdout)["denied"] is None
    assert "isn't declared" in run("risk", "explain", (ORDER % "1").replace("AAPL", "X"), code=1).stderr
    assert "isn't JSON" in run("risk", "explain", "buy", code=2).stderr


def test_a_group_is_armed_by_two_persons(core: FakeCore, run: Run) -> None:
    run("rearm", "group", "fast", "--by", "ann", "--second", "bob", "--yes")
    said = asked(core, "rearm")
    assert (said["scope"], said["key"], said["by"], said["second"]) == ("group", "fast", "ann", "bob")
    run("rearm", "group", "--by", "ann", "--yes", code=2)
    run("kill", "group", "fast", "--by", "ann", "--yes", code=2)


def test_a_day_opens_by_two_and_closes_by_one(core: FakeCore, run: Run) -> None:
    assert "closed by start of day" in run("day", "status").stdout
    assert "second" in run("day", "open", "--by", "ann", code=1).stderr
    assert "trading is open" in run("day", "open", "--by", "ann", "--second", "bob").stdout
    run("order", "buy", "AAPL", "1", "--limit", "190", "--id", "own-1")
    assert "1 working order" in run("day", "close", "--by", "ann").stdout
    value = json.loads(run("day", "close", "--by", "ann", "--cancel", "-o", "json").stdout)
    assert (value["open"], value["closed_by"], value["working"]) == (False, "ann", 0)
    assert "day 2026-11-27" in run("day", "next", "2026-11-27", "--by", "ann").stdout


def test_tomorrows_files_are_written(core: FakeCore, run: Run, tmp_path: Path) -> None:
    today, tomorrow = tmp_path / "today", tmp_path / "tomorrow"
    today.mkdir()
    for name in FILES:
        (today / f"{name}.jsonl").touch()
    run("order", "buy", "AAPL", "1", "--limit", "190", "--id", "own-1")
    words = ("day", "close", "--by", "ann", "--to", str(tomorrow), "--wait", "0.1")
    assert "close the day first" in run(*words, code=1).stderr
    assert "whose symbols" in run(*words, "--cancel", code=2).stderr
    run(*words, "--symbols", str(today))
    assert sorted(path.stem for path in tomorrow.iterdir()) == sorted(FILES)
    assert "is there already" in run(*words, "--symbols", str(today), code=1).stderr


def test_check_needs_no_core(run: Run, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for name in FILES:
            (tmp_path / folder / f"{name}.jsonl").touch()
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    assert "nothing is in doubt" in run("day", "check", a).stdout
    account = '{"type":"account","account":"A","currency":"USD","cash":"%s"}\n'
    limit = '{"type":"limit","check":"max_order_qty","value":"1"}\n'
    for folder, cash in (("a", "5"), ("b", "6")):
        (tmp_path / folder / "accounts.jsonl").write_text(account % cash)
        (tmp_path / folder / "limits.jsonl").write_text(limit)
    result = run("day", "check", b, "--yesterday", a, "-o", "json", code=1)
    (doubt,) = json.loads(result.stdout)["doubts"]
    assert (doubt["from"], doubt["to"]) == ("cash 5", "cash 6")
    (tmp_path / "b" / "accounts.jsonl").write_text("{}\n")
    assert "accounts.jsonl:1:" in run("day", "check", b, code=2).stderr
    (tmp_path / "b" / "limits.jsonl").unlink()
    (tmp_path / "b" / "accounts.jsonl").write_text("")
    assert "limits.jsonl" in run("day", "check", b, code=2).stderr
