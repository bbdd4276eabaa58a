"""A simulated venue to play with: events and sends in, reports out. One symbol at one venue, unless told
otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from core import messages as m
from core.capacity import Capacity
from core.venues.simulated import Simulated, venues_bytes
from core_ext.arena import Arena

Schedule = import_module("core.sequencer.schedule").Schedule  # no face of its own for Python
DUE_REPORT, DUE_VENUE = 3, 4
MARKET, LIMIT = m.OrdType.MARKET, m.OrdType.LIMIT


def packed(dtype: np.dtype[Any], **fields: Any) -> bytes:
    """One struct's bytes; names as str are length-prefixed."""
    row = np.zeros((), dtype)
    for name, value in fields.items():
        size = dtype[name].itemsize
        row[name] = np.void(named(value, size)) if isinstance(value, str) else value
    return row.tobytes()


def named(text: str, size: int = 40) -> bytes:
    return (bytes([len(text)]) + text.encode()).ljust(size, b"\0")


def text_of(field: Any) -> str:
    raw = bytes(field)
    assert raw[1 + raw[0] :] == bytes(len(raw) - 1 - raw[0])  # padded with zeros: names are compared as bytes
    return raw[1 : 1 + raw[0]].decode()


@dataclass(frozen=True)
class Said:
    """One report, read back."""

    due: int
    venue: int
    child: str
    exec_type: str
    qty: int
    px: int
    maker: bool
    exec_id: str
    text: str
    seq: int
    order_qty: int | None
    price: int | None
    fee: int | None

    @property
    def line(self) -> str:
        """What most cases look at: `1.1 trade 5@100 taker`."""
        words = [self.child, self.exec_type]
        if self.exec_type == "trade":
            words += [f"{self.qty}@{self.px}", "maker" if self.maker else "taker"]
        return " ".join(words)


def report_of(due: int, data: bytes) -> Said:
    row = np.frombuffer(data, m.REPORT_EVENT)[0]
    flags = int(row["flags"])
    assert text_of(row["exec_ref_id"]) == ""
    return Said(
        due=due,
        venue=int(row["venue"]),
        child=text_of(row["child_id"]),
        exec_type=m.ExecType(int(row["exec_type"])).name.lower(),
        qty=int(row["last_qty"]),
        px=int(row["last_px"]),
        maker=bool(row["maker"]),
        exec_id=text_of(row["exec_id"]),
        text=text_of(row["text"]),
        seq=int(row["venue_seq"]),
        order_qty=int(row["order_qty"]) if flags & m.ReportFlag.HAS_QTY else None,
        price=int(row["price"]) if flags & m.ReportFlag.HAS_PRICE else None,
        fee=(int(row["fee_hi"]) << 64) + int(row["fee_lo"]) if flags & m.ReportFlag.HAS_FEE else None,
    )


