"""Aeron's media driver as a process of its own, looked after: it is begun again when it dies.

`python -m periphery.aeron.driver FOLDER` is the process. It ends with who started it.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from core_ext.held_lock import HeldLock

START_S = 30.0
LOOK_S = 0.02
PREFIX = "nacre-aeron-"
OLD_S = 60.0
READY = b"ready\n"
_PR_SET_PDEATHSIG = 1
_SHARED = Path("/dev/shm")


class Driver:
    """A driver for the clients of this process."""

    def __init__(self) -> None:
        self.folder = ""
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """A new one, in a folder of its own; what the one before left is removed. RuntimeError: it doesn't
        come.
        """
        self.stop()
        room = _SHARED if _SHARED.is_dir() else Path(tempfile.gettempdir())
        sweep(room)
        place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=room))
        self._lock = HeldLock(os.fspath(place / "lock"))
        self.folder = os.fspath(place / "driver")
        command = [sys.executable, "-m", "periphery.aeron.driver", self.folder, str(os.getpid())]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        self.starts += 1
        assert self._process.stdout is not None
        if self._process.stdout.readline() != READY:
            self.stop()
            raise RuntimeError(
                "Aeron's media driver doesn't start: see what it said; is there room in /dev/shm?"
            )

    @property
    def pid(self) -> int:
        return 0 if self._process is None else self._process.pid

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Ends it, and removes its folder."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None
        if self.folder:
            self._lock.release()
            shutil.rmtree(Path(self.folder).parent, ignore_errors=True)
            self.folder = ""


def main() -> None:
    folder, parent = sys.argv[1], int(sys.argv[2])
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    driver = importlib.import_module("pyaeron").MediaDriver(dir=folder)
    os.write(1, READY)
    while not stopped and os.getppid() == parent:
        time.sleep(LOOK_S)
    driver.close()
    if os.getppid() != parent:  # nobody else is there to do it
        shutil.rmtree(Path(folder).parent, ignore_errors=True)


def sweep(room: Path) -> None:
    """Removes what processes left that died together with their driver: old folders whose lock nobody holds,
    or that have none: who made it died before it could lock it.
    """
    for place in room.glob(f"{PREFIX}*"):
        try:
            if time.time() - place.stat().st_mtime <= OLD_S:
                continue
            with contextlib.suppress(FileNotFoundError):
                HeldLock(os.fspath(place / "lock"), os.O_RDWR).release()
            shutil.rmtree(place, ignore_errors=True)
        except OSError:
            continue  # it lives, or is gone by now


if __name__ == "__main__":
    main()
