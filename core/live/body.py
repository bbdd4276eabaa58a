"""What stands behind a worker: a process that the supervisor started, or one that came by itself."""

from __future__ import annotations

import select
import signal
import socket
import subprocess
from contextlib import suppress
from typing import Protocol


class Body(Protocol):
    """A worker's process, as far as its supervisor can tell."""

    @property
    def pid(self) -> int:
        """0 where it is in another pid namespace."""

    def is_dead(self) -> bool: ...
    def end(self) -> bool:
        """Makes it end at once; whether it has. Until then nobody may take its place."""

    def await_end(self, for_s: float) -> int | None:
        """It ends by itself within that time, or is ended; its exit code where that can be known."""


class Spawned:
    """A child process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_dead(self) -> bool:
        return self.process.poll() is not None

    def end(self) -> bool:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        return True

    def await_end(self, for_s: float) -> int | None:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(for_s)
        self.end()
        return self.process.returncode


class Guest:
    """A process in another container. Its connection is its life: its end closes only when it is dead.

    Nobody can kill it from here: it is told to end by closing our direction, and those who guard it there do
    it.
    """

    def __init__(self, control: socket.socket, pid: int) -> None:
        self.control = control
        self._pid = pid
        self._poll = select.poll()
        self._poll.register(control, select.POLLRDHUP | select.POLLHUP)

    @property
    def pid(self) -> int:
        return self._pid

    def is_dead(self) -> bool:
        return self.control.fileno() < 0 or bool(self._poll.poll(0))

    def end(self) -> bool:
        if self.control.fileno() >= 0:
            with suppress(OSError):
                self.control.shutdown(socket.SHUT_WR)
        return self.is_dead()

    def await_end(self, for_s: float) -> int | None:
        if self.control.fileno() >= 0:
            self._poll.poll(round(for_s * 1000))
        self.end()
        return None
