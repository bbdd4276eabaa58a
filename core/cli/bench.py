"""`nacre bench`: figures of this machine, each with what it was measured on. In a checkout only."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, say, write_json, write_mapping

SHARED_DATA = Path("..", "shared", "data")


@click.group()
def command() -> None:
    """Measure this machine (from a checkout: wheels don't hold the bench).

    A figure is a ratio in one run, or it is printed beside its goal and nothing more; the final state is
    checked in the same run. Exit 1: that check failed, or, of `check`, a ratio.
    """


@command.command(short_help="A hop over the spine against a raw one.")
@output_option("table", "json")
@click.option(
    "--blocks", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Pairs of blocks."
)
@click.option(
    "--block-ms", type=click.FloatRange(0.1, 10), default=5.0, show_default=True, help="Length of one block."
)
@click.option(
    "--wait",
    type=click.Choice(["spin", "pause"]),
    default="spin",
    show_default=True,
    help="How both ends wait: bare, or with the processor's pause.",
)
@click.option(
    "--slots", type=click.Choice(["1", "16", "1024", "16384"]), default="1024", help="Of the spine."
)
@click.option(
    "--lines",
    type=click.IntRange(1, 5),
    default=1,
    show_default=True,
    help="That a hop hands over: the header, and so many more of the request.",
)
def hop(output: str, blocks: int, block_ms: float, wait: str, slots: str, lines: int) -> None:
    """A hop over the spine against the ping-pong of a cache line: two pinned processes, blocks in turn."""
    _report("hop", output, blocks=blocks, block_ms=block_ms, wait=wait, slots=int(slots), lines=lines)


@command.command(short_help="Events a second on one processor.")
@output_option("table", "json")
@click.option("--symbols", type=click.IntRange(1, 100_000), default=1000, show_default=True)
@click.option("--accounts", type=click.IntRange(1, 1000), default=8, show_default=True)
@click.option(
    "--live", type=click.IntRange(1), default=1_000_000, show_default=True, help="Orders before any is timed."
)
@click.option("--new", type=click.IntRange(1), default=500_000, show_default=True, help="New orders timed.")
@click.option("--filled", type=click.IntRange(1), default=200_000, show_default=True, help="Orders filled.")
@click.option(
    "--quotes", type=click.IntRange(1), default=500_000, show_default=True, help="Quotes of the burst."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option(
    "--journal",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the journal is written, removed afterwards.  [default: the temporary folder]",
)
@click.option("--no-journal", is_flag=True, help="Record nothing.")
def throughput(output: str, journal: Path | None, no_journal: bool, **shape: int) -> None:
    """Events a second through the fused core on one processor, live orders at random over the symbols."""
    made = load("bench.orders", "Shape")(**shape)
    _report("throughput", output, shape=made, journal=journal, no_journal=no_journal)


@command.command(short_help="A request to a real core and back.")
@output_option("table", "json")
@click.option(
    "--blocks", type=click.IntRange(1, 1000), default=40, show_default=True, help="Of each kind, in turn."
)
@click.option(
    "--block-ms", type=click.FloatRange(1, 10), default=10.0, show_default=True, help="Length of one block."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--realtime", is_flag=True, help="Both threads at a real-time priority (needs the right).")
@click.option(
    "--journal",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where the core's journal is, removed afterwards.  [default: the temporary folder]",
)
def path(output: str, **how: Any) -> None:
    """Submit to acknowledgement of a real core, beside a bare round trip: closed loop, open at two rates."""
    _report("path", output, **how)


@command.command(short_help="An order from Python and back.")
@output_option("table", "json")
@click.option(
    "--blocks", type=click.IntRange(1, 10_000), default=100, show_default=True, help="Pairs of blocks."
)
@click.option(
    "--block-ms", type=click.FloatRange(0.1, 10), default=10.0, show_default=True, help="Length of one block."
)
@click.option(
    "--journal",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The core writes its journal in this folder, removed afterwards.  [default: the temporary folder]",
)
def client(output: str, blocks: int, block_ms: float, journal: Path | None) -> None:
    """An order from Python to a whole core's acknowledgement, against a raw round trip, blocks in turn."""
    _report("client", output, blocks=blocks, block_ms=block_ms, journal=journal)


@command.command(short_help="An event over the bridge.")
@output_option("table", "json")
@click.option(
    "--pairs", type=click.IntRange(2, 1000), default=20, show_default=True, help="Of blocks of the hop."
)
@click.option("--events", type=click.IntRange(1), default=1_000_000, show_default=True, help="In batches.")
@click.option("--rate", type=click.IntRange(1), default=50_000, show_default=True, help="Of the open loop.")
@click.option("--seconds", type=click.FloatRange(0.1, 600), default=10.0, show_default=True, help="Of it.")
@click.option(
    "--wait",
    type=click.Choice(["yield", "sleep"]),
    default="yield",
    show_default=True,
    help="The publisher's.",
)
def bridge(output: str, **how: Any) -> None:
    """An event from a core's journal to a process that only talks ZeroMQ, against a bare hop of pyzmq."""
    _report("bridge", output, **how)


@command.command("command", short_help="The wall time of desk commands.")
@output_option("table", "json")
@click.option(
    "--rounds", type=click.IntRange(1, 1000), default=10, show_default=True, help="Of each command."
)
def command_(output: str, rounds: int) -> None:
    """The wall time of desk commands, each in turn with a Python that does nothing; what they import."""
    _report("command", output, rounds=rounds)


@command.command(short_help="Rows a second of each reader of recordings.")
@output_option("table", "json")
@click.option(
    "--data",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="NACRE_DATA",
    show_envvar=True,
    default=SHARED_DATA,
    show_default=True,
    help="Folder of recordings.",
)
@click.option("--turns", type=click.IntRange(1, 100), default=5, show_default=True, help="Best of so many.")
@click.option("--memory/--no-memory", default=True, help="Peak memory at 1 and at 10 times the rows too.")
def data(output: str, folder: Path, turns: int, memory: bool) -> None:
    """Rows a second of each reader of recordings, against other readers on the same bytes."""
    found = _ask("data", data=folder, turns=turns, memory=memory)
    _tell("data", output, found, load("bench.data", "shown")(found))


@command.command(short_help="Each engine fused, pinned, contained, remote.")
@output_option("table", "json")
@click.option(
    "--rounds", type=click.IntRange(2, 1000), default=10, show_default=True, help="Blocks of each placement."
)
@click.option(
    "--events", type=click.IntRange(100, 100_000), default=1000, show_default=True, help="Pages a block."
)
@click.option(
    "--requests", type=click.IntRange(2000, 60_000), default=12_000, show_default=True, help="Of the tape."
)
@click.option(
    "--quotes", type=click.IntRange(10), default=1000, show_default=True, help="Of the whole path's day."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option(
    "--report",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write placement.json, placement.md and placement.html there.",
)
def placement(output: str, **how: Any) -> None:
    """What each placement of an engine costs, in one run. It needs a container engine and the images (make
    images);
    deploy/containers/with_engine.sh COMMAND gives it one."""
    _report("placement", output, **how)


@command.command(short_help="Each bench briefly, against its ratio.")
@output_option("table", "json")
@click.option("--positions", type=click.IntRange(1, 50_000_000), default=1_000_000, show_default=True)
@click.option("--fills", type=click.IntRange(1), default=1_000_000, show_default=True, help="That are timed.")
@click.option("--accounts", type=click.IntRange(1), default=1000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
def positions(output: str, **shape: int) -> None:
    """A fill booked at random over very many positions, against the bare memory that it needs."""
    _report("positions", output, **shape)


@command.command(short_help="A strategy's quotes and orders a second on recorded time.")
@output_option("table", "json")
@click.option("--quotes", type=click.IntRange(min=5000), default=1_000_000, show_default=True)
@click.option("--orders", type=click.IntRange(min=1000), default=200_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--data", type=click.Path(path_type=Path), envvar="NACRE_DATA", default=Path("../shared/data"))
def backtest(output: str, quotes: int, orders: int, seed: int, data: Path) -> None:
    """A strategy on recorded time: no handler, an empty one, two averages, an order on each quote."""
    _report("backtest", output, quotes=quotes, orders=orders, seed=seed, data=data)


@command.command(name="backtest-memory", short_help="A backtest's peak memory at 1 and at 10 times the rows.")
@output_option("table", "json")
@click.option("--rows", type=click.IntRange(min=1000), default=200_000, show_default=True, help="Once.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
def backtest_memory(output: str, rows: int, seed: int) -> None:
    """A backtest's peak memory: a strategy that trades on a random walk, and on one of ten times the rows."""
    _report("backtest_memory", output, rows=rows, seed=seed)


@command.command(short_help="The simulated venue with few and very many orders.")
@output_option("table", "json")
@click.option(
    "--blocks", type=click.IntRange(1, 10_000), default=40, show_default=True, help="Of each book, in turn."
)
@click.option(
    "--largest",
    type=click.Choice(["10", "1000", "100000"]),
    default="100000",
    show_default=True,
    help="Orders resting in the largest book.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
def venue(output: str, blocks: int, largest: str, seed: int) -> None:
    """An add, a cancel, a match at the simulated venue with 10, 1,000 and 100,000 orders resting."""
    _report("venue", output, blocks=blocks, largest=int(largest), seed=seed)


@command.command(short_help="Engines of features and models, on a recorded market.")
@output_option("table", "json")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="NACRE_DATA",
    show_envvar=True,
    default=SHARED_DATA,
    show_default=True,
    help="Folder of recordings.",
)
@click.option(
    "--lines", type=click.IntRange(8000), default=93_954, show_default=True, help="Of the recording."
)
def features(output: str, data: Path, lines: int) -> None:
    """How long an event takes in the engines `features` and `ml`; whether they say the same offline."""
    _report("features", output, data=data, lines=lines)


@command.command(short_help="An order over FIX and back, against the bare socket.")
@output_option("table", "json")
@click.option("--rounds", type=click.IntRange(1, 1000), default=10, show_default=True, help="Of each server.")
@click.option(
    "--orders", type=click.IntRange(1, 10_000), default=200, show_default=True, help="Of a round, twice."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="NACRE_DATA",
    show_envvar=True,
    default=SHARED_DATA,
    show_default=True,
    help="Folder with fix/FIX44.xml.gz.",
)
@click.option(
    "--journal",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where journal and stores are, removed afterwards.  [default: the temporary folder]",
)  # fmt: skip
def fix(output: str, **how: Any) -> None:
    """An order over FIX and its acknowledgement: bare bytes, the session layer, the gateway with a core."""
    _report("fix", output, **how)


@command.command(short_help="NautilusTrader alone, and on this core.")
@output_option("table", "json")
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True, help="Of each, in turn.")
@click.option("--orders", type=click.IntRange(min=2), default=500, show_default=True, help="Live, a round.")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="NACRE_DATA",
    show_envvar=True,
    default=SHARED_DATA,
    show_default=True,
    help="Folder with fx/oanda_eurusd_tick_20140502.zip.",
)
@click.option("--python", metavar="FILE", help="Of an environment that has it; else it is made.")
def nt(output: str, **how: Any) -> None:
    """Submit to execution client and to fill: a node's own sandbox, and the same node on a core. Backtests:
    both.
    """
    _report("nt", output, **how)


@command.command(short_help="What orders cost by each policy, on recordings.")
@output_option("table", "json")
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    envvar="NACRE_DATA",
    show_envvar=True,
    default=SHARED_DATA,
    show_default=True,
    help="Folder of recordings.",
)
@click.option(
    "--orders", type=click.IntRange(60), default=12_000, show_default=True, help="Of each recording."
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option(
    "--report", "report_to", type=click.Path(dir_okay=False, path_type=Path), help="Write Markdown there too."
)
def routing(output: str, **how: Any) -> None:
    """What an order costs by each policy, on recorded EURUSD and BTC: ours less each simpler one, paired."""
    _report("routing", output, **how)


@command.command(short_help="An order split over venues.")
@output_option("table", "json")
@click.option("--venues", type=click.IntRange(1, 16), default=8, show_default=True)
@click.option("--levels", type=click.IntRange(1, 100), default=10, show_default=True, help="A side a venue.")
@click.option("--orders", type=click.IntRange(1), default=40_000, show_default=True, help="Of each policy.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
def route(output: str, **shape: int) -> None:
    """How long each policy takes to split an order, its result checked against plain Python."""
    _report("route", output, **shape)


@command.command(short_help="The gate, with all limits set.")
@output_option("table", "json")
@click.option("--accounts", type=click.IntRange(1, 10_000), default=1000, show_default=True)
@click.option("--symbols", type=click.IntRange(1, 10_000), default=1000, show_default=True)
@click.option(
    "--working", type=click.IntRange(1), default=120_000, show_default=True, help="Orders in the core."
)
@click.option(
    "--asked", type=click.IntRange(1), default=100_000, show_default=True, help="Orders that are judged."
)
@click.option(
    "--new", type=click.IntRange(1), default=100_000, show_default=True, help="Orders of the throughput."
)
@click.option(
    "--flow", type=click.IntRange(1), default=20_000, show_default=True, help="Orders of the mixed flow."
)
@click.option("--turns", type=click.IntRange(1, 100), default=3, show_default=True, help="Best of so many.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
def risk(output: str, **shape: int) -> None:
    """What the gate costs an order with every limit set, and whether it denies what a plain count denies."""
    _report("risk", output, shape=load("bench.risk_desk", "Shape")(**shape))


@command.command(short_help="A thousand clients of the websocket engine.")
@output_option("table", "json")
@click.option("--clients", type=click.IntRange(2, 10_000), default=1000, show_default=True)
@click.option(
    "--rate", type=click.IntRange(1, 10_000), default=10, show_default=True, help="Quotes a second, to each."
)
@click.option(
    "--seconds", type=click.FloatRange(0.1, 600), default=10.0, show_default=True, help="Of a turn."
)
@click.option("--rounds", type=click.IntRange(1, 100), default=2, show_default=True, help="Of both, in turn.")
def websocket(output: str, **how: Any) -> None:
    """How late clients of the websocket engine see a quote, against the bare broadcast of its library."""
    _report("websocket", output, **how)


@command.command()
@output_option("table", "json")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
def check(output: str, seed: int) -> None:
    """Each bench briefly. Exit 1 for a ratio, the best of three, or a final state; never for a time."""
    _report("check", output, seed=seed)


def _report(question: str, output: str, **how: object) -> None:
    """Run a module of the bench, print its mapping, exit by its `ok`."""
    found = _ask(question, **how)
    _tell(question, output, found, found)


def _ask(question: str, **how: object) -> Mapping[str, Any]:
    """What a module of the bench finds."""
    try:
        found: Mapping[str, Any] = load(f"bench.{question}", "run")(**how)
    except tuple(load("bench.machine", name) for name in ("TooFewProcessors", "NoData", "NoEngine")) as error:
        raise BadInput(str(error)) from error
    if not found["ok"]:
        say(f"bench {question}: a check failed, the figures mean nothing")
    return found


def _tell(question: str, output: str, found: Mapping[str, Any], shown: Mapping[str, Any]) -> None:
    """As JSON, or as tables of what is `shown`; exit by its `ok`."""
    if output == "json":
        write_json(found)
    else:
        write_mapping(shown, f"bench {question}")
    sys.exit(EXIT_OK if found["ok"] else EXIT_FAILED)
