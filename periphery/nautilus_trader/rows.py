"""A core's markets for a node: quotes, trades, books by level, of what somebody subscribed to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from periphery.client import Client, DenyEvent, Gap, OrderEvent
from periphery.client.codec import MarketRow
from periphery.client.units import to_units
from periphery.nautilus_trader.instruments import NacreInstrumentProvider, Numbers
from periphery.nautilus_trader.link import Link
from periphery.nautilus_trader.market import Level, Market, Quote, Row, Trade
from periphery.nautilus_trader.theirs import (
    AggressorSide,
    BookAction,
    BookOrder,
    BookType,
    OrderBookDelta,
    OrderBookDeltas,
    OrderSide,
    QuoteTick,
    RecordFlag,
    TradeId,
    TradeTick,
)

_BUYER = getattr(AggressorSide, "BUYER", None) or AggressorSide.BUY  # the two versions differ in this name
_SELLER = getattr(AggressorSide, "SELLER", None) or AggressorSide.SELL
_AGGRESSORS = (AggressorSide.NO_AGGRESSOR, _BUYER, _SELLER)
_LAST = int(RecordFlag.F_LAST.value)
_SNAPSHOT = int(RecordFlag.F_SNAPSHOT.value)


class Rows:
    """A `Listener` of the link, mixed into a data client of NautilusTrader's."""

    _provider: NacreInstrumentProvider
    _link: Link
    _venue_of: str | None
    _market: Market | None = None
    _wanted: dict[type, set[int]]
    _held: dict[int, dict[tuple[bool, int], Level]]
    """Changes of each book that is asked for, by level: a book begins with what the venues show, whole."""

    # ---- what a version gives ------------------------------------------------------------------------------

    def _now_ns(self) -> int:
        raise NotImplementedError

    def _warn(self, text: str) -> None:
        raise NotImplementedError

    def _emit(self, data: Any) -> None:
        raise NotImplementedError

    def _later(self, work: Any) -> None:
        """Run a coroutine."""
        raise NotImplementedError

    # ---- the link ------------------------------------------------------------------------------------------

    def up(self, client: Client, told: Mapping[str, Any]) -> None:
        self._provider.load_directory(client.directory, self._venue_of, self._now_ns())
        self._market = Market(client.directory, self._venue_of, self._tell)
        self._books_anew()

    def down(self, why: str) -> None:
        self._warn(f"The core is gone: {why}")

    def answer(self, event: OrderEvent | DenyEvent) -> None:
        """The execution client's."""

    def gap(self, gap: Gap, told: Mapping[str, Any] | None) -> None:
        if gap.stream == "quotes":
            self._warn(f"{gap.missed} rows of the market were missed")
            if self._market is not None:
                self._market.forget()
            self._books_anew()

    def row(self, row: MarketRow) -> None:
        if self._market is not None:
            self._market.hear(row)

    # ---- the market ----------------------------------------------------------------------------------------

    def nobody_wants(self) -> None:
        """Before anybody has subscribed."""
        self._wanted = {Quote: set(), Trade: set(), Level: set()}
        self._held = {}
        self._tellers: dict[type, Callable[[Any, Numbers], None]] = {
            Quote: self._quote,
            Trade: self._trade,
            Level: self._level,
        }

    def _tell(self, row: Row) -> None:
        if row.symbol in self._wanted[type(row)]:
            self._tellers[type(row)](row, self._provider.by_index[row.symbol])

    def _quote(self, row: Quote, of: Numbers) -> None:
        self._emit(
            QuoteTick(
                of.id, of.price(row.bid_px), of.price(row.ask_px), of.quantity(row.bid_qty),
                of.quantity(row.ask_qty), row.time_ns, self._now_ns(),
            )
        )  # fmt: skip

    def _trade(self, row: Trade, of: Numbers) -> None:
        self._emit(
            TradeTick(
                of.id, of.price(row.px), of.quantity(row.qty), _AGGRESSORS[row.aggressor],
                TradeId(f"T{row.event}"), row.time_ns, self._now_ns(),
            )
        )  # fmt: skip

    def _level(self, row: Level, of: Numbers) -> None:
        if row.symbol in self._held:
            self._held[row.symbol][row.is_ask, row.px] = row
            return
        action = BookAction.UPDATE if row.qty else BookAction.DELETE
        order = _order(row.is_ask, row.px, row.qty, of)
        delta = OrderBookDelta(of.id, action, order, _LAST, row.event, row.time_ns, self._now_ns())
        self._emit(OrderBookDeltas(of.id, [delta]))

    def _books_anew(self) -> None:
        for symbol in self._wanted[Level]:
            self._later(self._snapshot(symbol))

    async def _snapshot(self, symbol: int) -> None:
        """What the venues show now, whole; then the changes."""
        of, client = self._provider.by_index[symbol], self._link.client
        self._held.setdefault(symbol, {})
        if client is None:  # it is asked again when there is one
            return
        listed = client.directory.symbols[symbol]
        shown: dict[tuple[bool, int], int] = {}
        for venue in listed.venues if self._venue_of is None else (self._venue_of,):
            for name, side, px, qty in (await self._link.ask("levels", venue=venue))["levels"]:
                if name == listed.name:
                    key = side == "sell", to_units(px, listed.price_precision, "px", name)
                    shown[key] = shown.get(key, 0) + to_units(qty, listed.qty_precision, "qty", name)
        self._emit(OrderBookDeltas(of.id, self._deltas(of, shown)))
        for row in self._held.pop(symbol, {}).values():
            self._level(row, of)

    def _deltas(self, of: Numbers, shown: Mapping[tuple[bool, int], int]) -> list[OrderBookDelta]:
        now_ns = self._now_ns()
        deltas = [OrderBookDelta.clear(of.id, 0, now_ns, now_ns)]
        levels = list(shown.items())
        for i, ((is_ask, px), qty) in enumerate(levels):
            flags = _SNAPSHOT | (_LAST if i + 1 == len(levels) else 0)
            order = _order(is_ask, px, qty, of)
            deltas.append(OrderBookDelta(of.id, BookAction.ADD, order, flags, 0, now_ns, now_ns))
        return deltas

    # ---- subscriptions -------------------------------------------------------------------------------------

    def _index(self, instrument_id: Any) -> int:
        """ValueError: no instrument of this core's venue."""
        name = instrument_id.symbol.value
        if self._link.client is None or name not in self._provider.numbers:
            raise ValueError(f"{instrument_id} is not an instrument of this core at {self._provider.venue}")
        return self._link.client.directory.symbol(name).index

    def want_quotes(self, instrument_id: Any) -> None:
        """The last quote comes at once."""
        index = self._index(instrument_id)
        self._wanted[Quote].add(index)
        best = None if self._market is None else self._market.best(index)
        if best is not None:
            self._quote(Quote(index, self._now_ns(), *best), self._provider.by_index[index])

    def want_trades(self, instrument_id: Any) -> None:
        self._wanted[Trade].add(self._index(instrument_id))

    async def want_levels(self, instrument_id: Any, book_type: Any) -> None:
        if book_type == BookType.L3_MBO:
            raise ValueError("a core shows levels, not orders: L2_MBP is the most")
        index = self._index(instrument_id)
        self._wanted[Level].add(index)
        await self._snapshot(index)

    def want_no_more(self, what: type, instrument_id: Any) -> None:
        self._wanted[what].discard(self._index(instrument_id))


def _order(is_ask: bool, px: int, qty: int, of: Numbers) -> BookOrder:
    return BookOrder(OrderSide.SELL if is_ask else OrderSide.BUY, of.price(px), of.quantity(qty), 0)
