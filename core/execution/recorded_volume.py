"""The trades of recordings: when how much was traded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core import messages as m
from core.data.recording import BadRecording, Options, open_all

if TYPE_CHECKING:
    from core.data.reader import Events, Streams

TRADE = int(m.Kind.TRADE)


def trades(files: Sequence[Path], symbol: str | None = None) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """[n] time in ns since the epoch, [n] quantity. BadRecording: no symbol is named, and there are several.

    The exchange's time, where a row has it; else the recorder's. OSError where a file can't be read.
    """
    heard: list[tuple[int, Events]] = []
    times: list[NDArray[np.int64]] = []
    sizes: list[NDArray[np.float64]] = []
    recordings, _ = open_all(
        files, Options(), lambda n: lambda events: heard.append((n, events[events["kind"] == TRADE].copy()))
    )
    for recording in recordings:
        recording.run()
    readers = [reader for recording in recordings for reader in recording.readers]
    wanted = _indices([reader.streams for reader in readers], symbol)
    for n, events in heard:
        own = events[events["symbol"] == wanted[n]]
        times.append(np.where(own["exchange_ts_ns"] > 0, own["exchange_ts_ns"], own["recv_ts_ns"]))
        sizes.append(own["qty"] / 10.0 ** own["qty_digits"])
    return np.concatenate(times or [np.zeros(0, np.int64)]), np.concatenate(sizes or [np.zeros(0)])


def _indices(streams: Sequence[Streams], symbol: str | None) -> list[int]:
    """Of each reader, the index of the symbol; -1: it has none of it."""
    names = sorted({stream.symbol for some in streams for stream in some.all})
    if symbol is None and len(names) > 1:
        raise BadRecording(f"several symbols: name one of {', '.join(names[:20])}")
    if symbol is not None and symbol not in names:
        raise BadRecording(f"{symbol}: the files have {', '.join(names[:20]) or 'no symbol'}")
    wanted = symbol or (names[0] if names else "")
    return [next((s.index for s in some.all if s.symbol == wanted), -1) for some in streams]
