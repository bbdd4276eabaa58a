"""Engines of the periphery that follow a floor's core, each a process: what they say is on the pages."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
    probes = {name: f"127.0.0.1:{_free_port()}" for name in names}
    running = [_start(name, journal, folders[name], probes[name]) for name in names]
    try:
        yield Followers(folders, probes)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.communicate(timeout=WAIT_S)


def _start(name: str, journal: Path, folder: Path, probe: str) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "core.cli", "engine", "run", name, "--journal", str(journal)]
    words += ["--state", str(folder), "--http", probe]
    for param in FOLLOWING[name]:
        words += ["--param", param]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
