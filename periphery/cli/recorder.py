"""`nacre recorder`: a core's journal, kept in a database."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, say, write_json
from core.cli.secrets import apart

if TYPE_CHECKING:
    from periphery.recorder.store import Store

DEFAULT_STORE = "sqlite:///nacre.db"
store_option = click.option(
    "--store", "address", envvar="NACRE_STORE", default=DEFAULT_STORE, show_default=True, metavar="ADDRESS",
    callback=apart,
    help="sqlite:///FILE or postgresql://USER@HOST/NAME, else $NACRE_STORE.",
)  # fmt: skip
WIDEST = 1000
STALE_AFTER_S = 60.0  # a large batch into a slow store takes its time
LEFT_OUT = ("source", "seq", "n", "time_ns", "order_index")
source_option = click.option("--source", default="core", show_default=True, help="The journal's name there.")
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Keep what a core did in a database: orders, fills, positions, denials, risk, what people did.

    Each event is kept exactly once, whatever is killed meanwhile. The core doesn't notice: the journal is
    read.
    """


@command.command(short_help="Follow a journal into the store, in the foreground.")
@click.argument("journal", type=_FOLDER)
@store_option
@source_option
@click.option("--outputs", multiple=True, metavar="NAME=DIR", help="What the engine NAME says: its folder.")
@click.option("--http", metavar="HOST:PORT", help="Where it answers /live, /ready, /status, /metrics.")
@click.option(
    "--keep-days", type=click.IntRange(1), metavar="N", help="Delete rows of days before the last N."
)
@click.option("--once", is_flag=True, help="Stop at the journal's end.")
def run(
    journal: Path, address: str, source: str, outputs: tuple[str, ...], http: str | None,
    keep_days: int | None, once: bool,
) -> None:  # fmt: skip
    """Follow a JOURNAL's folder into the store until SIGTERM.

    The store's tables are made where they are missing. While the store is down or full the journal keeps
    what comes; it is caught up with. What an engine says stands in `outputs` under the source SOURCE/NAME.
    Days are UTC's, counted back from the newest row's; the journal keeps what is deleted.
    """
    folders = [_named(each) for each in outputs]
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    with _store(address, make=True) as store:
        for step in store.migrate():
            say(f"{store.address}: {step}")
        recorder = load("periphery.recorder.recorder", "Recorder")(journal, store, source)
        say(f"{journal}: from event {recorder.stored.seq + 1:,} into {store.address} as {source}")
        said = [_outputs(store, f"{source}/{name}", folder) for name, folder in folders]
        look = _kept([recorder, *said], store, keep_days)
        if once:
            for each in (recorder, *said):
                each.catch_up()
            look()
        else:
            with _probed(recorder, http) as beat:
                follow = load("periphery.recorder.recorder", "follow")
                follow([recorder, *said], lambda: bool(stopped), say, beat, look)
        say(f"through event {recorder.stored.seq:,}")


def _kept(recorders: list[Any], store: Store, days: int | None) -> Callable[[], object]:
    """What deletes rows that are too old, where there is a bound."""
    if days is None:
        return lambda: None
    retention = load("periphery.recorder.retention", "Retention")(store, days, say)
    for recorder in recorders:
        recorder.on_stored = retention.stored
    look: Callable[[], object] = retention.look
    return look


@contextmanager
def _probed(recorder: Any, http: str | None) -> Iterator[Callable[[str], object]]:
    """Tells its probes, where there are any, how far it is: inputs are read events, outputs stored ones."""
    if http is None:
        yield lambda why: None
        return
    health = load("periphery.service.probes", "Health")("recorder", STALE_AFTER_S)
    try:
        probes = load("periphery.service.probes", "Probes")(health, http)
    except ValueError as error:
        raise BadInput(str(error)) from error
    say(json.dumps({"service": "recorder", "message": "probes", "port": probes.port}))
    try:
        yield lambda why: health.beat(
            recorder.stored.seq, recorder.events, recorder.stored.seq, recorder.stored.digest, why
        )
    finally:
        probes.close()


def _named(text: str) -> tuple[str, Path]:
    name, equals, folder = text.partition("=")
    if not name or not equals:
        raise BadInput(f"--outputs {text}: give NAME=DIR")
    return name, Path(folder)


