"""The demonstration: a day of EURUSD from two venues through the core, traded by a crossing of averages.

This is the run alone: it loads the market, plays it into a core, checks what came out and returns figures;
how they look is the command's business. The core is any object with the two verbs of `Core`.

Sizes and commissions. The recordings hold no sizes, so each venue shows a fixed one, chosen so that both
venues get orders: commissions alone don't do it. Measured on the recorded day with FXCM's crossed rows
dropped (133,686 quotes), while both venues quote:

- by price, FXCM has the better ask 99.7 % and the better bid 99.6 % of the time; net of commissions of 0.35
  bps (FXCM) and 0.20 bps (OANDA) still 96.9 % and 95.1 %. One bp is 13.9 ticks here and the venues' touches
  are about five ticks apart: 0.50 against 0.20 bps leaves FXCM 68 % and 60 %, 0.60 leaves it 45 % and 37 %;
- the `sweep` policy goes by price and lets the commission decide between equal prices only. With sizes far
  above the order (1,000,000 each) OANDA makes 39 of 1,712 fills, 19 of them before FXCM's first quote.

So the sizes do it. A change of side sends two orders of 100,000 on one quote. FXCM shows 150,000: the
closing order fits, the opening one takes the 50,000 left there and goes to OANDA for the rest. OANDA shows
200,000, enough for both orders in the hours when it alone quotes, so that nothing is left unfilled. That
makes about 834 of the 1,712 orders split over both venues, 1,669 fills at FXCM and 877 at OANDA.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from core.backtest.fx_ticks import Quotes
from core.backtest.market import Kind, Market, SourceReport, recorded, synthetic
from core.backtest.setup import Account, CoreSetup, Instrument, Limit, Venue
from core.strategy.ema_cross import EmaCross

EURUSD = Instrument(
    symbol="EURUSD",
    kind="fx",
    price_precision=5,
    qty_precision=0,
    tick="0.00001",
    lot="1000",
    base_currency="EUR",
    currency="USD",
)
ACCOUNT = Account(name="DEMO", currency="USD", cash="1000000")

LIMITS = (
    Limit("max_order_qty", "250000"),
    Limit("max_order_notional", "500000"),
    Limit("max_position", "300000"),
    Limit("price_collar_bps", "50"),
    Limit("order_rate", "50", window_s="1"),
)
"""Wide enough for the strategy's worst instant (short 100,000 while 200,000 are bought), and no wider than
a desk would set them: one order of twice the size, or a runaway loop, is denied."""

SYNTHETIC_QUOTES = 130_000
"""Rows of a synthetic day where no number is asked for: about those of the recorded one."""


@dataclass(frozen=True, slots=True)
class VenueTerms:
    """What the demonstration lays down for a venue, by its rank: commission in bps, size shown a side."""

    taker_fee_bps: str
    quote_qty: int


@dataclass(frozen=True, slots=True)
class DemoConfig:
    """What to run.

    data: the folder of recordings, None for synthetic quotes out of `seed`. quotes: how many, None for all.
    journal: an empty directory. qty: each order's quantity in EUR. fast, slow: the averages, in quotes.
    terms: one for each venue, by rank (FXCM, OANDA). venue_settings: how both work, keys of a scenario's
    venue line.
    """

    journal: Path
    data: Path | None = None
    seed: int = 1
    quotes: int | None = None
    drop_crossed: bool = True
    qty: int = 100_000
    fast: int = 50
    slow: int = 200
    terms: tuple[VenueTerms, ...] = (VenueTerms("0.35", 150_000), VenueTerms("0.20", 200_000))
    venue_settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Latency:
    """Service time of one engine over the run, in ns an event."""

    count: int
    p50: int
    p99: int
    p99_9: int
    max: int


@dataclass(frozen=True, slots=True)
class Position:
    """A position at the end, as the `end` line of a scenario writes it: decimal strings, qty signed."""

    account: str
    symbol: str
    currency: str
    qty: str
    avg_cost: str
    realized_pnl: str
    unrealized_pnl: str
    fees: str


@dataclass(frozen=True, slots=True)
class Pnl:
    """The account at the end, in its currency: decimal strings. realized_pnl is without fees."""

    currency: str
    realized_pnl: str
    unrealized_pnl: str
    fees: str
    equity: str


@dataclass(frozen=True, slots=True)
class VenueFills:
    """What one venue filled: number of fills, and their quantity as a decimal string."""

    fills: int
    qty: str


@dataclass(frozen=True, slots=True)
class JournalCheck:
    """The journal after the run: where it is, and what its verification found.

    Each problem names its file, offset and sequence.
    """

    path: str
    records: int
    bytes: int
    ok: bool
    problems: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class CoreSummary:
    """A core's figures at the end of its run.

    events:      events on the spine: inputs, the venues' answers and derived ones.
    orders:      client orders by ord_status; children: child orders by ord_status.
    denials:     denied orders by reason.
    latency:     service time by engine, in the order of the path.
    state_hash:  of the live state; replay_hash: of a fresh state built from the journal alone.
    """

    events: int
    orders: Mapping[str, int]
    children: Mapping[str, int]
    denials: Mapping[str, int]
    fills: Mapping[str, VenueFills]
    positions: tuple[Position, ...]
    pnl: Pnl
    latency: Mapping[str, Latency]
    state_hash: str
    replay_hash: str
    journal: JournalCheck


type OnQuote = Callable[[int, int, int], Sequence[tuple[str, int]]]
"""Strategy: (ts_ns, bid_px, ask_px) to orders (side, qty), in units of the instrument."""


class Core(Protocol):
    """A core that runs on recorded time."""

    def feed(
        self,
        rows: Quotes,
        venues: list[str],
        symbol: str,
        on_quote: OnQuote,
        progress: Callable[[int], None],
    ) -> None:
        """Play quotes, of dtype MERGED, in their order; `venue` indexes `venues`.

        After each quote has been sequenced on_quote is called; each (side, qty) that it returns is
        submitted as a worked market order of policy sweep, at the quote's time and in order, and all
        consequences are sequenced before the next input. progress takes the rows played so far.
        """

    def finish(self) -> CoreSummary:
        """Close the journal, verify it, replay it into a fresh state, and return the figures."""


type CoreFactory = Callable[[CoreSetup], Core]
type Progress = Callable[[str, int, int], None]
"""(stage, done, total): stages are "read", "run" and "verify", in that order."""


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demonstration found. problems is empty when all that it checks held.

    run_ns is the time spent in `feed`; events_per_s is the core's events over that time.
    """

    kind: Kind
    sources: tuple[SourceReport, ...]
    setup: CoreSetup
    quotes: int
    span_ns: tuple[int, int]
    crossed: int
    malformed: int
    run_ns: int
    core: CoreSummary
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether every check held."""
        return not self.problems

    @property
    def fills(self) -> int:
        """Fills at all venues."""
        return sum(venue.fills for venue in self.core.fills.values())

    @property
    def events_per_s(self) -> int:
        """Events on the spine for each second of the run."""
        return self.core.events * 1_000_000_000 // max(self.run_ns, 1)


def run_demo(config: DemoConfig, core_factory: CoreFactory, progress: Progress) -> DemoResult:
    """Load the market, play it through a core made by core_factory, and check what came out.

    Raises BadTickFile or FileNotFoundError where a recording can't be read, ValueError where the
    configuration makes no sense or no quote is left to play.
    """
    progress("read", 0, 1)
    market = _load(config)
    if len(market.rows) == 0:
        raise ValueError("no quote to play")
    progress("read", 1, 1)
    setup = core_setup(config, market.venues)
    core = core_factory(setup)
    run_ns = _play(core, market, EmaCross(config.qty, config.fast, config.slow), progress)
    progress("verify", 0, 1)
    summary = core.finish()
    progress("verify", 1, 1)
    return DemoResult(
        kind=market.kind,
        sources=market.sources,
        setup=setup,
        quotes=len(market.rows),
        span_ns=(int(market.rows["ts_ns"][0]), int(market.rows["ts_ns"][-1])),
        crossed=market.crossed,
        malformed=market.malformed,
        run_ns=run_ns,
        core=summary,
        problems=tuple(_problems(market, summary)),
    )


def core_setup(config: DemoConfig, venues: Sequence[str]) -> CoreSetup:
    """The demonstration's declarations. Raises ValueError unless there are terms for each venue."""
    if len(venues) != len(config.terms):
        raise ValueError(f"terms for {len(venues)} venues expected, {len(config.terms)} given")
    made = tuple(
        Venue(name, terms.taker_fee_bps, terms.quote_qty, config.venue_settings)
        for name, terms in zip(venues, config.terms, strict=True)
    )
    return CoreSetup(EURUSD, made, ACCOUNT, LIMITS, config.journal)


