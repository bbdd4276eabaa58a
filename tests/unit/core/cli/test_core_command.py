"""`nacre core status` and `top`: what a core says of itself, for people and as JSON; exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from core.cli import root, status
from core.live import ask
from core.live.ask import NoCore

TOLD: dict[str, Any] = {
    "id": 1,
    "ok": True,
    "pid": 12345,
    "name": "desk",
    "placement": "fused",
    "wait": "sleep",
    "live": False,
    "durability": "async",
    "seq": 1_000,
    "epoch": 1,
    "workers": [
        {"name": "core", "pid": 12346, "stages": ["sequencer", "risk", "journal"], "cpu": 1, "wait": "spin"},
        {"name": "venues", "pid": 12347, "stages": ["venues"], "cpu": None, "wait": "spin"},
    ],
    "cursors": {"risk": 999, "journal": 1_005},
    "journal": {"path": "/j", "bytes": 64 << 20},
    "sessions": [
        {"name": "al[red]pha", "session": 1, "requests": 7, "responses": 14, "quotes": 2_000, "waiting": 3,
         "capacity": 1024}
    ],
    "inputs": 7,
    "events_per_s": 10,
    "uptime_ns": 7_320_000_000_000,
    "kills": [{"epoch": 4, "scope": "account", "key": "A1", "by": "ann", "at_ns": 1_700_000_000_000_000_000}],
    "halts": [{"scope": "venue", "key": "V1", "state": "halted", "reason": "exec_id_conflict"}],
    "sends": {"intents": 7, "suppressed": 0, "unknown_at_start": 0},
    "restored": {},
}  # fmt: skip


class Core:
    """Answers `ask`; each status is 1,000 events further."""

    def __init__(self, **changed: Any) -> None:
        self.told = TOLD | changed
        self.asked: list[tuple[Path, str]] = []

    def __call__(self, path: Path, op: str, **_values: Any) -> dict[str, Any]:
        self.asked.append((path, op))
        return {**self.told, "seq": self.told["seq"] * len(self.asked)}


def run(*words: str) -> Result:
    return CliRunner().invoke(root, ["core", *words, "--socket", "/none.sock"])


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Core:
    core = Core()
    monkeypatch.setattr(ask, "ask", core)
    monkeypatch.setattr(status, "FIRST_S", 0)
    return core


def test_status_for_people(core: Core) -> None:
    done = run("status")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(" SIM  core desk")
    for words in ("12345", "2 h 2 min", "2023-11-14 22:13:20 UTC", "al[red]pha", "fused"):
        assert words in done.stdout
    assert core.asked == [(Path("/none.sock"), "status")]


def test_status_as_json_is_what_the_core_said(core: Core) -> None:
    assert json.loads(run("status", "-o", "json").stdout) == {
        key: value for key, value in TOLD.items() if key not in ("id", "ok")
    }


def test_top_once_has_engines_rings_and_the_rate_between_two_looks(core: Core) -> None:
    found = json.loads(run("top", "--once", "-o", "json").stdout)
    assert (found["seq"], found["uptime_s"], found["live"]) == (2_000, 7_320, False)
    assert found["events_per_s"] > 0
    fused = {"pid": 12346, "cpu": 1, "wait": "spin"}
    assert found["engines"] == [
        {"engine": "sequencer", **fused, "seq": 2_000, "behind": 0},
        {"engine": "risk", **fused, "seq": 999, "behind": 1_001},
        {"engine": "journal", **fused, "seq": 1_005, "behind": 995},
        {"engine": "venues", "pid": 12347, "cpu": None, "wait": "spin", "seq": None, "behind": None},
    ]
    shown = ("sessions", "kills", "halts")
    assert [found[key] for key in shown] == [TOLD[key] for key in shown]


def test_top_for_people(core: Core) -> None:
    shown = run("top", "--once").stdout
    assert shown.startswith(" SIM  desk: 2,000 events, ")
    for words in (
        "up 2 h 2 min",
        "fused, wait sleep",
        "64 MiB",
        "risk",
        "3 of 1,024",
        "kills in force",
        "exec_id_conflict",
        "A1",
    ):
        assert words in shown
    core.told |= {"sessions": [], "kills": [], "halts": [], "live": True}
    assert run("top", "--once").stdout.startswith(" LIVE  desk")
    assert not {"kills", "halted"} & set(run("top", "--once").stdout.split())


@pytest.mark.parametrize(("line", "op"), [("status", "status"), ("top --once", "status"), ("stop", "stop")])
def test_no_core_is_exit_3_and_a_refusal_exit_1(monkeypatch: pytest.MonkeyPatch, line: str, op: str) -> None:
    refusals = ((NoCore("nobody"), 3, "nobody\n"), (RuntimeError("no"), 1, f"the core refused {op}: no\n"))
    for error, code, said in refusals:

        def refuse(*_given: Any, error: Exception = error, **_values: Any) -> None:
            raise error

        monkeypatch.setattr(ask, "ask", refuse)
        done = run(*line.split())
        assert (done.exit_code, done.stdout, done.stderr) == (code, "", said)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (3_725, "1 h 2 min"), (90_000, "1 d 1 h")],
)
def test_a_duration_in_words(seconds: int, words: str) -> None:
    assert status.duration(seconds) == words
