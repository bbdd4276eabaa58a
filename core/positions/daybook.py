"""A journal read for its books: the positions it ends with, every fill by name, and the fills that nobody
knew.

The core is lived through by a replay, so what stands here is what the engines decided; the journal's own
records give the texts and times that engines don't keep.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from core import messages as m
from core.fused import Fused
from core.live.book import Book
from core.recovery import capacity_of
from core.recovery.journal import header_of
from core.recovery.replay import Replay
from core.scenario.money import Statement
from core.scenario.numbers import format_units
from core_ext.journal import JournalReader

FEE_DIGITS = 16
NS = 1_000_000_000
TRADES = (m.ExecType.TRADE, m.ExecType.TRADE_CORRECT, m.ExecType.TRADE_CANCEL)


class Told(NamedTuple):
    """What a venue, or a person, said of a fill."""

    time_ns: int
    venue: int
    exec_id: str
    child_id: str
    exec_type: int
    qty: int
    px: int
    by: str = ""


@dataclass(slots=True)
class Unknown:
    """A venue's report of a fill about nothing that was sent to it. It is in suspense until a person books
    it."""

    seq: int
    time_ns: int
    venue: str
    exec_id: str
    child_id: str
    booked_by: str = ""
    booked_to: str = ""

    @property
    def open(self) -> bool:
        return not self.booked_by


@dataclass
class Daybook:
    """One journal, lived through."""

    path: str
    book: Book
    core: Fused
    told: dict[int, Told] = field(default_factory=dict)
    unknown: list[Unknown] = field(default_factory=list)
    as_of_ns: int = 0

    @property
    def as_of(self) -> str:
        """The time of the last event, ISO 8601."""
        return iso(self.as_of_ns)

    def statement(self) -> Statement:
        """Positions and accounts as they stand at the end."""
        risk = self.core.risk
        marks = {symbol.index: risk.mark2_of(symbol.index) for symbol in self.book.directory.symbol_list}
        return Statement(self.book.directory, self.core.positions.rows(), marks)

    def fills(self) -> Iterator[dict[str, Any]]:
        """Every fill that stands, as booked or corrected, in the order of booking."""
        d = self.book.directory
        for row in sorted(self.core.positions.fill_rows(), key=lambda row: row["seq"]):
            said = self.told[row["seq"]]
            symbol = d.symbol_list[row["symbol"]]
            yield {
                "time": iso(said.time_ns),
                "account": d.account_list[row["account"]].name,
                "symbol": symbol.name,
                "venue": d.venue_list[row["venue"]],
                "exec_id": said.exec_id,
                "qty": format_units(row["qty"], symbol.qty_precision),
                "price": format_units(row["px"], symbol.price_precision),
                "fee": format_units(row["fee"], FEE_DIGITS),
                "currency": symbol.settle_currency,
                **({"by": said.by} if said.by else {}),
            }


def read_daybook(path: str | os.PathLike[str]) -> Daybook:
    """Lives through the journal. Raises what the replay raises: a CoreFault, JournalCorrupt, ValueError."""
    book = Book(os.fspath(path))
    book.restore(JournalReader(path))
    played = Replay(capacity_of(path))
    played.play(JournalReader(path))
    day = Daybook(os.fspath(path), book, played.core)
    unknown = set()
    for seq, body in JournalReader(path):
        header = header_of(body)
        kind = int(header["kind"])
        day.as_of_ns = int(header["time_ns"])
        if kind in (m.Kind.REPORT, m.Kind.BOOK):
            said = _said(book, kind, body, day.as_of_ns)
            if said is not None:
                day.told[seq] = said
        elif kind == m.Kind.ALERT and _row(body, m.ALERT_EVENT)["reason"] == m.Reason.VENUE_UNKNOWN:
            unknown.add(int(header["cause"]))
    day.unknown = list(_unknown(day, unknown))
    return day


def iso(time_ns: int) -> str:
    """UTC, to the second and with its ns where there are any."""
    seconds, rest = divmod(time_ns, NS)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:09}Z" if rest else f"{text}Z"


def _row(body: bytes, dtype: np.dtype[Any]) -> np.void:
    row: np.void = np.frombuffer(body[m.HEADER.itemsize :].ljust(dtype.itemsize, b"\0"), dtype, 1)[0]
    return row


def _said(book: Book, kind: int, body: bytes, time_ns: int) -> Told | None:
    text = book.directory.text
    if kind == m.Kind.BOOK:
        row = _row(body, m.BOOK_EVENT)
        by = book.name_of("person", int(row["by"])) or ""
        name = text(row["exec_id"].tobytes())
        return Told(
            time_ns, int(row["venue"]), name, "", m.ExecType.TRADE, int(row["qty"]), int(row["px"]), by
        )
    row = _row(body, m.REPORT_EVENT)
    if row["exec_type"] not in TRADES:
        return None
    return Told(
        time_ns,
        int(row["venue"]),
        text(row["exec_id"].tobytes()),
        text(row["child_id"].tobytes()),
        int(row["exec_type"]),
        int(row["last_qty"]),
        int(row["last_px"]),
    )


def _unknown(day: Daybook, sequences: set[int]) -> Iterator[Unknown]:
    """Those of the unknown reports that are fills, with who booked them since. A repeat is told once."""
    accounts = {row["seq"]: row["account"] for row in day.core.positions.fill_rows()}
    booked = {
        (said.venue, said.exec_id): (seq, said)
        for seq, said in day.told.items()
        if said.by and seq in accounts
    }
    seen = set()
    for seq in sorted(sequences):
        said = day.told.get(seq)
        if said is None or said.exec_type != m.ExecType.TRADE or (said.venue, said.exec_id) in seen:
            continue
        seen.add((said.venue, said.exec_id))
        out = Unknown(
            seq, said.time_ns, day.book.directory.venue_list[said.venue], said.exec_id, said.child_id
        )
        hand = booked.get((said.venue, said.exec_id))
        if hand is not None:
            out.booked_by = hand[1].by
            out.booked_to = day.book.directory.account_list[accounts[hand[0]]].name
        yield out
