"""How the result of the demonstration looks: as one JSON document, or as tables."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from core.cli.output import console, figure, table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from core.backtest.demo import DemoResult, Latency
    from core.backtest.market import SourceReport

_LOCATED = 5
"""Malformed rows that the tables show of each venue; the JSON has them all."""

_CROSSED = "A venue's own bid above its own ask is an error of the recording"


def as_json(result: DemoResult) -> dict[str, Any]:
    """The result as JSON values: counts and ns are integers, quantities and money decimal strings."""
    core = result.core
    return {
        "ok": result.ok,
        "problems": list(result.problems),
        "data": result.kind,
        "quotes": result.quotes,
        "crossed": result.crossed,
        "malformed": result.malformed,
        "sources": [dataclasses.asdict(source) for source in result.sources],
        "declared": result.setup.lines(),
        "events": core.events,
        "events_per_s": result.events_per_s,
        "run_ns": result.run_ns,
        "orders": dict(core.orders),
        "children": dict(core.children),
        "denials": dict(core.denials),
        "fills": result.fills,
        "fills_by_venue": {venue: dataclasses.asdict(fills) for venue, fills in core.fills.items()},
        "positions": [dataclasses.asdict(position) for position in core.positions],
        "pnl": dataclasses.asdict(core.pnl),
        "latency_ns": {engine: _latency_json(latency) for engine, latency in core.latency.items()},
        "state_hash": core.state_hash,
        "replay_hash": core.replay_hash,
        "journal": dataclasses.asdict(core.journal),
    }


def _latency_json(latency: Latency) -> dict[str, int]:
    return {
        "count": latency.count,
        "p50": latency.p50,
        "p99": latency.p99,
        "p99.9": latency.p99_9,
        "max": latency.max,
    }


def print_tables(result: DemoResult, binance: dict[str, Any] | None = None) -> None:
    """Print the result as sections of tables on standard output; binance: a report of core.data.replay."""
    out = console()
    _print_head(out, result)
    _print_market(out, result)
    _print_orders(out, result)
    _print_money(out, result)
    _print_latency(out, result)
    if binance is not None:
        _print_binance(out, binance)
    _print_run(out, result, binance is None or binance["ok"])


def _section(out: Console, title: str) -> None:
    from rich.rule import Rule

    out.print(Rule(f"[bold]{title}[/]", align="left", style="cyan"))


def _print_head(out: Console, result: DemoResult) -> None:
    first, last = (datetime.fromtimestamp(ns // 1_000_000_000, UTC) for ns in result.span_ns)
    kind = "recorded" if result.kind == "recorded" else "[bold yellow]SYNTHETIC[/]"
    out.print(
        f"[bold]nacre demo[/]  {result.setup.instrument.symbol}, {kind}, {first:%Y-%m-%d %H:%M:%S}", end=""
    )
    out.print(f" to {last:%H:%M:%S} UTC, {result.quotes:,} quotes")
    if result.kind == "synthetic":
        out.print("[yellow]No recording was played: these quotes come out of a seeded generator.[/]")
    out.print()


def _print_market(out: Console, result: DemoResult) -> None:
    _section(out, "Market")
    numbers = ("read", "crossed", "malformed", "played", "fee bps", "size shown")
    shown = table("venue", *numbers, numbers=numbers)
    for source, venue in zip(result.sources, result.setup.venues, strict=True):
        counts = (source.read, source.crossed, len(source.malformed), source.fed)
        sizes = (venue.taker_fee_bps, figure(venue.quote_qty))
        shown.add_row(source.venue, *map(figure, counts), *sizes)
    out.print(shown)
    for source in result.sources:
        _print_left_out(out, source)
    out.print()


def _print_left_out(out: Console, source: SourceReport) -> None:
    """Where a venue's quotes come from; what of them wasn't played as written, and why."""
    from rich.markup import escape

    out.print(f"{source.venue} is {source.source}.", style="dim")
    if source.crossed:
        share = (
            f"{source.venue}: {source.crossed:,} of {source.read:,} rows ({source.crossed / source.read:.1%})"
        )
        done = "they were dropped" if source.crossed_dropped else "they were played, as asked"
        out.print(f"{share} have ask < bid.", f"{_CROSSED}: {done}.", sep="\n", style="dim")
    if source.unordered:
        out.print(f"{source.venue}: {source.unordered:,} rows put back into the order of time.", style="dim")
    for row in source.malformed[:_LOCATED]:
        where = f"{source.venue}: {source.source} line {row.line:,}"
        out.print(f"{where} left out: {row.reason}: {escape(repr(row.text))}", style="yellow")
    if len(source.malformed) > _LOCATED:
        out.print(f"{source.venue}: and {len(source.malformed) - _LOCATED:,} rows more.", style="yellow")


def _print_orders(out: Console, result: DemoResult) -> None:
    from rich.columns import Columns

    _section(out, "Orders and fills")
    core = result.core
    tables = [_counts("orders", core.orders), _counts("child orders", core.children)]
    fills = table("fills at", "fills", "qty", numbers=("fills", "qty"))
    for venue, made in core.fills.items():
        fills.add_row(venue, figure(made.fills), figure(made.qty))
    tables.append(fills)
    if core.denials:
        tables.append(_counts("denied for", core.denials))
    out.print(Columns(tables, padding=(0, 6)))
    out.print()


def _counts(title: str, counts: Mapping[str, int]) -> Table:
    shown = table(title, "count", numbers=("count",))
    for name, count in counts.items():
        shown.add_row(name, figure(count))
    if not counts:
        shown.add_row("none", "0")
    return shown


def _print_money(out: Console, result: DemoResult) -> None:
    _section(out, "Positions and P&L")
    numbers = ("qty", "avg cost", "realised", "unrealised", "fees")
    shown = table("account", "symbol", *numbers, "currency", numbers=numbers)
    for held in result.core.positions:
        figures = (held.qty, held.avg_cost, held.realized_pnl, held.unrealized_pnl, held.fees)
        shown.add_row(held.account, held.symbol, *map(figure, figures), held.currency)
    out.print(shown)
    pnl = result.core.pnl
    out.print(
        f"realised {figure(pnl.realized_pnl)}   unrealised {figure(pnl.unrealized_pnl)}   "
        f"fees {figure(pnl.fees)}   [bold]equity {figure(pnl.equity)} {pnl.currency}[/]"
    )
    out.print()


def _print_latency(out: Console, result: DemoResult) -> None:
    if not result.core.latency:
        return  # stages in processes of their own aren't measured here
    _section(out, "Service time by engine, ns an event")
    numbers = ("events", "p50", "p99", "p99.9", "max")
    shown = table("engine", *numbers, numbers=numbers)
    for engine, latency in result.core.latency.items():
        figures = (latency.count, latency.p50, latency.p99, latency.p99_9, latency.max)
        shown.add_row(engine, *map(figure, figures))
    out.print(shown)
    out.print()


def _print_binance(out: Console, report: dict[str, Any]) -> None:
    """The market of the second recording, at its end."""
    _section(out, "Binance, spot and perpetual")
    numbers = ("bid", "bid qty", "ask", "ask qty", "trades")
    shown = table("venue", "symbol", *numbers, numbers=numbers)
    for row in report["market"]:
        prices = (row["bid_px"], row["bid_qty"], row["ask_px"], row["ask_qty"], row["trades"])
        shown.add_row(row["venue"], row["symbol"], *map(figure, prices))
    out.print(shown)
    counts = f"{report['quotes']:,} quotes, {report['trades']:,} trades, {report['levels']:,} levels"
    checked = f"{report['gaps']:,} gaps, {report['errors']:,} malformed of {report['rows']:,} rows"
    speed = f"{report['events_per_s']:,} events/s from file to core"
    out.print(f"{counts}; {checked}; {speed}", style="dim")
    out.print()


def _print_run(out: Console, result: DemoResult, rest_ok: bool) -> None:
    from rich.markup import escape

    _section(out, "Run")
    core, journal = result.core, result.core.journal
    shown = table("", "")
    shown.show_header = False
    shown.add_row(
        "throughput",
        f"{result.events_per_s:,} events/s ({core.events:,} events in {result.run_ns / 1e9:.2f} s)",
    )
    shown.add_row("journal", escape(journal.path))
    verified = "[green]verified[/]" if journal.ok else "[bold red]does not verify[/]"
    shown.add_row("", f"{journal.records:,} records, {journal.bytes:,} bytes, {verified}")
    for problem in journal.problems:
        shown.add_row("", escape(", ".join(f"{key} {value}" for key, value in problem.items())))
    shown.add_row("state hash", core.state_hash)
    same = "[green]equal[/]" if core.replay_hash == core.state_hash else "[bold red]differs[/]"
    shown.add_row("replay hash", f"{core.replay_hash} ({same})")
    out.print(shown)
    for found in result.problems:
        out.print(f"[red]{escape(found)}[/]")
    out.print("[bold green]OK[/]" if result.ok and rest_ok else "[bold red]FAILED[/]")
