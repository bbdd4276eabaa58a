"""The journal: an append-only log in memory-mapped segment files.

The bytes are in `format`, a segment in memory in `mapped`, the files of a directory in `files`; `writer`
appends, `resume` is what it finds when it begins, `reader` reads and `verification` reads all of it.
"""

# The public front: some hundred files of Python use the journal, and needn't know which file of it has what.
# Compiled code cimports from `reader` and `writer` themselves: it calls them without Python.

from core_ext.journal.errors import JournalCorrupt, JournalError, JournalGap, JournalTorn, Place
from core_ext.journal.files import SUFFIX, SegmentInfo, info, segment_of
from core_ext.journal.reader import JournalReader
from core_ext.journal.verification import Report, verify
from core_ext.journal.writer import JournalWriter

__all__ = [
    "SUFFIX",
    "JournalCorrupt",
    "JournalError",
    "JournalGap",
    "JournalReader",
    "JournalTorn",
    "JournalWriter",
    "Place",
    "Report",
    "SegmentInfo",
    "info",
    "segment_of",
    "verify",
]
