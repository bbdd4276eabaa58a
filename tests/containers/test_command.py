"""`nacre up`, `logs` and `down` with real containers, by the commands of the pages as they stand.

docs/tutorial.md: `nacre up --config desk.toml`, `nacre ps`, `docker exec`, `nacre logs strategy`,
`nacre down --volumes`.
docs/containers.md: `nacre up --with services --with backend`, `docker exec`, `docker volume inspect`,
`nacre position list --socket`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers.composed import ROOT, docker, until
from tests.integration.test_docs_run import files
from tests.support_docs import blocks

PASSWORD = "correct horse battery"
JOINS = """
import socket
from pathlib import Path
from periphery.backend.config import read_config
from periphery.websocket.rights import read_secret
config = read_config(Path("/etc/nacre/backend.toml"))
read_secret(Path(config.websocket_secret))
socket.create_connection(config.websocket.split(":"), 10)
print("joined")
"""


class Desk:
    """A folder with the tutorial's files, and a project of Compose of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.project = f"nacre-command-{os.getpid()}"
        (place / ".venv").symlink_to(ROOT / ".venv")
        for name, text in files("docs/tutorial.md").items():
            (place / name).write_text(text)
            (place / name).chmod(0o644)
        subprocess.run([sys.executable, "walk.py"], cwd=place, check=True)

    def run(self, command: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        """A page's command, in this project."""
        own = command.replace("nacre-core-1", f"{self.project}-core-1")
        own = own.replace("nacre-backend-1", f"{self.project}-backend-1")
        own = own.replace("nacre_run", f"{self.project}_run")
        environment = os.environ | {
            "COMPOSE_PROJECT_NAME": self.project,
            "NACRE_BACKEND_PORT": "127.0.0.1:",  # any that is free
            "NACRE_WEBSOCKET_PORT": "127.0.0.1:",
            "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        }
        return subprocess.run(
            ["bash", "-c", own], cwd=self.place, env=environment, input=typed, capture_output=True, text=True
        )

    def done(self, command: str, typed: str = "") -> str:
        ran = self.run(command, typed)
        assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}"
        return ran.stdout

    def left(self) -> str:
        """Containers, volumes and networks of this project."""
        label = f"label=com.docker.compose.project={self.project}"
        return "".join(
            docker(*words, "-q", "--filter", label)
            for words in (("ps", "-a"), ("volume", "ls"), ("network", "ls"))
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.run("nacre down --volumes")
    for word in docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={made.project}").split():
        docker("rm", "-f", word)


def commands(page: str, *words: str) -> list[str]:
    """Of a page, those that have one of the words, in its order."""
    found = [command for block in blocks() if block.page == page for command in block.commands()]
    return [command for command in found if any(word in command for word in words)]


def test_the_tutorial_s_strategy_trades_and_nothing_is_left(desk: Desk) -> None:
    told = commands("docs/tutorial.md", "nacre up", "nacre ps", "docker exec", "nacre logs", "nacre down")
    down = told.pop()
    said = {command: desk.done(command) for command in told}
    assert "filled" in until(lambda: _with(desk.done(told[-1]), "filled"), "the strategy's log tells a fill")
    assert any("EURUSD" in text for command, text in said.items() if "position list" in command)
    assert desk.left()
    desk.done(down)
    assert desk.left() == ""


def _with(text: str, word: str) -> str:
    return text if word in text else ""


def test_down_says_what_is_of_another_file(desk: Desk) -> None:
    file = desk.place / "more.yaml"
    sleeps = ["python3", "-c", "import time; time.sleep(600)"]
    more = {"image": "nacre/core", "entrypoint": sleeps, "network_mode": "none"}
    file.write_text(json.dumps({"services": {"more": more}}))
    desk.done(f"nacre up --file {file}")
    ran = desk.run("nacre down")
    assert ran.returncode == 1
    assert f"{desk.project}-more-1" in ran.stderr
    desk.done(f"nacre down --volumes --file {file}")
    assert desk.left() == ""


def test_a_backend_s_first_user_and_its_pages_stream(desk: Desk) -> None:
    page = "docs/containers.md"
    (up,) = [each for each in commands(page, "nacre up") if each.endswith("--with services --with backend")]
    desk.done(up)
    (add,) = commands(page, "backend user add")
    desk.done(add, f"{PASSWORD}\n")
    (ask,) = commands(page, "nacre order list")
    desk.done(ask)
    desk.done("\n".join(commands(page, "docker volume", "position list --socket")))
    assert "joined" in docker("exec", "-u", "10001", f"{desk.project}-backend-1", "python3", "-c", JOINS)
