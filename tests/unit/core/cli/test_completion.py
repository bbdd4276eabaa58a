"""Completion in a shell: the scripts, and what the command answers to them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.cli import root

NACRE = Path(sys.executable).with_name("nacre")


def words_for(line: str) -> list[str]:
    """What bash would be offered at the end of the line."""
    at = str(line.count(" "))
    env = os.environ | {"_NACRE_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": at}
    done = subprocess.run([NACRE], env=env, capture_output=True, text=True, check=True)
    return [found.partition(",")[2] for found in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("nacre or", ["order"]),
        ("nacre core s", ["status", "stop"]),
        (
            "nacre order ",
            ["algo", "bust", "buy", "cancel", "close", "fill", "list", "replace", "sell", "send", "show"],
        ),
        ("nacre kill s", ["strategy", "symbol", "session"]),
        ("nacre order buy AAPL 1 --po", ["--post-only"]),
        ("nacre order buy AAPL 1 --tif g", ["gtc", "gtd"]),
        ("nacre core top -o ", ["table", "json"]),
    ],
)
def test_what_is_offered(line: str, offered: list[str]) -> None:
    assert [word for word in words_for(line) if word != "--help"] == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_script_asks_nacre(shell: str) -> None:
    done = CliRunner().invoke(root, ["completion", shell])
    assert done.exit_code == 0, done.output
    assert f"_NACRE_COMPLETE={shell}_complete" in done.stdout


def test_another_shell_is_wrong_usage() -> None:
    assert CliRunner().invoke(root, ["completion", "csh"]).exit_code == 2


def test_in_a_real_bash() -> None:
    script = CliRunner().invoke(root, ["completion", "bash"]).stdout
    ask = 'COMP_WORDS=(nacre position li); COMP_CWORD=2; _nacre_completion nacre; echo "${COMPREPLY[@]}"'
    env = os.environ | {"PATH": f"{NACRE.parent}{os.pathsep}{os.environ['PATH']}"}
    command = ["bash", "--norc", "-c", f"{script}\n{ask}"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["list"]
