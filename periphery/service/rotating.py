"""A secret in a file that is exchanged while its service runs: the next who is asked for it has the new
one.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


class Rotating[T]:
    """What `read` makes of the file. One that is bad, or gone for a moment, leaves the value as it was."""

    def __init__(self, path: Path, read: Callable[[Path], T]) -> None:
        """What read raises, where the file is bad now."""
        self._path, self._read = path, read
        self._value = read(path)
        self._mark = self._marked()

    def now(self) -> T:
        mark = self._marked()
        if mark != self._mark:
            self._mark = mark
            with suppress(OSError, ValueError):
                self._value = self._read(self._path)
        return self._value

    def _marked(self) -> tuple[int, int, int]:
        """Another one for each change of the file."""
        try:
            stat = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return stat.st_ino, stat.st_mtime_ns, stat.st_size
