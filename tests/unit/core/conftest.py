"""A core for tests: the two verbs of the demonstration's `Core`, on a book of one level a venue."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from core.backtest.demo import CoreSummary, JournalCheck, Latency, OnQuote, Pnl, Position, VenueFills
from core.backtest.fx_ticks import Quotes
from core.backtest.market import has_recording
from core.backtest.setup import CoreSetup

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recordings: NACRE_DATA, else the one beside the project. Skips where there is none."""
    data = Path(os.environ.get("NACRE_DATA") or PROJECT / "../shared/data")
    if not has_recording(data):
        pytest.skip(f"no FX recordings in {data}: set NACRE_DATA to the folder that holds fx/")
    return data


class FakeCore:
    """Sweeps market orders over the venues' touches by price, then fee; a level taken stays taken."""

    def __init__(self, setup: CoreSetup) -> None:
        self.setup = setup
        self.log: list[tuple[int, int, str, int, int]] = []
        self.sent: list[tuple[int, str, int]] = []
        self.quotes = self.orders = self.unfilled = 0
        self.tamper = ""
        self._levels: dict[int, dict[str, list[int]]] = {}

    def feed(
        self,
        rows: Quotes,
        venues: list[str],
        symbol: str,
        on_quote: OnQuote,
        progress: Callable[[int], None],
    ) -> None:
        assert venues == [venue.name for venue in self.setup.venues]
        assert symbol == self.setup.instrument.symbol
        for ts_ns, venue, bid, ask in rows.tolist():
            size = self.setup.venues[venue].quote_qty
            self._levels[venue] = {"buy": [ask, size], "sell": [bid, size]}
            self.quotes += 1
            for side, qty in on_quote(ts_ns, bid, ask):
                self._sweep(ts_ns, side, qty)
        progress(len(rows))

    def _sweep(self, ts_ns: int, side: str, qty: int) -> None:
        self.orders += 1
        self.sent.append((ts_ns, side, qty))
        sign = 1 if side == "buy" else -1
        fee = [Decimal(venue.taker_fee_bps) for venue in self.setup.venues]
        for venue in sorted(self._levels, key=lambda v: (sign * self._levels[v][side][0], fee[v], v)):
            price, shown = self._levels[venue][side]
            taken = min(qty, shown)
            if taken:
                self._levels[venue][side][1] -= taken
                self.log.append((ts_ns, venue, side, taken, price))
                qty -= taken
        self.unfilled += qty

    def finish(self) -> CoreSummary:
        digest = hashlib.sha256(repr(self.log).encode()).hexdigest()[:16]
        fills = Counter(venue for _, venue, *_ in self.log)
        segment = self.setup.journal / "0.journal"
        segment.write_bytes(repr(self.log).encode())
        problem = {"file": segment.name, "offset": 64, "sequence": 1, "what": "crc"}
        bad = self.tamper == "journal"
        return CoreSummary(
            events=self.quotes + self.orders + len(self.log),
            orders={"filled": self.orders},
            children={"filled": len(self.log)},
            denials={},
            fills={
                venue.name: VenueFills(fills[rank], str(sum(f[3] for f in self.log if f[1] == rank)))
                for rank, venue in enumerate(self.setup.venues)
            },
            positions=(self._position(),),
            pnl=self._pnl(),
            latency={"risk": Latency(self.quotes, 90, 400, 900, 20_000)},
            state_hash=digest,
            replay_hash="0" * 16 if self.tamper == "replay" else digest,
            journal=JournalCheck(
                str(self.setup.journal), len(self.log), 0, not bad, (problem,) if bad else ()
            ),
        )

    def _money(self) -> tuple[int, Decimal, Decimal]:
        """Open quantity, cash from fills, fees."""
        signs = {"buy": 1, "sell": -1}
        unit = Decimal(1).scaleb(-self.setup.instrument.price_precision)
        qty = sum(signs[side] * taken for _, _, side, taken, _ in self.log)
        cash = -sum((signs[side] * taken * px * unit for _, _, side, taken, px in self.log), Decimal(0))
        bps = [Decimal(venue.taker_fee_bps) / 10_000 for venue in self.setup.venues]
        fees = sum((taken * px * unit * bps[venue] for _, venue, _, taken, px in self.log), Decimal(0))
        return qty, cash, fees

    def _position(self) -> Position:
        qty, cash, fees = self._money()
        text = f"{fees:f}"
        return Position("DEMO", "EURUSD", "USD", str(qty), "0", f"{cash:f}", "0", text)

    def _pnl(self) -> Pnl:
        _, cash, fees = self._money()
        equity = Decimal(self.setup.account.cash) + cash - fees
        return Pnl("USD", f"{cash:f}", "0", f"{fees:f}", f"{equity:f}")


@pytest.fixture
def fake_cores() -> list[FakeCore]:
    """The cores that `open_core` has opened in this test."""
    return []


@pytest.fixture
def open_core(fake_cores: list[FakeCore]) -> Callable[[CoreSetup], FakeCore]:
    """A core factory for the demonstration."""

    def opened(setup: CoreSetup) -> FakeCore:
        fake_cores.append(FakeCore(setup))
        return fake_cores[-1]

    return opened
