"""What comes of a venue, whichever way: a reader's rows on their way to a core, to files, to a group."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.data.reader import Events, Reader, Stream


class Taken:
    """streams: of what is wanted. sinks: called with each batch of rows (core.data.reader.EVENT)."""

    def __init__(self, reader: Reader, streams: list[Stream]) -> None:
        self.reader = reader
        self.streams = streams
        self.sinks: list[Callable[[Events], object]] = []

    def _take(self, events: Events) -> None:
        for sink in self.sinks:
            sink(events)

    def counts(self) -> dict[str, Any]:
        """Sums over all symbols since the start."""
        reader = self.reader
        found = {
            name: getattr(reader, name)
            for name in ("rows", "errors", "gaps", "trade_gaps", "crossed", "checksums_ok", "checksums_bad")
        }
        for name in ("quotes", "trades", "deltas", "snapshots", "recoveries"):
            found[name] = sum(getattr(stream, name) for stream in self.streams)
        return found
