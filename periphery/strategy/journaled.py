"""A session that a strategy had with a live core, lived through again out of the core's journal.

The same engines play the journal; the same file is told what it was told then, in the same order, and what it
asks for is held against what the journal has, byte for byte. Where a request differs, the report says which.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from core import messages as m
from core.fused import plain_ring
from core.live.book import Book
from core.recovery import capacity_of
from core.recovery.replay import Replay
from core.scenario.money import Statement
from core.scenario.reader import Line
from core.scenario.values import convert
from core_ext.journal import JournalReader
from periphery.client.codec import INPUT_SIZE, MarketRow, Response
from periphery.client.events import DenyEvent, OrderEvent
from periphery.client.session import Session
from periphery.strategy.rings import OwnRings
from periphery.strategy.state import Kept, load_state
from periphery.strategy.strategy import Strategy
from periphery.strategy.streamed import Streamed

REQUESTS = 65536  # that a strategy may be ahead of the journal
HEADER = m.HEADER.itemsize
HEAD = 48  # of a request's slot
FROM_SESSIONS = 128
_MARKET = {
    m.Kind.QUOTE: (m.QUOTE_EVENT, ("bid_px", "bid_qty", "ask_px", "ask_qty")),
    m.Kind.TRADE: (m.TRADE_EVENT, ("px", "qty", "aggressor")),
    m.Kind.DEPTH: (m.DEPTH_EVENT, ("px", "qty", "side")),
}
_BOOKED = (m.Kind.REPORT, m.Kind.ADJUSTED, m.Kind.BOOK)
_ASKED = (m.Kind.ORDER, m.Kind.REPLACE, m.Kind.CANCEL, m.Kind.CANCEL_ALL)


class NotThere(ValueError):
    """The journal has no such session of a strategy; the message says which it has."""


class Run(NamedTuple):
    """A strategy's session in a journal: its index, and the events of its connect and its BEGIN."""

    name: str
    session: int
    connect: int
    begin: int
    accounts: tuple[int, ...] | None


