"""The process that publishes a core's events, kept going beside the bridge."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from core.live.ask import ask

AGAIN_S = 1.0
END_S = 10.0
_PR_SET_PDEATHSIG = 1


def end_with(parent: int) -> None:
    """A bridge that is killed takes its stream with it: the next one needs the address. parent: its pid."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


class Beside:
    """`nacre bridge stream` for the core at that socket. journal: its folder, None: as the core says."""

    def __init__(
        self, core_socket: Path, address: str, journal: Path | None, keys: Path | None, plain: bool,
        say: Callable[[str], object],
    ) -> None:  # fmt: skip
        self._core_socket = core_socket
        self._journal = journal
        self._options = [
            "--at",
            address,
            *(["--keys", str(keys)] if keys else []),
            *(["--plain"] if plain else []),
        ]
        self._say = say
        self._process: subprocess.Popen[bytes] | None = None
        self._next_s = 0.0

    def keep(self) -> None:
        """Starts it where it isn't running, not too often; never waits for it."""
        now = time.monotonic()
        if now < self._next_s or (self._process is not None and self._process.poll() is None):
            return
        self._next_s = now + AGAIN_S
        if self._process is not None:
            self._say(f"the stream ended with {self._process.returncode}: it is started again")
        journal = self._journal or self._asked()
        if journal is not None:
            self._journal = journal
            command = [sys.executable, "-m", "core.cli", "bridge", "stream", "--journal", str(journal)]
            self._process = subprocess.Popen([*command, "--beside", str(os.getpid()), *self._options])

    def _asked(self) -> Path | None:
        """The core's journal; None: there is no core now."""
        try:
            return Path(ask(self._core_socket, "status")["journal"]["path"])
        except (RuntimeError, KeyError):
            return None

    def close(self) -> None:
        """Ends it in order."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