class Venue:
    """One symbol (0) at one match venue (0, SIMX), unless told otherwise; all numbers are integers."""

    def __init__(
        self,
        latency_ns: int = 0,
        name: str = "SIMX",
        capacity: Capacity | None = None,
        lot: int = 1,
        **settings: Any,
    ) -> None:
        """settings: fields of the VENUE_EVENT."""
        self.capacity = capacity or Capacity(
            symbols=4, orders=128, more_children=128, depths=3, book_orders=256
        )
        self.simulated = Simulated(Arena(venues_bytes(self.capacity)), self.capacity, Schedule(4096))
        self.now = 0
        self.event("INSTRUMENT", m.INSTRUMENT_EVENT, text="AAPL", tick=1, lot=lot, multiplier=1)
        self.add_venue(0, name, latency_ns, **settings)
        self.list_symbol(0, 0)

    def event(self, kind: str, dtype: np.dtype[Any], **fields: Any) -> list[Said]:
        self.simulated.push_event(m.Kind[kind], packed(dtype, **fields), self.now)
        return self.reports()

    def add_venue(
        self,
        venue: int,
        name: str,
        latency_ns: int = 0,
        mode: int = m.VenueMode.MATCH,
        **settings: Any,
    ) -> None:
        fields = {"venue": venue, "mode": mode, "latency_ns": latency_ns} | settings
        self.event("VENUE", m.VENUE_EVENT, text=name, **fields)

    def list_symbol(self, symbol: int, venue: int) -> None:
        self.event("LISTING", m.LISTING_EVENT, symbol=symbol, venue=venue)

    def quote(self, bid_px: int, bid_qty: int, ask_px: int, ask_qty: int, **at: int) -> list[str]:
        sides = {"bid_px": bid_px, "bid_qty": bid_qty, "ask_px": ask_px, "ask_qty": ask_qty}
        return lines(self.event("QUOTE", m.QUOTE_EVENT, **sides, **at))

    def depth(self, side: str, px: int, qty: int, **at: int) -> list[str]:
        return lines(self.event("DEPTH", m.DEPTH_EVENT, side=m.Side[side], px=px, qty=qty, **at))

    def trade(self, px: int, qty: int, aggressor: str | None = None, **at: int) -> list[str]:
        who = 255 if aggressor is None else m.Side[aggressor]
        return lines(self.event("TRADE", m.TRADE_EVENT, px=px, qty=qty, aggressor=who, **at))

    def simulate(self, what: str, **fields: int) -> list[str]:
        return lines(self.event("SIMULATE", m.SIMULATE_EVENT, what=m.Simulate[what], **fields))

    def market(self, what: str, id_: int, side: str = "BUY", px: int = 0, qty: int = 0) -> list[str]:
        """An order of the market: ADD, CANCEL, EXECUTE."""
        return self.simulate(f"ORDER_{what}", count=id_, detail=m.Side[side], a=px, b=qty)

    def state(self, state: str, symbol: int = m.NONE, venue: int = 0) -> list[str]:
        fields = {"symbol": symbol, "venue": venue, "state": m.VenueState[state]}
        return lines(self.event("VENUE_STATE", m.VENUE_STATE_EVENT, **fields))

    def send(self, action: str, child: int, **fields: Any) -> list[Said]:
        values: dict[str, Any] = {
            "child": child,
            "n": 1,
            "first_id": str(child),
            "action": m.Action[action],
            "ord_type": LIMIT,
        }
        self.simulated.push_send(packed(m.SEND, **(values | fields)), self.now)
        return self.reports()

    def order(self, child: int, side: str, qty: int, price: int | None = None, **fields: Any) -> list[str]:
        """A new order; `tif` by name; without a price a market order."""
        return lines(self.new(child, side, qty, price, **fields))

    def new(
        self, child: int, side: str, qty: int, price: int | None = None, tif: str = "DAY", **fields: Any
    ) -> list[Said]:
        kind = {"ord_type": MARKET if price is None else LIMIT, "price": price or 0}
        values = {"side": m.Side[side], "qty": qty, "time_in_force": m.TimeInForce[tif], **kind}
        return self.send("NEW", child, **(values | fields))

    def replace(self, child: int, qty: int, price: int = 0, **fields: Any) -> list[str]:
        return lines(self.send("REPLACE", child, qty=qty, price=price, **fields))

    def cancel(self, child: int, **fields: Any) -> list[str]:
        return lines(self.send("CANCEL", child, **fields))

    def reports(self) -> list[Said]:
        """Reports and timers up to now, timers handled; reports due later stay."""
        found = []
        while items := self.simulated.pending(self.now):
            for due, kind, data in items:
                if kind == DUE_VENUE:
                    self.simulated.push_timer(int.from_bytes(data, "little"), due)
                else:
                    assert kind == DUE_REPORT
                    found.append(report_of(due, data))
        return found

    def until(self, now: int) -> list[Said]:
        self.now = now
        return self.reports()

    def levels(self, side: str) -> list[tuple[int, int]]:
        return self.simulated.levels(0, 0, m.Side[side])

    def queue(self, side: str) -> list[tuple[int, int, int]]:
        return self.simulated.queue(0, 0, m.Side[side])


def lines(reports: list[Said]) -> list[str]:
    return [report.line for report in reports]
