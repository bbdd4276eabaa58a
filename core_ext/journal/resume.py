"""What a writer that begins finds: the tail of the log, made clean, and where to go on."""

from __future__ import annotations

from core_ext.journal.errors import JournalTorn
from core_ext.journal.files import SegmentInfo, durable_in, info, segment_files
from core_ext.journal.reader import JournalReader


def resume(directory: str, cut_torn: bool) -> tuple[int, int, int]:
    """(last sequence, last run epoch, last segment's number) of what is there; its tail is made clean.

    JournalTorn: it is torn, and not to be cut. JournalCorrupt.
    """
    used = [s for s in info(directory) if s.used]
    if not used:
        if segment_files(directory):
            _clean(JournalReader(directory), cut_torn)
        return 0, 0, 0
    reader = JournalReader(directory, from_segment=_unsure_from(used))
    _clean(reader, cut_torn)
    left = [s.number for s in info(directory) if s.used] or [used[-1].number]
    return reader.expected_sequence - 1, used[-1].run_epoch, left[-1]


def _unsure_from(used: list[SegmentInfo]) -> int:
    """The first segment that may have lost something: the last one, or in `group` durability one before it
    that its writer had filled and not synced when the machine died.
    """
    durable = durable_in(used[-1].path)
    if durable is not None:
        for segment in reversed(used):
            if segment.first_sequence <= durable + 1:
                return segment.number
    return used[-1].number


def _clean(reader: JournalReader, cut_torn: bool) -> None:
    reader.skip_to_end()
    torn = reader.torn_at
    if torn is not None and not cut_torn:
        raise JournalTorn(
            f"{torn.path}: offset {torn.offset}: the log ends in a half-written record; open the journal "
            "with cut_torn=True (nothing that was acknowledged is lost)"
        )
    reader.cut_here(seal=True)