class Journaled(Streamed):
    """Plays one session of a journal; `run` tells what came of it."""

    def __init__(
        self, strategy: Strategy, folder: Path, name: str | None = None, state: Path | None = None
    ) -> None:
        """name: of the session; None: the only one. state: what it went on from. NotThere, JournalCorrupt."""
        self.folder = folder
        self.state = state
        self.book = Book("journal")
        self.book.restore(JournalReader(folder))
        self.of = find_run(folder, self.book, name)
        self.replay = Replay(capacity_of(folder))
        self.requests = plain_ring(REQUESTS, INPUT_SIZE)
        self.lines: deque[bytes] = deque()  # orders as scenario lines, which come to the core another way
        session = self._session()
        super().__init__(strategy, session, session.directory.strategies.get(self.of.name, m.NONE))
        self.logged: list[dict[str, Any]] = []
        self.fills: list[dict[str, Any]] = []
        self.compared = 0
        self.difference: dict[str, Any] | None = None
        self._told = 0

    def _session(self) -> Session:
        names = [account.name for account in self.book.directory.account_list]
        allowed = names if self.of.accounts is None else [names[i] for i in self.of.accounts]
        hello = {
            "session": self.of.session,
            "epoch": 0,
            "live": False,
            "directory": self.book.told(),
            "accounts": allowed,
        }
        return Session(
            hello, OwnRings(self.requests, self.replay.core.egress.responses), self.of.name, prefix="journal-"
        )

    def run(self) -> dict[str, Any]:
        """Plays all of it. Raises a CoreFault where this build decides otherwise."""
        self.replay.on_page = self._page
        self.replay.play(JournalReader(self.folder))
        return self._report()

    # ---- a page --------------------------------------------------------------------------------------------

    def _page(self, raw: bytes) -> None:
        header = np.frombuffer(raw, m.HEADER, 1)[0]
        seq, kind = int(header["seq"]), int(header["kind"])
        responses = self.replay.core.egress.responses
        if seq == self.of.begin:
            self._know_positions()
        if seq > self.of.begin and kind in _ASKED and header["session"] == self.of.session:
            self._compare(header, raw)
        if seq < self.of.begin or self.done:
            self._told = responses.claimed_seq
            self._hear_stop(seq, kind, header, raw)
            return
        row = self._row(seq, kind, header, raw)
        if row is not None:
            self.hear(row)
        while self._told < responses.claimed_seq and not self.done:
            self._told += 1
            self._answer(responses.read(self._told))

    def _hear_stop(self, seq: int, kind: int, header: np.void, raw: bytes) -> None:
        """The one thing that counts between its connect and its BEGIN."""
        if self.of.connect < seq < self.of.begin and kind == m.Kind.SIGNAL:
            row = self._row(seq, kind, header, raw)
            if row is not None:
                self.hear(row)

    def _row(self, seq: int, kind: int, header: np.void, raw: bytes) -> MarketRow | None:
        """As core.live.teller makes it."""
        time_ns, sender = int(header["time_ns"]), int(header["session"])
        if kind in _MARKET:
            return market_row(seq, header, raw)
        if kind == m.Kind.SIGNAL:
            event = np.frombuffer(raw, m.SIGNAL_EVENT, 1, HEADER)[0]
            if event["to"] not in (m.NONE, self.of.session):
                return None
            by = int(event["name"]) | sender << 32
            a, b, c = (int(event[name]) for name in ("mantissa", "exponent", "at_ns"))
            return MarketRow(time_ns, int(event["symbol"]), int(event["what"]), kind, a, b, c, by, seq)
        return self._position_row(seq, kind, raw, time_ns) if kind in _BOOKED else None

    def _position_row(self, seq: int, kind: int, raw: bytes, time_ns: int) -> MarketRow | None:
        page = np.frombuffer(raw, m.PAGE, 1)[0]
        booking = page["booking"]
        if booking["seq"] != seq or not booking["flags"] & m.BookingFlag.BOOKED:
            return None
        account, symbol = int(booking["account"]), int(booking["symbol"])
        if self.of.accounts is not None and account not in self.of.accounts:
            return None
        by = int(page["outcome"]["session"]) if kind == m.Kind.REPORT else m.NONE
        qty = int(booking["qty"])
        return MarketRow(time_ns, symbol, 0, int(m.Kind.REPORT), account, qty, by, 0, seq)

    def _answer(self, slot: bytes | None) -> None:
        if slot is None:
            raise RuntimeError(f"answer {self._told} was overwritten: this isn't the journal's own capacity")
        told = Response(slot)
        if told.session != self.of.session:
            return
        told._symbol = self.session.port.known.get(told.cl_ord_id)
        self.hear(DenyEvent.of(told) if told.is_denial else told)
        if not told.is_denial and told.exec_type == "trade":
            self.fills.append(_fill(told))

    def _compare(self, header: np.void, raw: bytes) -> None:
        """What the journal has against what the strategy asked for."""
        length = int(header["length"])
        recorded = raw[HEADER : HEADER + length]
        by_desk = header["source"] < FROM_SESSIONS  # lines go by the core's desk, past the session's ring
        said = (self.lines.popleft() if self.lines else None) if by_desk else self.requests.try_pop()
        kind = None if said is None else int.from_bytes(said[16:18], "little")
        own = b"" if said is None else said[HEAD : HEAD + length]
        self.compared += 1
        if self.difference is None and (kind != header["kind"] or not _same(kind, own, recorded)):
            self.difference = {
                "event": int(header["seq"]),
                "time_ns": int(header["time_ns"]),
                "journal": described(int(header["kind"]), recorded),
                "strategy": None if kind is None else described(kind, own),
            }

    def _know_positions(self) -> None:
        for row in self.replay.core.positions.rows():
            self.held[row["account"], row["symbol"]] = row["qty"]

    # ---- what a host has -----------------------------------------------------------------------------------

    def signal_name(self, index: int) -> str:
        names = self.book.directory.space_lists[m.Space.SIGNAL]
        return names[index] if index < len(names) else ""

    def send_line(self, line: Mapping[str, Any]) -> str:
        line_type, _, data = convert({"type": "order", **line, "session": self.of.name})
        for event in self.book.events(Line(0, 0, line_type, data)):
            if event.kind == m.Kind.ORDER:
                head = bytes(16) + int(event.kind).to_bytes(2, "little")
                length = len(event.request).to_bytes(2, "little")
                self.lines.append((head + length).ljust(HEAD, b"\0") + event.request)
        return str(data["cl_ord_id"])

    def load(self) -> Kept | None:
        return None if self.state is None else load_state(self.state, self.strategy)

    def log(self, message: str, values: Mapping[str, Any]) -> None:
        self.logged.append({"time_ns": self.time_ns, "message": message, **values})

    # ---- what came of it -----------------------------------------------------------------------------------

    def _report(self) -> dict[str, Any]:
        core = self.replay.core
        d = self.book.directory
        marks = {symbol.index: core.risk.mark2_of(symbol.index) for symbol in d.symbol_list}
        statement = Statement(d, core.positions.rows(), marks)
        accounts, _ = statement.accounts(self.book.rates)
        names = set(self.directory.accounts)
        unsent = len(self.requests) + len(self.lines)
        return {
            "ok": self.difference is None and self.begun and (unsent == 0 or not self.done),
            "strategy": type(self.strategy).__name__,
            "session": self.of.name,
            "events": self.replay.events,
            "heard": self.counts["events"],
            "orders": self.counts["orders"],
            "fills": self.counts["fills"],
            "denied": self.counts["denied"],
            "compared": self.compared,
            "unsent": unsent,
            "equal": self.difference is None,
            "difference": self.difference,
            "positions": [row for row in statement.positions() if row["account"] in names],
            "accounts": [row for row in accounts if row["account"] in names],
            "state_hash": core.state_hash(),
        }


