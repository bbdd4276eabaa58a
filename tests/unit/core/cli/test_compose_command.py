"""`nacre up|down|ps|logs` with a made-up Compose: what it is asked for, and with which variables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.board import board_bytes
from core.cli import compose, root
from core.live.config import load

DEPLOY = Path(compose.__file__).parents[2] / "deploy"


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that notes its words and variables, a line a call."""
    log, program = tmp_path / "asked.jsonl", tmp_path / "docker-compose"
    program.write_text(
        "#!/usr/bin/env python3\nimport json, os, sys\n"
        f"print(json.dumps([sys.argv[1:], dict(os.environ)]), file=open({str(log)!r}, 'a'))\n"
        "print(os.environ.get('SAYS', '') if {'config', '{{.Name}}'} & set(sys.argv) else '')\n"
        "sys.exit(0 if 'config' in sys.argv else int(os.environ.get('CODE', '0')))\n"
    )
    program.chmod(0o755)
    monkeypatch.setattr(compose, "_client", lambda: [str(program)])
    return log


def run(*words: str) -> Any:
    return CliRunner().invoke(root, words)


def calls(log: Path) -> list[tuple[list[str], dict[str, str]]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_up_with_a_strategy_brings_the_bridge_too(asked: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("")
    assert run("up", "--strategy", str(file)).exit_code == 0
    ((words, env),) = calls(asked)
    assert str(DEPLOY / "compose.strategy.yaml") in words
    assert [words[i + 1] for i, word in enumerate(words) if word == "--profile"] == ["bridge"]
    assert env["NACRE_STRATEGY"] == str(file)


def test_what_works_beside_the_core_brings_the_bridge_too(asked: Path, tmp_path: Path) -> None:
    file = tmp_path / "engines.toml"
    file.write_text("[risk.params]\nperiod_s = 60.0\n")
    assert run("up", "--with", "services", "--with", "backend", "--engines", str(file)).exit_code == 0
    ((words, env),) = calls(asked)
    assert str(DEPLOY / "compose.services.yaml") in words
    profiles = [words[i + 1] for i, word in enumerate(words) if word == "--profile"]
    assert profiles == ["bridge", "services", "backend"]
    assert env["NACRE_ENGINES"] == str(file)


def test_up_works_out_the_shared_memory(asked: Path) -> None:
    assert run("up", "--placement", "contained", "--bridge").exit_code == 0
    ((words, env),) = calls(asked)
    assert words[:2] == ["-f", str(DEPLOY / "compose.yaml")]
    assert [words[i + 1] for i, word in enumerate(words) if word == "--profile"] == ["contained", "bridge"]
    assert {"up", "--no-build", "--wait"} <= set(words)
    assert env["NACRE_PLACEMENT"] == "contained"
    needed = board_bytes(load(str(DEPLOY / "core.toml")).capacity)
    assert needed < int(env["NACRE_SHM_SIZE"]) <= needed + (1 << 20) + 4096


def test_the_network_is_for_remote_engines_alone(asked: Path) -> None:
    run("up")
    run("up", "--placement", "remote")
    pinned, remote = (words for words, _ in calls(asked))
    assert not any("compose.remote.yaml" in word for word in pinned)
    assert any("compose.remote.yaml" in word for word in remote)


def test_down_stops_the_core_first(asked: Path) -> None:
    assert run("down").exit_code == 0
    assert run("down", "--volumes").exit_code == 0
    ends = [words[words.index(compose.PROFILES[-1]) + 1 :] for words, _ in calls(asked)]
    ends = [end for end in ends if end[0] != "ps"]
    assert ends == [["stop", "core"], ["down"], ["stop", "core"], ["down", "--volumes"]]


@pytest.mark.parametrize("words", [("down",), ("ps",), ("logs", "--follow", "strategy")])
def test_what_runs_is_asked_for_with_the_strategy(
    asked: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NACRE_STRATEGY", raising=False)
    assert run(*words).exit_code == 0
    for told, env in calls(asked):
        assert str(DEPLOY / "compose.strategy.yaml") in told
        assert env["NACRE_STRATEGY"]  # the file can't be read without it


def test_down_says_what_it_left(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYS", "nacre-postgres-1")
    found = run("down")
    assert found.exit_code == 1
    assert "nacre-postgres-1" in found.stderr
    assert "--file" in found.stderr


def test_the_engines_file_is_checked_before_anything_starts(asked: Path, tmp_path: Path) -> None:
    file = tmp_path / "engines.toml"
    file.write_text("[risk]\nevry_s = 1\n")
    found = run("up", "--with", "services", "--engines", str(file))
    assert found.exit_code == 2
    assert f"{file}:2: evry_s" in found.stderr
    assert not asked.exists()


def test_a_failure_of_compose_is_ours(asked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", "3")
    found = run("logs", "--follow", "risk")
    assert found.exit_code == 1
    assert "ended with 3" in found.stderr
    assert "image" not in found.stderr
    assert calls(asked)[0][0][-3:] == ["logs", "--follow", "risk"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Error response from daemon: No such image: $3", "missing images: nacre/core, nacre/ml; "),
        ("Cannot connect to the Docker daemon: is it running?", ""),
    ],
)
def test_images_are_told_of_where_they_are_missing(
    asked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, said: str
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "{answer}" >&2\nexit 1\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("CODE", "1")
    monkeypatch.setenv("SAYS", "nacre/core nacre/ml nacre/core")
    found = run("up")
    assert found.exit_code == 1
    assert "docker compose up ended with 1" in found.stderr
    assert said in found.stderr
    assert ("make images" in found.stderr) is bool(said)


def test_a_bad_configuration_is_told_before_anything_starts(asked: Path, tmp_path: Path) -> None:
    bad = tmp_path / "core.toml"
    bad.write_text("colour = 1\n")
    found = run("up", "--config", str(bad))
    assert found.exit_code == 2
    assert "colour" in found.stderr
    assert not asked.exists()
