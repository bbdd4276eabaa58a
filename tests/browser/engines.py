"""Engines of the periphery that follow a floor's core, each a process: what they say is on the pages."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.live_core import until

WAIT_S = 60.0
FOLLOWING: dict[str, tuple[str, ...]] = {
    "risk": ("period_s=1.0", "least=5", "draws=200"),
    "factor": ("period_s=1.0", "least=5"),
    "portfolio": ("period_s=1.0", "least=5", "method=equal"),
    "analytics": ("period_s=1.0",),
    "bars": ("every=1s",),
}
"""Their parameters: periods so short that all have something to say within seconds."""


@dataclass(frozen=True)
class Followers:
    """folders: of what each says. probes: where each tells how it is."""

    folders: Mapping[str, Path]
    probes: Mapping[str, str]


@contextmanager
def following(folder: Path, journal: Path, names: tuple[str, ...]) -> Iterator[Followers]:
    folders = {name: folder / name for name in names}
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name in names:
            running[name] = _start(name, journal, folders[name])
        yield Followers(folders, {name: f"127.0.0.1:{_port(_log(each))}" for name, each in folders.items()})
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            process.communicate(timeout=WAIT_S)


def _start(name: str, journal: Path, folder: Path) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "core.cli", "engine", "run", name, "--journal", str(journal)]
    words += ["--state", str(folder), "--http", "127.0.0.1:0"]
    for param in FOLLOWING[name]:
        words += ["--param", param]
    with _log(folder).open("wb") as log:
        return subprocess.Popen(words, stderr=log)


def _log(folder: Path) -> Path:
    return folder.with_suffix(".log")


def _port(log: Path) -> int:
    """Where its probes answer: it says so when it begins."""
    begins: str = until(
        lambda: "\n" in (text := log.read_text()) and text.split("\n")[0], "it begins", WAIT_S
    )
    return int(json.loads(begins)["port"])
