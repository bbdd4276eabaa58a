"""History that a strategy is told before it lives: out of recordings, or out of the core's own journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import messages as m
from core.data.recording import Options
from core_ext.journal import JournalReader
from periphery.strategy.backtest import Backtest
from periphery.strategy.journaled import market_row
from periphery.strategy.strategy import Strategy
from periphery.strategy.streamed import Streamed


class UnknownHistory(ValueError):
    """History of what the core doesn't know; the message says what, and what to do."""


def warm_by_recordings(host: Streamed, paths: Sequence[Path], options: Options | None = None) -> int:
    """Rows told. UnknownHistory, BadRecording."""
    relay = _Relay(host)
    test = Backtest(relay, paths, options)
    known = {symbol.name for symbol in host.directory.symbols}
    unknown = sorted({symbol.name for symbol in test.directory.symbols} - known)
    if unknown:
        raise UnknownHistory(
            f"{paths[0]}: {', '.join(unknown)}: the core has {', '.join(sorted(known))}; name it by --symbol"
        )
    host.warming = True
    test.run()
    return relay.told


def warm_by_journal(host: Streamed, folder: Path, before: int | None = None) -> int:
    """Rows told or known by the state, up to event `before`; what the core has sequenced since comes to the
    host by itself. JournalCorrupt.
    """
    host.warming = True
    told = last = 0
    for seq, body in _to_the_end(JournalReader(folder, follow=True)):
        if before is not None and seq >= before:
            break
        last = seq
        row = market_row(seq, np.frombuffer(body, m.HEADER, 1)[0], body)
        if row is not None:
            told += 1
            host.warm(row)
        host.breathe()
    host.warm_after = last
    return told


def _to_the_end(reader: JournalReader) -> Iterator[tuple[int, bytes]]:
    """Records, and those that come meanwhile: what a host has seen of the market before the last look at the
    journal is in it, since a core shows nothing that its journal hasn't.
    """
    while True:
        reader.refresh()
        before = reader.records
        yield from reader
        if reader.records == before:
            return


class _Relay(Strategy):
    """Passes what recordings tell on to a host that warms up."""

    at_stop = "keep"

    def __init__(self, host: Streamed) -> None:
        super().__init__()
        self.to = host
        self.told = 0

    def _begin(self, time_ns: int) -> None:
        if not self.to.started:
            self.to.start(time_ns)
        self.told += 1
        self.to.breathe()
        self.to.pass_time(time_ns)

    def on_quote(self, quote: Any) -> None:
        self._begin(quote.time_ns)
        self.to.tell_quote(quote)
        self.to.tell_refused()

    def on_trade(self, trade: Any) -> None:
        self._begin(trade.time_ns)
        self.to.tell_trade(trade)
        self.to.tell_refused()

    def on_depth(self, level: Any) -> None:
        self._begin(level.time_ns)
        self.to.tell_level(level)
        self.to.tell_refused()