def market_row(seq: int, header: np.void, body: bytes) -> MarketRow | None:
    """A quote, trade or level of a journal as core.live.teller makes it; None: it is none."""
    kind = int(header["kind"])
    if kind not in _MARKET:
        return None
    dtype, names = _MARKET[m.Kind(kind)]
    event = np.frombuffer(body, dtype, 1, HEADER)[0]
    a, b, c, d = [*(int(event[name]) for name in names), 0][:4]
    return MarketRow(int(header["time_ns"]), int(event["symbol"]), int(event["venue"]), kind, a, b, c, d, seq)


def find_run(folder: Path, book: Book, name: str | None) -> Run:
    """The last run of that session, or of the only session, that a strategy had. NotThere."""
    names = book.directory.space_lists[m.Space.SESSION]
    found: dict[int, Run] = {}
    connects: dict[int, int] = {}
    rights: dict[int, set[int]] = {}
    for seq, body in JournalReader(folder):
        kind, session = int.from_bytes(body[40:42], "little"), int.from_bytes(body[44:48], "little")
        if kind == m.Kind.CONNECT:
            session = int(np.frombuffer(body, m.FILTER_EVENT, 1, HEADER)[0]["scope"]["session"])
            connects[session] = seq
            rights.pop(session, None)
        elif kind == m.Kind.RIGHTS:
            event = np.frombuffer(body, m.RIGHTS_EVENT, 1, HEADER)[0]
            bits = np.unpackbits(event["bits"], bitorder="little")
            allowed = rights.setdefault(int(event["session"]), set())
            allowed.update(int(event["first"]) + int(i) for i in np.flatnonzero(bits))
        elif kind == m.Kind.SIGNAL:
            event = np.frombuffer(body, m.SIGNAL_EVENT, 1, HEADER)[0]
            known = found.get(session)
            if event["what"] == m.SignalWhat.BEGIN and (
                known is None or known.connect != connects.get(session)
            ):
                accounts = tuple(sorted(rights[session])) if session in rights else None
                found[session] = Run(names[session], session, connects.get(session, 0), seq, accounts)
    runs = {run.name: run for run in found.values()}
    if name is None and len(runs) == 1:
        return next(iter(runs.values()))
    if name not in runs:
        said = ", ".join(runs) or "none"
        asked = f"no session {name} of a strategy" if name else "which session: say --session"
        raise NotThere(f"{folder}: {asked}; there is {said}")
    return runs[name]


def _same(kind: int | None, own: bytes, recorded: bytes) -> bool:
    """Whether two requests are; who asks for a cancel_all is written into it by the core."""
    if kind != m.Kind.CANCEL_ALL:
        return own == recorded
    said, had = (np.frombuffer(each, m.FILTER_EVENT, 1)[0]["scope"] for each in (own, recorded))
    return bool(said == had)


def described(kind: int, request: bytes) -> dict[str, Any]:
    """A request in words."""
    from core.recovery.journal import event

    header = np.zeros((), m.HEADER)
    header["kind"], header["length"] = kind, len(request)
    told = event(header.tobytes() + request)
    return {"kind": told["kind"], **told.get("request", {})}


def _fill(told: OrderEvent) -> dict[str, Any]:
    return {
        "time_ns": told.time_ns,
        "symbol": told.symbol,
        "side": told.side,
        "qty": str(told.last_qty),
        "px": str(told.last_px),
        "cl_ord_id": told.cl_ord_id,
    }
