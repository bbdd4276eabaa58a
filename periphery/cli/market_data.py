"""`nacre market-data`: take market data from venues, keep it, feed a core with it."""

from __future__ import annotations

import datetime as dt
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from core.cli.data import made_options, recording_options
from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, say, write_json

_PATH = click.Path(path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Take market data from venues: into a core, into files; and what is known of venues beforehand."""


@command.command(short_help="Take one venue's market data, in the foreground.")
@click.option("--config", "file", type=_PATH, help="A TOML file with a section for it.")
@click.option("--section", default="market_data", show_default=True, help="That section's name.")
@click.option("--venue", help="binance, binance_usdm, binance_coinm, kraken or coinbase.")
@click.option("--symbols", metavar="A,B", help="As the venue has them.")
@click.option(
    "--url", help="Where its websocket is, if not where the venue has it; aeron:udp?... is a group."
)
@click.option("--rest", help="Where its HTTP service is.")
@click.option("--multicast", metavar="URI", help="The group that it is sent on to, over Aeron.")
@click.option("--core", metavar="SOCKET", help="The core that is fed.")
@click.option("--record", metavar="DIR", help="Where Parquet files are written.")
@click.option("--http", metavar="HOST:PORT", help="Where it answers /live, /ready, /status, /metrics.")
def run(file: Path | None, section: str, **given: str | None) -> None:
    """Take one venue's market data until SIGTERM.

    Settings: --config, then NACRE_<SECTION>_<SETTING>, then the options here; the last word counts.
    """
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    with _refusals():
        import asyncio

        service = _made(section, file, {key: value for key, value in given.items() if value is not None})
        probes = None
        if service.settings.http:
            probes = load("periphery.service.probes", "Probes")(service.health, service.settings.http)
        service.log.say("begins", venue=service.venue, port=probes.port if probes else None)
        try:
            asyncio.run(service.run(lambda: bool(stopped)))
        finally:
            if probes is not None:
                probes.close()
        service.log.say("ends", **service.lines.counts())


def _made(section: str, file: Path | None, given: dict[str, Any]) -> Any:
    settings = load("periphery.service.config", "read_settings")(
        load("periphery.market_data.settings", "Settings"), section, file, given
    )
    return load("periphery.market_data.service", "MarketData")(settings)


@command.command(short_help="How a running one is.")
@click.argument("address", metavar="HOST:PORT")
@output_option("table", "json")
def status(address: str, output: str) -> None:
    """How the service at HOST:PORT is: what it counted, and why it isn't ready. Exit 1: not ready."""
    import urllib.request

    try:
        with urllib.request.urlopen(f"http://{address}/status", timeout=10) as answer:
            told = json.load(answer)
    except (OSError, ValueError) as error:
        raise BadInput(f"{address}: {error}: give the HOST:PORT of its `http`") from error
    if output == "json":
        write_json(told)
    else:
        rows = [{"what": key, "value": value} for key, value in told.items() if value not in ("", None)]
        load("core.cli.output", "console")().print(load("core.cli.output", "rows_table")(rows, "what"))
    sys.exit(EXIT_OK if told["ready"] else EXIT_FAILED)


@command.command(short_help="Declarations of a venue's instruments.")
@click.argument("venue")
@click.option("--from", "source", type=_FILE, help="The venue's document; else it is asked.")
@click.option("--symbols", metavar="A,B", default="", help="Those that are wanted; else all that trade.")
@click.option("--to", type=_PATH, help="The file that is written; else standard output.")
def instruments(venue: str, source: Path | None, symbols: str, to: Path | None) -> None:
    """Tick, lot, precision and currencies of VENUE's instruments, as the lines that `nacre core run
    --declare` takes.
    """
    with _refusals():
        from periphery.market_data import reference

        if venue not in reference.URLS:
            raise BadInput(f"venue {venue}: one of {', '.join(reference.URLS)}")
        wanted = load("periphery.market_data.settings", "listed")(symbols)
        document = _document(reference.URLS[venue], source)
        lines = reference.declarations(venue, reference.instruments(venue, document, wanted))
        if to is not None:
            reference.write(to, lines)
            say(f"{to}: {len(lines) - 1:,} instruments")
            return
        for line in lines:
            click.echo(json.dumps(line, separators=(",", ":")))


def _document(url: str, source: Path | None) -> Any:
    import urllib.request

    try:
        if source is not None:
            return json.loads(source.read_text())
        request = urllib.request.Request(url, headers={"User-Agent": "nacre"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except (OSError, ValueError) as error:
        raise BadInput(f"{source or url}: {error}") from error


@command.command(short_help="When a venue trades.")
@click.argument("name")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="The first day, else today.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="The last one, else a week after it.")
@output_option("table", "json")
def calendar(name: str, first: dt.datetime | None, last: dt.datetime | None, output: str) -> None:
    """The sessions of NAME: 24/7, or an exchange's MIC (XNYS, XNAS, CMES, XTKS). Days that are left out are
    holidays. Times are UTC.
    """
    with _refusals():
        hours = load("periphery.market_data.calendars", "Calendar")(name)
        begin = (first or dt.datetime.now(dt.UTC)).date()
        end = last.date() if last else begin + dt.timedelta(7)
        rows = [
            {"day": str(each.day), "open": _utc(each.open_ns), "close": _utc(each.close_ns)}
            for each in hours.sessions(begin, end)
        ]
    if output == "json":
        write_json({"calendar": name, "time_zone": hours.time_zone, "sessions": rows})
        return
    load("core.cli.output", "console")().print(load("core.cli.output", "rows_table")(rows, "day"))


def _utc(ns: int) -> str:
    return f"{dt.datetime.fromtimestamp(ns // 1_000_000_000, dt.UTC):%Y-%m-%dT%H:%M:%SZ}"


@command.command(short_help="Play a recording as its venue would.")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--speed", type=float, default=1.0, show_default=True, help="0: as fast as it is read.")
@click.option("--port", type=int, default=0, help="Else any that is free.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where it listens: 0.0.0.0 in a container."
)
@click.option(
    "--fault", "faults", multiple=True, metavar="AT:WHAT[:COUNT]", help="Such as 500:drop, 900:skip:20."
)
def serve(files: tuple[Path, ...], speed: float, port: int, host: str, faults: tuple[str, ...]) -> None:
    """Play Binance's or cryptofeed's lines over websocket and HTTP until SIGTERM: a venue to try
    things with. Its address is printed.

    Faults, before line AT: drop, skip, silence (COUNT seconds), garbage, bad_snapshots, slow_snapshots.
    """
    with _refusals():
        import asyncio

        server = load("periphery.market_data.replay_server", "ReplayServer")(files, speed, _faults(faults))
        asyncio.run(_serve(server, host, port))


async def _serve(server: Any, host: str, port: int) -> None:
    import asyncio

    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with server.serving(host, port):
        write_json({"url": f"ws://{host}:{server.port}/stream", "rest": f"http://{host}:{server.port}"})
        sys.stdout.flush()
        await ended.wait()


@command.command(short_help="Play recordings to a multicast group, over Aeron.")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option(
    "--channel", required=True, metavar="URI", help="aeron:udp?endpoint=GROUP:PORT|interface=ADDRESS"
)
@click.option("--stream", type=int, default=7810, show_default=True, help="In that group.")
@click.option("--secret", type=_PATH, help="The file of the secret that messages are sealed with.")
@click.option("--speed", type=float, default=1.0, show_default=True, help="0: as fast as the line takes it.")
@click.option(
    "--begin-after", "begin_after_s", type=float, default=1.0, show_default=True,
    help="Seconds before the first row, for who listens to join.",
)  # fmt: skip
@click.option(
    "--linger", "linger_s", type=float, default=5.0, show_default=True,
    help="Seconds after the last row, with images of books.",
)  # fmt: skip
@recording_options
def multicast(
    files: tuple[Path, ...], channel: str, stream: int, secret: Path | None, speed: float,
    begin_after_s: float, linger_s: float, **given: Any,
) -> None:  # fmt: skip
    """Send the market data of FILES, of one venue, to a multicast group: rows with their numbers, images of
    books for who comes late, until SIGTERM or their end. `market-data run --url URI` takes it, on any host.
    """
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    with _refusals():
        from periphery.market_data.multicast import play
        from periphery.market_data.multicast.line import Outgoing
        from periphery.market_data.multicast.receiver import seal

        pace = play.Pace(speed, begin_after_s, linger_s)
        made = play.Play(files, made_options(given), pace, lambda: bool(stopped))
        line = Outgoing(channel, stream, seal(str(secret) if secret else ""))
        log = load("periphery.service.log", "Log")(
            "multicast", lambda: made.publisher.at if made.publisher else 0
        )
        report = play.play(made, line, log.say)
    write_json(report)
    sys.exit(EXIT_OK if report["ok"] else EXIT_FAILED)


def _faults(given: tuple[str, ...]) -> list[Any]:
    fault = load("periphery.market_data.replay_server", "Fault")
    found = []
    for each in given:
        at, _, rest = each.partition(":")
        what, _, count = rest.partition(":")
        try:
            found.append(fault(int(at), what, int(float(count or 1)), float(count or 1)))
        except ValueError as error:
            raise BadInput(f"--fault {each}: give AT:WHAT[:COUNT]: {error}") from error
    return found


@contextmanager
def _refusals() -> Iterator[None]:
    """What is wrong with settings, files and documents, as a command says it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise BadInput(f"{error}: market data needs nacre[periphery], over Aeron nacre[aeron]") from error
    except (ValueError, OSError, RuntimeError) as error:
        raise BadInput(str(error)) from error
