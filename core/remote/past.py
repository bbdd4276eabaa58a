"""A core's past as records, from its journal, then from its spine: what a remote engine lives through
first.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from core import messages as m
from core.remote.wire import RECORD
from core_ext.journal import JournalReader
from core_ext.spine import Spine

PIECE_BYTES = 1 << 18
WAIT_S = 10.0
NAP_S = 0.0005


def pieces(journal: Path, spine: Spine, until: int) -> Iterator[bytes]:
    """Every record up to `until`, so many to a piece; each with a RECORD before it. TimeoutError."""
    out = bytearray()
    for seq, body in records(journal, spine, until):
        out += np.array((seq, len(body), 0), RECORD).tobytes() + body
        if len(out) >= PIECE_BYTES:
            yield bytes(out)
            out.clear()
    if out:
        yield bytes(out)


def records(journal: Path, spine: Spine, until: int) -> Iterator[tuple[int, bytes]]:
    """(seq, header and request) in order. TimeoutError: one is nowhere."""
    done, reader, end = 0, None, time.monotonic() + WAIT_S
    while done < until:
        before = done
        reader = _reader(journal) if reader is None else reader
        if reader is not None:
            for seq, body in reader:
                if seq > until:
                    break
                if seq == done + 1:
                    done = seq
                    yield seq, bytes(body)
            reader.refresh()
        while done < until and (found := _on_spine(spine, done + 1)) is not None:
            done += 1
            yield done, found
        if done != before:
            end = time.monotonic() + WAIT_S
        elif time.monotonic() > end:
            raise TimeoutError(
                f"event {done + 1} is neither in the journal {journal} nor on the spine: the journal's "
                "process "
                "doesn't record; see its output"
            )
        else:
            time.sleep(NAP_S)


def _reader(journal: Path) -> JournalReader | None:
    try:
        return JournalReader(journal, follow=True)
    except (FileNotFoundError, ValueError):
        return None


def _on_spine(spine: Spine, seq: int) -> bytes | None:
    """The event as it would be recorded; None: it isn't there (any more)."""
    page = spine.read(seq)
    if page is None:
        return None
    header = np.frombuffer(page, m.PAGE, 1)[0]["header"]
    if header["seq"] != seq:
        return None
    size = m.PAGE["header"].itemsize
    start = m.PAGE.fields["request"][1]  # type: ignore[index]
    return page[:size] + page[start : start + int(header["length"])]
