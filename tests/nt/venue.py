"""A venue that keeps its own records: what reached it, and what it did. It outlives every core."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random

from periphery.nautilus_trader.sends import Send, Sends

PX = Decimal("1.10000")


@dataclass
class Record:
    """news: how often the order reached the venue."""

    symbol: str
    side: str
    qty: Decimal
    news: int = 0
    fills: list[tuple[str, Decimal]] = field(default_factory=list)
    over: str = ""

    @property
    def filled(self) -> Decimal:
        return sum((qty for _, qty in self.fills), Decimal(0))


class Venue:
    """Fills market and IOC orders at once, in two parts; of orders that rest it fills some later."""

    def __init__(self, folder: Path, address: str, seed: int) -> None:
        self.sends = Sends("V1", self.write, folder / "notes", address)
        self.records: dict[str, Record] = {}
        self.random = Random(seed)
        self._execs = 0
        self.quiet = False
        """Nothing that rests is filled any more."""

    def turn(self) -> bool:
        if self.sends.client is None and self.sends.connect():
            self.sends.venue_is(up=True)
        busy = self.sends.poll()
        if not self.quiet and self.random.random() < 0.05:
            self._fill_one()
        return busy

    def _fill_one(self) -> None:
        resting = [child for child, record in self.records.items() if not record.over]
        if resting:
            child = self.random.choice(resting)
            record = self.records[child]
            self._fill(child, min(record.qty - record.filled, Decimal(self.random.randrange(1, 800))))

    def _fill(self, child: str, qty: Decimal) -> None:
        record = self.records[child]
        self._execs += 1
        record.fills.append((f"V{self._execs}", qty))
        if record.filled == record.qty:
            record.over = "filled"
        self._say_fill(child, *record.fills[-1])

    def _say_fill(self, child: str, exec_id: str, qty: Decimal) -> None:
        self._say(child, "trade", exec_id=exec_id, last_qty=str(qty), last_px=str(PX))

    def _say(self, child: str, kind: str, **more: str) -> None:
        self.sends.report(child, self.records[child].symbol, kind, **more)

    def write(self, send: Send) -> None:
        getattr(self, f"_{send.action}")(send)

    def _new(self, send: Send) -> None:
        record = self.records.setdefault(send.child_id, Record(send.symbol, send.side, Decimal(send.qty)))
        record.news += 1
        self._say(send.child_id, "new")
        if send.ord_type == "market" or send.time_in_force == "ioc":
            half = record.qty // 2
            self._fill(send.child_id, half)
            self._fill(send.child_id, record.qty - half)

    def _cancel(self, send: Send) -> None:
        record = self.records.get(send.child_id)
        if record is None or record.over:
            self.sends.report(send.child_id, send.symbol, "cancel_rejected", text="it is over")
            return
        record.over = "canceled"
        self._say(send.child_id, "canceled")

    def _replace(self, send: Send) -> None:
        record = self.records.get(send.child_id)
        if record is None or record.over or Decimal(send.qty) <= record.filled:
            self.sends.report(send.child_id, send.symbol, "cancel_rejected", text="it is over")
            return
        record.qty = Decimal(send.qty)
        self._say(send.child_id, "replaced", order_qty=send.qty, price=send.price)

    def _status(self, send: Send) -> None:
        """Everything again: what the core has heard before, it knows by the exec_id."""
        record = self.records.get(send.child_id)
        if record is None:
            self.sends.report(send.child_id, send.symbol, "unknown_order")
            return
        self._say(send.child_id, "new")
        for exec_id, qty in record.fills:
            self._say_fill(send.child_id, exec_id, qty)
        if record.over == "canceled":
            self._say(send.child_id, "canceled")
        elif not record.over:
            self._say(send.child_id, "restated", order_qty=str(record.qty))
            self._say(send.child_id, "cancel_rejected", text="no such request came here")
