"""`nacre` on a host as a file says: `python -m tests.integration.told_host FILE WORD...`.

What the kernel tells of disks and clock is replaced, nothing of nacre's: statvfs, adjtimex, the time of day.
The file is read at each question, so that a test fills the disk, or sets the clock, of a process that runs.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from core.cli import main

BLOCKS = 1000
NANOSECONDS, UNSYNCHRONISED = 0x2000, 0x0040  # of adjtimex(2)'s status


class Host:
    """used: of each disk, 0 to 1. kept: somebody keeps the clock. offset_ns: of it. ahead_ns: it was set by
    that.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def say(self, **values: Any) -> None:
        """Changes some of it. A reader sees all of that or nothing."""
        told = {"used": 0.5, "kept": True, "offset_ns": 0, "ahead_ns": 0} | self._read() | values
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(told))
        new.rename(self.file)

    def _read(self) -> dict[str, Any]:
        return json.loads(self.file.read_text()) if self.file.exists() else {}

    def statvfs(self, _path: Any) -> SimpleNamespace:
        free = round(BLOCKS * (1 - self._read()["used"]))
        return SimpleNamespace(f_blocks=BLOCKS, f_bavail=free, f_bfree=free, f_frsize=4096)

    def adjtimex(self, found: Any) -> int:
        told = self._read()
        timex = found._obj
        timex.status = NANOSECONDS | (0 if told["kept"] else UNSYNCHRONISED)
        timex.offset = told["offset_ns"]
        return 0

    def take_over(self) -> None:
        """This process is on it from now on."""
        time_ns = time.time_ns
        libc = SimpleNamespace(adjtimex=self.adjtimex)
        real = ctypes.CDLL
        ctypes.CDLL = lambda name, *rest, **more: libc if name is None else real(name, *rest, **more)  # type: ignore[misc, assignment]
        os.statvfs = self.statvfs  # type: ignore[assignment]
        time.time_ns = lambda: time_ns() + self._read()["ahead_ns"]


if __name__ == "__main__":
    Host(Path(sys.argv.pop(1))).take_over()
    main()
