"""What a venue said, as Parquet files: one after the other, each whole once it has its name.

A file that is being written is called `.NAME.part`. Each begins with the books as they stood, so it can be
read alone.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.convert import ParquetTarget

if TYPE_CHECKING:
    from core.data.reader import Events
    from periphery.market_data.settings import Settings
    from periphery.market_data.taken import Taken

AGAIN_S = 5.0


class Recording:
    """Takes a venue's events; `turn` is called often."""

    def __init__(self, settings: Settings, lines: Taken, venue: str, say: Callable[..., object]) -> None:
        """OSError: the folder can't be had. NoParquet."""
        self.settings = settings
        self.lines = lines
        self.venue = venue
        self.say = say
        self.folder = Path(settings.record)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.why = ""
        self.files = 0
        self.rows = 0
        self.failures = 0
        self._target: ParquetTarget | None = None
        self._path = self.folder / "none"
        self._rows = 0  # of the file that is written
        self._began_s = 0.0
        self._not_before_s = 0.0
        for left in sorted(self.folder.glob(f".{venue}_*.part")):
            say("a file was never finished, and has no rows that can be read", file=str(left))
        lines.sinks.append(self.take)

    def take(self, events: Events) -> None:
        """A file that can't be written is given up, and the next one begun later; both are told."""
        if self._target is not None:
            try:
                self._target.write(self.lines.reader, events)
                self._rows += len(events)
            except OSError as error:
                self._give_up(error)

    def turn(self) -> None:
        """Begins a file, and ends one that is old or large enough."""
        now_s = time.monotonic()
        try:
            if self._target is not None and (
                now_s - self._began_s >= self.settings.roll_s
                or self._draft.stat().st_size >= self.settings.roll_mb * 1e6
            ):
                self._finish()
            if self._target is None and now_s >= self._not_before_s:
                self._begin()
        except OSError as error:
            self._give_up(error)

    def _begin(self) -> None:
        """Outside of any batch of events: the books are told as they stand."""
        stamp, n = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), 1
        while (path := self.folder / f"{self.venue}_{stamp}_{n}.parquet").exists():
            n += 1
        self._path = path
        self._rows = 0
        self._target = ParquetTarget(self._draft)
        self._began_s = time.monotonic()
        self.why = ""
        self.lines.reader.tell_books(self.take)

    @property
    def _draft(self) -> Path:
        return self._path.with_name(f".{self._path.name}.part")

    def _finish(self) -> None:
        """On the disk, then by its name."""
        if self._target is None:
            return
        target, self._target = self._target, None
        target.close()
        if not self._rows:
            self._draft.unlink()
            return
        _sync(self._draft)
        os.replace(self._draft, self._path)
        _sync(self.folder)
        self.files += 1
        self.rows += self._rows
        self.say("a file is whole", file=str(self._path), rows=self._rows)

    def _give_up(self, error: OSError) -> None:
        self.failures += 1
        self.why = f"{self._draft}: {error}"
        self.say("a file can't be written: what it held is lost", why=self.why)
        target, self._target = self._target, None
        with contextlib.suppress(OSError):
            if target is not None:
                target.close()
        self._not_before_s = time.monotonic() + AGAIN_S

    def close(self) -> None:
        try:
            self._finish()
        except OSError as error:
            self._give_up(error)

    def counts(self) -> dict[str, int]:
        return {"recorded_files": self.files, "recorded_rows": self.rows, "recording_failures": self.failures}


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
