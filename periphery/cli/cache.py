"""`nacre cache`: what is true now, in Redis."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, say, write_json
from core.cli.secrets import apart, without_password

DEFAULT_REDIS = "redis://127.0.0.1:6379/0"
redis_option = click.option(
    "--redis", "address", envvar="NACRE_REDIS", default=DEFAULT_REDIS, show_default=True, metavar="ADDRESS",
    callback=apart,
    help="redis://HOST:PORT/0, rediss:// or unix:///PATH, else $NACRE_REDIS.",
)  # fmt: skip
core_option = click.option("--core", "name", default="core", show_default=True, help="The core's name there.")
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Keep in Redis what is true now: open orders, positions, profit, quotes, risk states; and streams of
    what happened, for other hosts. The core doesn't notice: its journal is read, or its stream. See
    docs/redis.md.
    """


@command.command(short_help="Follow a core into Redis, in the foreground.")
@click.argument("journal", type=_FOLDER, required=False)
@click.option("--connect", metavar="ADDRESS", help="Or its stream: tcp://HOST:7703. See nacre bridge.")
@click.option(
    "--key",
    default="",
    metavar="FILE",
    help="With --connect: this service's NAME.secret, where there are keys.",
)
@click.option("--server-key", default="", metavar="FILE", help="With --key: the stream's server.public.")
@redis_option
@core_option
@click.option(
    "--stream-max", type=click.IntRange(1), metavar="N", help="Entries of a stream.  [default: 10000]"
)
@click.option("--http", metavar="HOST:PORT", help="Where it answers /live, /ready, /status, /metrics.")
@click.option("--once", is_flag=True, help="Stop where there is no more.")
def run(
    journal: Path | None, connect: str | None, key: str, server_key: str, address: str, name: str,
    stream_max: int | None, http: str | None, once: bool,
) -> None:  # fmt: skip
    """Follow a JOURNAL's folder, or a stream, into Redis until SIGTERM.

    While Redis is down the journal keeps what comes; it is caught up with.
    """
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    with _refusals():
        source = load("periphery.cache.follow", "follows")(journal, connect, key, server_key)
        made = load("periphery.cache.follow", "Follow")(
            source, address, name, stream_max or load("periphery.cache.cache", "STREAM_MAX"), http or ""
        )
        if once:
            made.once()
        else:
            made.run(lambda: bool(stopped))


@command.command(short_help="Print what is true now.")
@click.argument("kind")
@redis_option
@core_option
@click.option("--socket", type=click.Path(path_type=Path), help="The core that is asked while Redis is down.")
@output_option("table", "json")
def show(kind: str, address: str, name: str, socket: Path | None, output: str) -> None:
    """Rows of KIND: orders, children, positions, accounts, quotes, trades, risk.

    Where Redis is down the core is asked, and it is said.
    """
    with _refusals():
        redis = load("periphery.cache.address", "open_redis")(address)
        connect = load("periphery.client", "connect")
        answer = load("periphery.cache.reader", "Reader")(redis, lambda: connect(socket), name).read(kind)
    if answer.note:
        say(answer.note)
    if output == "json":
        write_json({"source": answer.source, "seq": answer.seq, "note": answer.note, "rows": answer.rows})
    else:
        _table(answer.rows, kind)


@command.command(short_help="How far Redis is behind a journal.")
@click.argument("journal", type=_FOLDER)
@redis_option
@core_option
@click.option("--most", type=click.IntRange(0), metavar="N", help="Exit 1 where it is more events behind.")
@output_option("table", "json")
def status(journal: Path, address: str, name: str, most: int | None, output: str) -> None:
    """How many events of JOURNAL Redis has, and how many it hasn't."""
    with _refusals():
        redis = load("periphery.cache.address", "open_redis")(address)
        stored = load("periphery.cache.cache", "progress")(redis, name).seq
        last = load("core.recovery", "verify")(journal)["last_sequence"]
    told = {
        "redis": without_password(address),
        "core": name,
        "stored": stored,
        "journal": last,
        "behind": last - stored,
    }
    if output == "json":
        write_json([told])
    else:
        _table([told], "cache")
    sys.exit(EXIT_FAILED if most is not None and last - stored > most else EXIT_OK)


def _table(rows: list[dict[str, Any]], title: str) -> None:
    load("core.cli.output", "console")().print(load("core.cli.output", "rows_table")(rows, title))


@contextmanager
def _refusals() -> Iterator[None]:
    """What is wrong with Redis, a journal or the core, as a command says it."""
    try:
        wrong = load("periphery.cache.address", "CacheError"), load("periphery.client.errors", "ClientError")
        yield
    except ModuleNotFoundError as error:
        raise BadInput(f"{error}: it needs nacre[periphery]") from error
    except (*wrong, ValueError, OSError) as error:
        raise BadInput(str(error)) from error
