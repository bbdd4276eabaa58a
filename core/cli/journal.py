"""`nacre journal`: what a journal holds, whether it is whole, and what comes out when it is replayed."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, say, write_json, write_mapping

_RECOVERY = "core.recovery"
_path = click.argument("path", type=click.Path(exists=True))


@click.group()
def command() -> None:
    """Look into a journal: PATH is its folder, or one segment of it."""


@command.command(short_help="What it is.")
@_path
@output_option("table", "json")
def info(path: str, output: str) -> None:
    """Print what the journal at PATH is: its segments, its records, what it was made by."""
    _report("info", path, output)


@command.command(short_help="Check every record.")
@_path
@output_option("table", "json")
def verify(path: str, output: str) -> None:
    """Check every record of the journal at PATH; exit 1 where one is bad.

    Each problem names its file, offset and sequence.
    """
    _report("verify", path, output)


@command.command(short_help="Replay it into a fresh core.")
@_path
@output_option("table", "json")
def replay(path: str, output: str) -> None:
    """Replay the journal at PATH into a fresh core; exit 1 where it comes out otherwise than recorded."""
    _report("replay", path, output)


@command.command(short_help="Write its events as JSON lines.")
@_path
def export(path: str) -> None:
    """Write the events of the journal at PATH as JSON lines."""
    with _readable(path):
        load(_RECOVERY, "export")(path, sys.stdout)


@command.command(short_help="Look for ids that were used before.")
@_path
@click.argument("earlier", type=click.Path(exists=True), nargs=-1, required=True)
@output_option("table", "json")
def repeats(path: str, earlier: tuple[str, ...], output: str) -> None:
    """Print which cl_ord_ids of PATH their account used in an EARLIER journal; exit 1 where there are any.

    A core denies an id of its own journal a second time; those of earlier journals it doesn't keep in memory.
    """
    _report("repeats", path, output, earlier)


def _report(verb: str, path: str, output: str, *more: Any) -> None:
    """Call a verb of recovery, print its mapping, and exit by its `ok` (no `ok`: nothing was checked)."""
    with _readable(path):
        found: Mapping[str, Any] = load(_RECOVERY, verb)(path, *more)
    if output == "json":
        write_json(found)
    else:
        write_mapping(found, f"journal {verb}")
    sys.exit(EXIT_OK if found.get("ok", True) else EXIT_FAILED)


@contextmanager
def _readable(path: str) -> Iterator[None]:
    """Turn what can't be read as a journal into a message and exit code 2."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: {error}") from error
    except load("core_ext.journal", "JournalError") as error:
        say(str(error))
        sys.exit(EXIT_FAILED)
