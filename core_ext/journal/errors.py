"""What goes wrong with a journal, and where."""

from __future__ import annotations

import dataclasses


class JournalError(Exception):
    """What every error of the journal is."""


class JournalCorrupt(JournalError):
    """A damaged place that is not the torn end of the log. Never skipped.

    Attributes: path, offset (bytes), sequence (the one expected there), crc_stored, crc_computed.
    """

    def __init__(
        self, reason: str, path: str, offset: int, sequence: int, crc_stored: int, crc_computed: int
    ) -> None:
        super().__init__(
            f"{path}: offset {offset}: {reason}; sequence {sequence}, crc stored {crc_stored:#010x}, "
            f"computed {crc_computed:#010x}; restore this file from a copy or the standby, or recover from a "
            "snapshot after this sequence"
        )
        self.path = path
        self.offset = offset
        self.sequence = sequence
        self.crc_stored = crc_stored
        self.crc_computed = crc_computed


class JournalGap(JournalCorrupt):
    """A whole record whose sequence is not the next one, or a segment file that is missing."""


class JournalTorn(JournalError):
    """The log ends in a half-written record, and the writer was not told to cut it."""


@dataclasses.dataclass(frozen=True)
class Place:
    """A place in the journal: a segment file's path and a byte offset in it."""

    path: str
    offset: int
