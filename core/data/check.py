"""Checks recordings: what `nacre data check` and `nacre data info` tell.

One mapping for each recording (a file, or files that belong together) and one for all of them:

    rows                rows (lines, messages, records) without headers
    errors              of these malformed, and damage of the file itself; each has its place in `places`
    gaps                of a book's sequence, by the venue's rule; Kraken: runs of wrong checksums
    trade_gaps          of the numbers of trades
    crossed             rows after which a book, or by which a quote, has ask < bid
    checksums_ok, _bad  checksums of a book that hold, and that don't
    book_transitions_ok, _bad   rows of a book that follow from the row before and the message, or don't
    first, last         the time of the first and the last row: ns, by `clock`

clock: "recorder" and "exchange" are ns since the epoch UTC, by whose clock; "midnight" is ns since New
York's midnight (the day isn't known); "none": the rows have no time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from core.data.reader import Reader
from core.data.recording import Recording

COUNTS = (
    "rows", "errors", "gaps", "trade_gaps", "crossed", "checksums_ok", "checksums_bad", "book_transitions_ok",
    "book_transitions_bad", "unordered",
)  # fmt: skip
FAILURES = ("errors", "gaps", "trade_gaps", "checksums_bad", "book_transitions_bad")
"""Counts that must be 0 for a recording to be whole."""

_EPOCH = ("recorder", "exchange")

type Report = dict[str, Any]


def check(recordings: Iterable[Recording]) -> Report:
    """Reads all; {"ok", the counts of all, "files": [a report each]}."""
    files: list[Report] = []
    for recording in recordings:
        recording.run()
        files += report_of(recording)
    return summed(files)


def report_of(recording: Recording) -> list[Report]:
    """A report for each file of a recording that has been read."""
    shared = len(recording.readers) > 1
    return [_of_reader(*pair, shared) for pair in zip(recording.readers, recording.packings, strict=True)]


def summed(files: Sequence[Report]) -> Report:
    """The report of all files from theirs."""
    total: Report = {"ok": all(file["ok"] for file in files)}
    for name in COUNTS:
        total[name] = sum(file[name] for file in files)
    timed = [file for file in files if file["first"] is not None]
    clocks = {"epoch" if file["clock"] in _EPOCH else file["clock"] for file in timed}
    comparable = len(clocks) == 1
    total["first"] = min(file["first"] for file in timed) if comparable else None
    total["last"] = max(file["last"] for file in timed) if comparable else None
    clock = timed[0]["clock"] if comparable else "none"
    total["first_time"], total["last_time"] = written(total["first"], clock), written(total["last"], clock)
    return total | {"files": list(files)}


def _of_reader(reader: Reader, packing: str, shared: bool) -> Report:
    report = reader.report()
    report["first_time"] = written(report["first"], report["clock"])
    report["last_time"] = written(report["last"], report["clock"])
    head = {
        "file": reader.file,
        "ok": whole(report),
        "format": reader.format,
        "packing": packing,
        "venue": reader.venue,
    }
    if shared:
        head["books_shared"] = True
    places = {
        "places": list(reader.places),
        "places_left_out": reader.errors - len(reader.places),
        "gap_places": list(reader.gap_places),
    }
    return head | report | places


def whole(report: Report) -> bool:
    """Whether nothing that is checked failed."""
    alone = report.get("by_messages_alone", {})
    return not (
        any(report[name] for name in FAILURES) or alone.get("mismatched") or alone.get("duplicate_ids")
    )


def written(ns: int | None, clock: str) -> str | None:
    """A time in ISO 8601 with ns, or the time of day where the day isn't known."""
    if ns is None or clock == "none":
        return None
    second, part = divmod(ns, 1_000_000_000)
    at = datetime.fromtimestamp(second, UTC)
    if clock == "midnight":
        return f"{at:%H:%M:%S}.{part:09d}"
    return f"{at:%Y-%m-%dT%H:%M:%S}.{part:09d}Z"