def _outputs(store: Store, source: str, folder: Path) -> Any:
    feed = load("periphery.recorder.feeds", "OutputsFeed")
    return load("periphery.recorder.recorder", "Recorder")(folder, store, source, feed=feed)


@command.command(short_help="Bring the store's tables to this version's form.")
@store_option
def migrate(address: str) -> None:
    """Bring the store's tables to this version's form; print each step that was taken."""
    with _store(address, make=True) as store:
        for step in store.migrate() or ["nothing to do"]:
            say(step)


@command.command(short_help="How far the store is behind a journal.")
@click.argument("journal", type=_FOLDER)
@store_option
@source_option
@click.option("--most", type=click.IntRange(0), metavar="N", help="Exit 1 where it is more events behind.")
@output_option("table", "json")
def status(journal: Path, address: str, source: str, most: int | None, output: str) -> None:
    """How many events of JOURNAL the store has, and how many it hasn't."""
    with _store(address) as store:
        stored = store.progress(source).seq
    last = load("core.recovery", "verify")(journal)["last_sequence"]
    told = {"store": store.address, "source": source, "stored": stored, "journal": last}
    _write([told | {"behind": last - stored}], "recorder", output)
    sys.exit(EXIT_FAILED if most is not None and last - stored > most else EXIT_OK)


@command.command(short_help="Print rows: orders, executions, positions, audit and more.")
@click.argument("table")
@store_option
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Rows with this value only.")
@click.option("--after", "after_seq", type=int, default=0, metavar="SEQ", help="Of later events only.")
@click.option("--most", type=click.IntRange(1), default=100, show_default=True, metavar="N")
@output_option("table", "json")
def show(table: str, address: str, where: tuple[str, ...], after_seq: int, most: int, output: str) -> None:
    """Rows of TABLE: orders, executions, positions as they are; order_events, child_events, fills,
    position_events, denials, risk_events, venue_events, audit, signals, outputs as they came.
    """
    values = {}
    for each in where:
        column, equals, value = each.partition("=")
        if not equals:
            raise BadInput(f"--where {each}: give COLUMN=VALUE")
        values[column] = value
    with _store(address) as store:
        rows = store.read(table, values, after_seq, most)
    _write(rows if output == "json" else [_shown(row) for row in rows], table, output)


@command.command(short_help="Delete rows of days before a date.")
@click.argument("before", metavar="DATE")
@store_option
@click.option("--yes", is_flag=True, help="Don't ask.")
@output_option("table", "json")
def purge(before: str, address: str, yes: bool, output: str) -> None:
    """Delete the rows of UTC days before DATE (2026-01-31). The journal still has their events."""
    try:
        day = date.fromisoformat(before)
    except ValueError as error:
        raise BadInput(f"{before}: {error}") from error
    asked = f"Delete what is older than {day} from {address}?"
    if not yes and not (sys.stdin.isatty() and click.confirm(asked)):
        raise BadInput("nothing was deleted: without a terminal give --yes")
    time_ns = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000_000
    with _store(address) as store:
        gone = store.purge(time_ns)
    _write([{"table": name, "rows": rows} for name, rows in gone.items()], "deleted", output)


@contextmanager
def _store(address: str, make: bool = False) -> Iterator[Store]:
    """The store, closed at the end; what is wrong with it, as a command says it."""
    error: type[Exception] = load("periphery.recorder.store", "StoreError")
    try:
        store: Store = load("periphery.recorder.stores", "open_store")(address, make)
        try:
            yield store
        finally:
            store.close()
    except (error, ValueError) as failure:
        raise BadInput(str(failure)) from failure


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """As a person reads it: what is there, without the keys that only join tables."""
    time_ns = row["time_ns"]
    at = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    left = {key: value for key, value in row.items() if key not in LEFT_OUT and value is not None}
    return {"seq": row["seq"], "time": f"{at}.{time_ns % 1_000_000_000:09}", **left}


def _write(rows: list[dict[str, Any]], title: str, output: str) -> None:
    if output == "json":
        write_json(rows)
        return
    out, table = load("core.cli.output", "console")(), load("core.cli.output", "rows_table")(rows, title)
    wide = out.options.update(max_width=WIDEST)
    out.width = max(out.width, out.measure(table, options=wide).maximum)  # a row stays one line
    out.print(table)
