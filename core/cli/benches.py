"""The table of benches: each one's name, what it asks, its options, and how it is run briefly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

SHARED_DATA = Path("..", "shared", "data")


@dataclass(frozen=True, slots=True)
class Bench:
    """A question, answered by `run` of bench/MODULE.py with the options by their names.

    shape: MODULE:CLASS that is made of those options that no other parameter takes.
    brief: the command line with which `nacre bench run` asks it: meant for 15 minutes in all on two cores.
    """

    name: str
    line: str
    question: str
    options: Sequence[click.Option]
    brief: str = ""
    module: str = ""
    shape: str = ""
    apart: Sequence[str] = field(default=("journal", "no_journal"))
    shown: str = ""

    @property
    def file(self) -> str:
        return self.module or self.name.replace("-", "_")


def _count(name: str, usual: int, most: int | None = None, text: str = "", least: int = 1) -> click.Option:
    kind = click.IntRange(least, most)
    return click.Option([f"--{name}"], type=kind, default=usual, show_default=True, help=text)


def _real(name: str, usual: float, least: float, most: float, text: str) -> click.Option:
    kind = click.FloatRange(least, most)
    return click.Option([f"--{name}"], type=kind, default=usual, show_default=True, help=text)


def _choice(name: str, usual: Any, of: Sequence[Any], text: str) -> click.Option:
    return click.Option([f"--{name}"], type=click.Choice(of), default=usual, show_default=True, help=text)


def _folder(name: str, text: str) -> click.Option:
    kind = click.Path(exists=True, file_okay=False, path_type=Path)
    return click.Option([f"--{name}"], type=kind, metavar="DIR", help=text)


def _journal(what: str = "Where the core's journal is, removed afterwards.") -> click.Option:
    return _folder("journal", f"{what}  [default: the temporary folder]")


def _data(text: str = "Folder of recordings.") -> click.Option:
    return click.Option(
        ["--data"], type=click.Path(exists=True, file_okay=False, path_type=Path), envvar="NACRE_DATA",
        show_envvar=True, default=SHARED_DATA, show_default=True, help=text,
    )  # fmt: skip


def _seed() -> click.Option:
    return _count("seed", 1, least=0)


BENCHES: tuple[Bench, ...] = (
    Bench(
        "hop",
        "A hop over the spine against a raw one.",
        "A hop over the spine against the ping-pong of a cache line: two pinned processes, blocks in turn.",
        (
            _count("blocks", 100, 10_000, "Pairs of blocks."),
            _real("block-ms", 5.0, 0.1, 10, "Length of one block."),
            _choice(
                "wait", "spin", ("spin", "pause"), "How both ends wait: bare, or with the processor's pause."
            ),
            _choice("slots", 1024, (1, 16, 1024, 16384), "Of the spine."),
            _count("lines", 1, 5, "That a hop hands over: the header, and so many more of the request."),
        ),
    ),
    Bench(
        "throughput",
        "Events a second on one processor.",
        "Events a second through the fused core on one processor, live orders at random over the symbols.",
        (
            _count("symbols", 1000, 100_000),
            _count("accounts", 8, 1000),
            _count("live", 1_000_000, text="Orders before any is timed."),
            _count("new", 500_000, text="New orders timed."),
            _count("filled", 200_000, text="Orders filled."),
            _count("quotes", 500_000, text="Quotes of the burst."),
            _seed(),
            _journal("Where the journal is written, removed afterwards."),
            click.Option(["--no-journal"], is_flag=True, help="Record nothing."),
        ),
        brief="--live 100000 --new 100000 --filled 50000 --quotes 100000",
        shape="bench.orders:Shape",
    ),
    Bench(
        "path",
        "A request to a real core and back.",
        "Submit to acknowledgement of a real core, beside a bare round trip: closed loop, open at two rates.",
        (
            _count("blocks", 40, 1000, "Of each kind, in turn."),
            _real("block-ms", 10.0, 1, 10, "Length of one block."),
            _seed(),
            click.Option(
                ["--realtime"], is_flag=True, help="Both threads at a real-time priority (needs the right)."
            ),
            _journal(),
        ),
    ),
    Bench(
        "client",
        "An order from Python and back.",
        "An order from Python to a whole core's acknowledgement, against a raw round trip, blocks in turn.",
        (
            _count("blocks", 100, 10_000, "Pairs of blocks."),
            _real("block-ms", 10.0, 0.1, 10, "Length of one block."),
            _journal("The core writes its journal in this folder, removed afterwards."),
        ),
    ),
    Bench(
        "bridge",
        "An event over the bridge.",
        "An event from a core's journal to a process that only talks ZeroMQ, against a bare hop of pyzmq.",
        (
            _count("pairs", 20, 1000, "Of blocks of the hop.", least=2),
            _count("events", 1_000_000, text="In batches."),
            _count("rate", 50_000, text="Of the open loop."),
            _real("seconds", 10.0, 0.1, 600, "Of it."),
            _choice("wait", "sleep", ("yield", "sleep"), "The publisher's."),
        ),
        brief="--events 200000 --seconds 5",
    ),
    Bench(
        "command",
        "The wall time of desk commands.",
        "The wall time of desk commands, each in turn with a Python that does nothing; what they import.",
        (_count("rounds", 10, 1000, "Of each command."),),
        brief="--rounds 3",
    ),
    Bench(
        "data",
        "Rows a second of each reader of recordings.",
        "Rows a second of each reader of recordings, against other readers on the same bytes.",
        (
            _data(),
            _count("turns", 5, 100, "Best of so many."),
            click.Option(
                ["--memory/--no-memory"], default=True, help="Peak memory at 1 and at 10 times the rows too."
            ),
        ),
        brief="--turns 1 --no-memory",
        shown="bench.data:shown",
    ),
    Bench(
        "placement",
        "Each engine fused, pinned, contained, remote.",
        "What each placement of an engine costs, in one run. It needs a container engine and the images "
        "(make images); deploy/containers/with_engine.sh COMMAND gives it one.",
        (
            _count("rounds", 10, 1000, "Blocks of each placement.", least=2),
            _count("events", 1000, 100_000, "Pages a block.", least=100),
            _count("requests", 12_000, 60_000, "Of the tape.", least=2000),
            _count("quotes", 1000, text="Of the whole path's day.", least=10),
            _seed(),
            click.Option(
                ["--report"],
                type=click.Path(file_okay=False, path_type=Path),
                metavar="DIR",
                help="Write placement.json, placement.md and placement.html there.",
            ),
        ),
        brief="--rounds 2 --events 200 --requests 2000 --quotes 100",
    ),
    Bench(
        "positions",
        "A fill at random over very many positions.",
        "A fill booked at random over very many positions, against the bare memory that it needs.",
        (
            _count("positions", 1_000_000, 50_000_000),
            _count("fills", 1_000_000, text="That are timed."),
            _count("accounts", 1000),
            _seed(),
        ),
        brief="--positions 100000 --fills 200000",
    ),
    Bench(
        "backtest",
        "A strategy's quotes and orders a second on recorded time.",
        "A strategy on recorded time: no handler, an empty one, two averages, an order on each quote.",
        (_count("quotes", 1_000_000, least=5000), _count("orders", 200_000, least=1000), _seed(), _data()),
        brief="--quotes 100000 --orders 20000",
    ),
    Bench(
        "backtest-memory",
        "A backtest's peak memory at 1 and at 10 times the rows.",
        "A backtest's peak memory: a strategy that trades on a random walk, and on ten times the rows.",
        (_count("rows", 200_000, text="Once.", least=1000), _seed()),
        brief="--rows 20000",
    ),
    Bench(
        "venue",
        "The simulated venue with few and very many orders.",
        "An add, a cancel, a match at the simulated venue with 10, 1,000 and 100,000 orders resting.",
        (
            _count("blocks", 40, 10_000, "Of each book, in turn."),
            _choice("largest", 100_000, (10, 1000, 100_000), "Orders resting in the largest book."),
            _seed(),
        ),
        brief="--blocks 10",
    ),
    Bench(
        "features",
        "Engines of features and models, on a recorded market.",
        "How long an event takes in the engines `features` and `ml`; whether they say the same offline.",
        (_data(), _count("lines", 93_954, text="Of the recording.", least=8000)),
        brief="--lines 8000",
    ),
    Bench(
        "pipeline",
        "Each hop from a tick to what is known of a position.",
        "How long each hop takes from a tick over features, models, weights and a strategy to a position.",
        (
            _data(),
            _count("rate", 10_000, text="Rows a second.", least=100),
            _real("seconds", 20.0, 1, 3600, "Of the run."),
            _count("lines", 94_000, text="Of a recording.", least=2000),
            _count("every", 10, text="Periods of 20 ms a target."),
            _choice("over", "stream", ("stream", "journal"), "What engines hear the core by."),
            click.Option(["--fused"], is_flag=True, help="All engines in one process."),
        ),
        brief="--rate 2000 --seconds 5 --lines 9400",
    ),
    Bench(
        "fix",
        "An order over FIX and back, against the bare socket.",
        "An order over FIX and its acknowledgement: bare bytes, the session layer, the gateway with a core.",
        (
            _count("rounds", 10, 1000, "Of each server."),
            _count("orders", 200, 10_000, "Of a round, twice."),
            _data("Folder with fix/FIX44.xml.gz."),
            _journal("Where journal and stores are, removed afterwards."),
        ),
        brief="--rounds 3",
    ),
    Bench(
        "nt",
        "NautilusTrader alone, and on this core.",
        "NautilusTrader 1.x and 2.0: submit to execution client and to fill, of a node's own sandbox and of "
        "the same node on a core; its backtest and ours.",
        (
            _count("rounds", 3, text="Of each, in turn."),
            _count("orders", 500, text="Live, a round.", least=2),
            _data("Folder with fx/oanda_eurusd_tick_20140502.zip."),
            click.Option(
                ["--python"],
                multiple=True,
                metavar="FILE",
                help="Of an environment that has one of its versions; may be repeated. Others are made.",
            ),
        ),
        brief="--rounds 1 --orders 100",
        shown="bench.nt:shown",
    ),
    Bench(
        "hftbacktest",
        "hftbacktest on the same recorded day.",
        "The same recorded day and orders here and in hftbacktest: each fill equal, quotes a second.",
        (
            _count("rounds", 5, 1000, "Passes of each, in turn."),
            _seed(),
            _data("Folder with fx/oanda_eurusd_tick_20140502.zip."),
            click.Option(["--python"], metavar="FILE", help="Of an environment that has it, or it is made."),
        ),
        brief="--rounds 3",
        module="hft",
    ),
    Bench(
        "recovery",
        "Events a second when a core comes back.",
        "A core comes back from its journal, and from a snapshot of nine tenths of it.",
        (
            _count("events", 10_000_000, least=1000),
            _folder(
                "folder", "Where the journal is written, removed afterwards.  [default: the temporary folder]"
            ),
        ),
        brief="--events 200000",
    ),
    Bench(
        "phases",
        "The analysis's phases: engines leave the one process, the state stays.",
        "One recorded day through each phase, by configuration alone; engines that move are killed once.",
        (
            _count("quotes", 1500, text="Of the day."),
            _count("seed", 3, text="Of the day.", least=0),
            click.Option(["--only"], type=click.Choice(("0", "1", "2", "3")), help="One phase."),
            click.Option(
                ["--report", "report_to"],
                type=click.Path(exists=True, file_okay=False, path_type=Path),
                metavar="DIR",
                help="Write phases.md and phases.json there.",
            ),
        ),
        brief="--quotes 1500",
    ),
    Bench(
        "routing",
        "What orders cost by each policy, on recordings.",
        "What an order costs by each policy, on recorded EURUSD and BTC: ours less each simpler one, paired.",
        (
            _data(),
            _count("orders", 12_000, text="Of each recording.", least=60),
            _seed(),
            click.Option(
                ["--report", "report_to"],
                type=click.Path(dir_okay=False, path_type=Path),
                help="Write Markdown there too.",
            ),
        ),
        brief="--orders 1200",
    ),
    Bench(
        "route",
        "An order split over venues.",
        "How long each policy takes to split an order, its result checked against plain Python.",
        (
            _count("venues", 8, 16),
            _count("levels", 10, 100, "A side a venue."),
            _count("orders", 40_000, text="Of each policy."),
            _seed(),
        ),
        brief="--orders 4000",
    ),
    Bench(
        "risk",
        "The gate, with all limits set.",
        "What the gate costs an order with every limit set, and whether it denies what a plain count denies.",
        (
            _count("accounts", 1000, 10_000),
            _count("symbols", 1000, 10_000),
            _count("working", 120_000, text="Orders in the core."),
            _count("asked", 100_000, text="Orders that are judged."),
            _count("new", 100_000, text="Orders of the throughput."),
            _count("flow", 20_000, text="Orders of the mixed flow."),
            _count("turns", 3, 100, "Best of so many."),
            _seed(),
        ),
        brief="--accounts 100 --symbols 100 --working 12000 --asked 20000 --new 20000 --flow 4000 --turns 1",
        shape="bench.risk_desk:Shape",
    ),
    Bench(
        "websocket",
        "A thousand clients of the websocket engine.",
        "How late clients of the websocket engine see a quote, against the bare broadcast of its library.",
        (
            _count("clients", 1000, 10_000, least=2),
            _count("rate", 10, 10_000, "Quotes a second, to each."),
            _real("seconds", 10.0, 0.1, 600, "Of a turn."),
            _count("rounds", 2, 100, "Of both, in turn."),
        ),
        brief="--clients 100 --seconds 3",
    ),
    Bench(
        "scaling",
        "What an order costs with more of everything.",
        "What an order costs with more orders, instruments, accounts, venues and sessions, one at a time.",
        (_count("points", 4, 8, "Sizes of each, by powers of ten or two.", least=2), _seed()),
        brief="--points 3",
    ),
    Bench(
        "model",
        "What more processors would give, by what each stage takes.",
        "Throughput and latency on 1 and 2 processors, predicted from measured service times and measured; "
        "and what is predicted of 2 to 64.",
        (_count("blocks", 6, 6, "Of each."), _seed()),
        brief="--blocks 3",
    ),
    Bench(
        "peers",
        "A message to another process and back, by each way there is.",
        "The same bytes to another process and back: nacre's ring, multiprocessing's pipe and queue, pyzmq, "
        "Aeron's IPC, Redis streams, PostgreSQL; each that is installed, blocks in turn.",
        (
            _count("rounds", 10, 1000, "Blocks of each way.", least=2),
            _count("messages", 500, 100_000, "Of a block.", least=10),
            _count("size", 320, 4096, "Bytes of a message.", least=16),
            click.Option(
                ["--postgres"],
                default="",
                metavar="URL",
                help="A database that it may make tables in; own: a server of its own.",
            ),
        ),
        brief="--rounds 4 --messages 200 --postgres own",
    ),
    Bench(
        "instructions",
        "Instructions an event, by module, against what was kept.",
        "Instructions that the core's modules execute for a fixed flow, by callgrind, against what was kept.",
        (click.Option(["--write"], is_flag=True, help="Keep these counts from now on."),),
    ),
    Bench(
        "timing",
        "What it costs the path to be timed, in instructions.",
        "Instructions an event of a live core with timed stages, against one without (callgrind).",
        (click.Option(["--orders"], type=click.IntRange(100, 12_000), default=3000, show_default=True),),
    ),
    Bench(
        "check",
        "Each bench briefly, against its ratio.",
        "Hop and throughput briefly. Exit 1 for a ratio (best of three) or a final state; never for a time.",
        (_seed(),),
    ),
)


def find(name: str) -> Bench:
    """KeyError: there is none."""
    return next((each for each in BENCHES if each.name == name), None) or _unknown(name)


def _unknown(name: str) -> Bench:
    raise KeyError(f"no bench {name!r}: one of {', '.join(each.name for each in BENCHES)}")
