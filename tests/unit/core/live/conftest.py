"""A live core without its socket: small tables, declared names, seats in plain memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.build import SCHEMA_VERSION, build_id
from core.capacity import Capacity
from core.live.book import Book
from core.live.killing import open_page
from core.live.loop import Live
from core.live.sessions import Rings
from core.scenario.reader import Line
from core.scenario.values import convert
from core_ext.journal import JournalReader, JournalWriter
from core_ext.killpage import KillPage

SMALL = Capacity(
    symbols=4, accounts=4, strategies=8, sessions=16, orders=2048, more_children=512, ids=8192, fills=4096,
    positions=64, limits=16, counters=64, cells=64, rate_times=1024, depths=4, spine=256, loopback=256,
)  # fmt: skip
DECLARED: list[dict[str, Any]] = [
    {
        "type": "instrument", "symbol": "X", "kind": "equity", "price_precision": 2, "qty_precision": 0,
        "tick": "0.01", "lot": "1", "currency": "USD",
    },
    {"type": "venue", "venue": "V", "mode": "match", "symbols": ["X"]},
    {"type": "account", "account": "A", "currency": "USD", "cash": "1000"},
    {"type": "account", "account": "B", "currency": "USD"},
    {"type": "limit", "check": "order_rate", "account": "B", "value": "500", "window_s": "2"},
    {"type": "fx", "pair": "EUR/USD", "rate": "1.1"},
]  # fmt: skip
INPUT = np.dtype(
    [("time_ns", "<i8"), ("source_seq", "<u8"), ("kind", "<u2"), ("pad", "V30"), ("request", "V256")]
)


def field(text: str) -> np.void:
    return np.void(bytes([len(text)]) + text.encode().ljust(39, b"\0"))


class Bench:
    """A core, its names, and sessions on it."""

    def __init__(self, folder: Path, **made: Any) -> None:
        self.folder = folder
        self.made = made
        self.page: KillPage = open_page(folder / "core.sock", create=True)
        self.book = Book()
        self.rings: dict[int, Rings] = {}
        self.sent: dict[int, int] = {}
        self.live = Live(SMALL, self.page, None, "yield", **made)
        self.journal = self.writer()
        self.live.start(self.journal)
        for line in DECLARED:
            self.line(line)
        self.tell()

    def writer(self) -> JournalWriter:
        return JournalWriter(
            self.folder / "journal",
            schema_version=SCHEMA_VERSION,
            build_id=build_id(),
            segment_bytes=1 << 20,
            reserve_bytes=1 << 16,
            cut_torn=True,
            durability="group" if self.made.get("group") else "async",
        )

    def tell(self) -> None:
        d = self.book.directory
        strategies = len(d.space_lists[m.Space.STRATEGY])
        self.live.declared(len(d.symbol_list), len(d.venue_list), len(d.account_list), strategies)

    def line(self, values: dict[str, Any], source: int = 0) -> None:
        kind, _, data = convert(json.loads(json.dumps(values)))
        for event in self.book.events(Line(0, 0, kind, data)):
            self.live.feed(event.kind, event.request, event.session, source)
            if event.kind in (m.Kind.LIMIT, m.Kind.FX) or kind not in ("instrument", "venue", "account"):
                self.book.note(event.kind, event.request)

    def reader(self) -> JournalReader:
        return JournalReader(self.folder / "journal")

    def sit(self, seat: int, name: str, rights: bytes | None = None) -> Rings:
        self.line({"type": "connect", "session": name})
        rings = Rings(name)
        rings.close_fds()
        index = self.book.directory.spaces[m.Space.SESSION][name]
        self.live.open_seat(seat, index, 0, rings.requests, rings.responses, rings.quotes, rights)
        self.rings[seat] = rings
        return rings

    def push(self, seat: int, kind: int, dtype: np.dtype[Any], **values: Any) -> None:
        row = np.zeros((), dtype)
        for key, value in values.items():
            row[key] = field(value) if isinstance(value, str) else value
        self.sent[seat] = self.sent.get(seat, 0) + 1
        item = np.zeros((), INPUT)
        item["source_seq"], item["kind"] = self.sent[seat], kind
        item["request"] = np.void(row.tobytes().ljust(256, b"\0"))
        assert self.rings[seat].requests.try_push(item.tobytes())

    def order(self, seat: int, cl_ord_id: str, **values: Any) -> None:
        made: dict[str, Any] = {
            "strategy": m.NONE,
            "venue": m.NONE16 - 0xFFFF,
            "ord_type": m.OrdType.LIMIT,
            "time_in_force": m.TimeInForce.GTC,
            "flags": m.OrderFlag.HAS_QTY | m.OrderFlag.HAS_PRICE,
            "qty": 10,
            "price": 1000,
        }
        self.push(seat, m.Kind.ORDER, m.ORDER_EVENT, cl_ord_id=cl_ord_id, **(made | values))

    def run(self) -> None:
        """Turns until all is done."""
        while self.live.run(2_000_000):
            pass

    def told(self, seat: int) -> list[tuple[str, str]]:
        """(cl_ord_id, status or reason) of every response so far."""
        out = []
        for seq in range(1, self.live.seat_counts(seat)["responses"] + 1):
            row = np.frombuffer(self.rings[seat].responses.read(seq) or b"", m.RESPONSE, 1)[0]
            raw = row["cl_ord_id"].tobytes()
            what = m.Reason(row["reason"]) if row["kind"] == 1 else m.OrdStatus(row["status"])
            out.append((raw[1 : 1 + raw[0]].decode(), what.name.lower()))
        return out


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.journal.close()
