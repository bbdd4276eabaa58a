"""A disk under a core's journal that is full, slow, read-only or broken, and what of it a machine's death
leaves.
"""

from __future__ import annotations

import mmap
import os
import random
import struct
from pathlib import Path

from core.torture.disk_layer import library

PAGE = 4096
_WORDS = struct.Struct("<4I2Q")


class Disk:
    """What a core that runs with `env` has its journal on. kept: of each segment, what a sync has covered."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.kept = folder / "kept"
        self.kept.mkdir(exist_ok=True)
        path = folder / "page"
        with path.open("w+b") as file:
            file.truncate(PAGE)
            self._page = mmap.mmap(file.fileno(), PAGE)
        self.env = {
            "LD_PRELOAD": library(),
            "NACRE_DISK": os.fspath(path),
            "NACRE_DISK_KEPT": os.fspath(self.kept),
        }

    def be(
        self, *, full: bool = False, read_only: bool = False, broken: bool = False, slow_ms: int = 0
    ) -> None:
        """From now on."""
        struct.pack_into("<4I", self._page, 0, full, read_only, broken, slow_ms)

    @property
    def syncs(self) -> int:
        return int(_WORDS.unpack_from(self._page)[4])

    @property
    def refused(self) -> int:
        """Calls that failed because of what the disk is."""
        return int(_WORDS.unpack_from(self._page)[5])

    def lose_power(self, journal: Path, rng: random.Random) -> int:
        """Leaves of each segment what a sync covered, and of each page that was written since either the
        new or the old, by chance. How many pages were lost.
        """
        lost = 0
        for segment in sorted(journal.glob("*.nacre")):
            kept = self.kept / segment.name
            now = segment.read_bytes()
            old = kept.read_bytes() if kept.exists() else b""
            old = old.ljust(len(now), b"\0")[: len(now)]
            pages = []
            for at in range(0, len(now), PAGE):
                new_page, old_page = now[at : at + PAGE], old[at : at + PAGE]
                loses = new_page != old_page and rng.random() < 0.5
                lost += loses
                pages.append(old_page if loses else new_page)
            segment.write_bytes(b"".join(pages))
        return lost
