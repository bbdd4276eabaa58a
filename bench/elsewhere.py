"""Engines that no supervisor starts, as containers run them: each in a process that is brought back when it
dies.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


class Engines:
    """`nacre core VERB NAME OPTIONS` of each name, again and again until the block ends; {stage} is the
    name. `execution-2` is another engine of the stage `execution`.
    """

    def __init__(self, verb: str, names: Iterable[str], *options: str) -> None:
        self._commands = {
            name: [verb, name.partition("-")[0], *(each.format(stage=name) for each in options)]
            for name in names
        }
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def __enter__(self) -> Engines:
        for name in self._commands:
            self._start(name)
        self._keeper.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._keeper.join()
        for process in self._processes.values():
            process.terminate()
        codes = {name: process.wait(20) for name, process in self._processes.items()}
        early = -signal.SIGTERM  # one that had just been started, before it could say how it ends
        assert set(codes.values()) <= {0, early, -signal.SIGKILL}, codes

    def _start(self, name: str) -> None:
        command = [sys.executable, "-m", "core.cli", "core", *self._commands[name]]
        self._processes[name] = subprocess.Popen(command, cwd=ROOT)

    def _keep(self) -> None:
        while not self._ended.wait(0.02):
            for name, process in list(self._processes.items()):
                if process.poll() is not None and not self._ended.is_set():
                    self._start(name)

    def pid(self, name: str) -> int:
        return self._processes[name].pid

    def kill(self, name: str) -> None:
        self._processes[name].kill()
