"""A whole journal read and checked."""

from __future__ import annotations

import dataclasses
import os

from core_ext.journal.errors import JournalCorrupt, Place
from core_ext.journal.files import files_of
from core_ext.journal.reader import JournalReader


@dataclasses.dataclass(frozen=True)
class Report:
    """What `verify` found. ok: neither torn nor corrupt; size: bytes of all segment files."""

    path: str
    ok: bool
    segments: int
    records: int
    first_sequence: int
    last_sequence: int
    size: int
    torn_at: Place | None
    error: JournalCorrupt | None


def verify(path: str | os.PathLike[str]) -> Report:
    """Reads and checks everything: a Report. Raises only when there is nothing to read."""
    reader = JournalReader(path)
    error: JournalCorrupt | None = None
    try:
        reader.skip_to_end()
    except JournalCorrupt as found:
        error = found
    files = files_of(os.fspath(path))
    return Report(
        path=os.fspath(path),
        ok=error is None and reader.torn_at is None,
        segments=len(files),
        records=reader.records,
        first_sequence=reader.first_sequence,
        last_sequence=reader.expected_sequence - 1 if reader.expected_sequence else 0,
        size=sum(os.path.getsize(file) for _, file in files),
        torn_at=reader.torn_at,
        error=error,
    )