def _load(config: DemoConfig) -> Market:
    if config.data is not None:
        return recorded(config.data, config.quotes, drop_crossed=config.drop_crossed)
    quotes = SYNTHETIC_QUOTES if config.quotes is None else config.quotes
    return synthetic(config.seed, quotes, drop_crossed=config.drop_crossed)


def _play(core: Core, market: Market, strategy: EmaCross, progress: Progress) -> int:
    """Feed all rows; return the ns that it took."""
    total = len(market.rows)
    progress("run", 0, total)
    on_quote = until_last(strategy, total)
    start_ns = time.perf_counter_ns()
    core.feed(
        market.rows, list(market.venues), EURUSD.symbol, on_quote, lambda done: progress("run", done, total)
    )
    return time.perf_counter_ns() - start_ns


def until_last(strategy: EmaCross, quotes: int) -> OnQuote:
    """The strategy's on_quote, with its on_stop added to what it asks for on the last of `quotes` quotes."""
    left = quotes

    def on_quote(ts_ns: int, bid_px: int, ask_px: int) -> Sequence[tuple[str, int]]:
        nonlocal left
        left -= 1
        intents = strategy.on_quote(ts_ns, bid_px, ask_px)
        return intents if left else (*intents, *strategy.on_stop())

    return on_quote


def _problems(market: Market, summary: CoreSummary) -> list[str]:
    """What did not hold, in words."""
    problems = []
    if summary.replay_hash != summary.state_hash:
        problems.append(f"replay hash {summary.replay_hash} differs from state hash {summary.state_hash}")
    if not summary.journal.ok:
        problems.append(f"journal does not verify: {len(summary.journal.problems)} problems")
    if summary.events < len(market.rows):
        problems.append(f"{len(market.rows)} quotes were fed, {summary.events} events sequenced")
    problems += [
        f"position {position.account} {position.symbol} is {position.qty} after the strategy closed"
        for position in summary.positions
        if position.qty != "0"
    ]
    return problems
