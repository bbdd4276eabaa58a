"""`bench command`: every command is run against a real core, and one that fails is told."""

from __future__ import annotations

import sys

import pytest

from bench import command


def test_each_command_runs_and_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "COMMANDS", {"--help": (), "order list -o json": (), "core status": ()})
    found = command.run(rounds=1)
    assert found["ok"], found
    rows = {row["command"]: row for row in found["commands"]}
    assert [(name, row["count"]) for name, row in rows.items()] == [
        ("python -c pass", 3),
        ("--help", 1),
        ("order list -o json", 1),
        ("core status", 1),
    ]
    assert all(row["p50_ms"] > 0 for row in rows.values())
    imports = {row["command"]: row for row in found["imports"]}
    assert imports["core status"]["modules"] > imports["--help"]["modules"] > 50
    longest = [each.rpartition(":") for each in imports["--help"]["longest"].split()]
    assert len(longest) == 6
    took_ms = [float(ms) for _, _, ms in longest]
    assert took_ms == sorted(took_ms, reverse=True)
    assert all(name.isidentifier() for module, _, _ in longest for name in module.split("."))


def test_a_command_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "COMMANDS", {"order show": ("none",)})
    found = command.run(rounds=1)
    assert not found["ok"]
    assert found["failed"]["order show"].startswith("exit 1: no order none")


@pytest.mark.parametrize(
    ("code", "said"), [("", "it printed nothing"), ("print('{}')", ""), ("exit(3)", "exit 3: ")]
)
def test_what_is_wrong_with_an_output(code: str, said: str) -> None:
    found = command._fails([sys.executable, "-c", code])
    assert found == said


def test_json_that_is_none_is_wrong() -> None:
    assert command._fails([sys.executable, "-c", "print('x')", "json"]).startswith("no JSON")
    assert command._fails([sys.executable, "-c", "print('{}')", "json"]) == ""
