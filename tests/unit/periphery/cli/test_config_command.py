"""`nacre config`: what parts are run with, from where, and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from periphery.cli.config import command

CORE = 'wait = "yield"\n[capacity]\norders = 4096\n'
ENGINES = '[risk]\njournal = "/j"\nstate = "/s"\nsave_every_s = 2.5\n[risk.params]\nconfidence = 0.9\n'
BACKEND = 'state = "state"\nstore = "postgresql://ann:hunter2@db/nacre"\n[limits]\nuser_burst = 7\n'


def typed(*words: object) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def shown(*words: object) -> dict[str, tuple[object, str]]:
    ran = typed("show", *words, "--origin", "-o", "json")
    assert ran.exit_code == 0, ran.output
    return {row["key"]: (row["value"], row["origin"]) for row in json.loads(ran.stdout)}


def test_a_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "core.toml"
    file.write_text(CORE)
    monkeypatch.setenv("NACRE_CORE_MAX_SESSIONS", "9")
    monkeypatch.setenv("NACRE_SOCKET", "/tmp/x.sock")
    found = shown("core", "--config", file, "--set", "placement=fused")
    assert found["wait"] == ("yield", f"{file}:1")
    assert found["max_sessions"] == (9, "NACRE_CORE_MAX_SESSIONS")
    assert found["placement"] == ("fused", "--placement")
    assert found["durability"] == ("async", "default")
    assert found["capacity.orders"] == (4096, f"{file}:3")
    assert found["capacity.fills"][1] == "default"
    assert found["socket"] == ("/tmp/x.sock", "NACRE_SOCKET")


def test_an_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "engines.toml"
    file.write_text(ENGINES)
    monkeypatch.setenv("NACRE_RISK_STATE", "/other")
    found = shown("risk", "--config", file, "--set", "http=127.0.0.1:9")
    assert found["journal"] == ("/j", f"{file}:2")
    assert found["state"] == ("/other", "NACRE_RISK_STATE")
    assert found["http"] == ("127.0.0.1:9", "--http")
    assert found["params.confidence"] == (0.9, f"{file}:6")
    assert found["stale_after_s"] == (5.0, "default")


def test_a_backend_and_no_password(tmp_path: Path) -> None:
    file = tmp_path / "backend.toml"
    file.write_text(BACKEND)
    found = shown("backend", "--config", file)
    assert found["store"] == ("postgresql://ann:***@db/nacre", f"{file}:2")
    assert found["limits.user_burst"] == (7, f"{file}:4")
    assert found["limits.body_bytes"][1] == "default"
    assert "hunter2" not in typed("show", "backend", "--config", file).output


@pytest.mark.parametrize(
    ("part", "text", "words"),
    [
        ("core", 'wait = "soon"', ":1: wait = 'soon': give one of"),
        ("core", "a = = b", "isn't TOML"),
        ("engines", '[risk]\njournal = "/j"\nstate = "/s"\nsave_every_s = 0', ":4: save_every_s = 0: "),
        ("engines", '[risk]\njournal = "/j"\nstate = "/s"\nodd = 1', ":4: odd = 1: "),
        (
            "engines",
            '[risk]\njournal = "/j"\nstate = "/s"\nodd = 1',
            "`odd`; it has connect, core, every_s",
        ),
        ("backend", 'state = "s"\nodd = 1', "field `odd`; it has answer_s, backtests, "),
        ("backend", 'state = "s"\n[limits]\nodd = 1', "at `$.limits`; it has address_burst, address_per_s"),
        ("engines", '[none]\nstate = "/s"', "none: no such part"),
        ("engines", '[websocket]\njournal = "/j"\nclients = 0', ":3: clients = 0: "),
        ("backend", 'state = "s"\ntoken_s = -1', ":2: token_s = -1"),
        ("fix", "store = 1", "[[session]]"),
        ("act", 'enabled = "yes"', "act.toml: "),
    ],
)
def test_mistakes(tmp_path: Path, part: str, text: str, words: str) -> None:
    file = tmp_path / f"{part}.toml"
    file.write_text(text)
    ran = typed("check", f"{part}={file}", "-o", "json")
    (problem,) = json.loads(ran.stdout)["problems"]
    assert (ran.exit_code, words in problem) == (2, True), problem


def test_what_is_right(tmp_path: Path) -> None:
    (tmp_path / "core.toml").write_text(CORE)
    (tmp_path / "engines.toml").write_text(ENGINES + '[cache]\nredis = "redis://h"\n')
    ran = typed("check", f"core={tmp_path / 'core.toml'}", f"engines={tmp_path / 'engines.toml'}")
    assert (ran.exit_code, "2 files" in ran.output) == (0, True), ran.output


def test_the_files_of_deploy_are_right() -> None:
    deploy = Path(__file__).resolve().parents[4] / "deploy"
    files = (
        f"core={deploy / 'core.toml'}",
        f"core={deploy / 'kubernetes' / 'base' / 'core.toml'}",
        f"engines={deploy / 'engines.toml'}",  # each engine's folder is an option of its command
    )
    ran = typed("check", *files)
    assert ran.exit_code == 0, ran.output
