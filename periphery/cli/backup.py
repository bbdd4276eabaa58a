"""`nacre backup`: copies of journal, stores and audit; how they come back; what of old may go."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import (
    EXIT_FAILED,
    EXIT_OK,
    BadInput,
    counted,
    output_option,
    say,
    write_json,
    write_rows,
)
from core.cli.secrets import apart

_TAKE = "periphery.backup.take"
_UNITS = {"": 1, "kb": 1 << 10, "mb": 1 << 20, "gb": 1 << 30, "tb": 1 << 40}

_FOLDER = click.Path(file_okay=False, path_type=Path)
_there = click.argument("backup", type=click.Path(exists=True, file_okay=False, path_type=Path))
_into = click.argument("into", type=_FOLDER)
_journal = click.option("--journal", type=_FOLDER, help="The core's journal.")
_store = click.option(
    "--store",
    default="",
    metavar="ADDRESS",
    callback=apart,
    help="The recorder's: sqlite:///FILE or postgresql://...; a password by PGPASSFILE.",
)
_backend = click.option("--backend", type=_FOLDER, help="The backend's `state`: users, audit, approvals.")

_keys = click.option(
    "--keys",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Secrets: a file, or a folder of them.",
)


@click.group()
def command() -> None:
    """Copy what can't be made again, check it, and bring it back.

    Neither the core nor the services wait for a backup. Secrets are not in it: their fingerprints are.
    """


@command.command("take", short_help="Make one.")
@_into
@_journal
@_store
@_backend
@_keys
@click.option("--unverified", is_flag=True, help="Don't read it again when it is made.")
@output_option("table", "json")
def take_(into: Path, unverified: bool, output: str, **places: Any) -> None:
    """Make a backup, a new folder in INTO, and verify it.

    A journal may be one that a core writes: its whole records are taken, through the newest.
    """
    with _told():
        made = load(_TAKE, "take")(into, _places(places))
        problems = [] if unverified else load(_TAKE, "verify")(made)
    _report(made, problems, output)


@command.command("verify", short_help="Read one to its last byte.")
@_there
@output_option("table", "json")
def verify_(backup: Path, output: str) -> None:
    """Compare BACKUP with its manifest: files, records, the state that the journal comes to, rows, the
    audit's chain.

    Exit 1 where something differs. Retention relies on verified ones alone.
    """
    with _told():
        problems = load(_TAKE, "verify")(backup)
    _report(backup, problems, output)


@command.command("run", short_help="Make one each so often.")
@_into
@_journal
@_store
@_backend
@_keys
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(min=1),
    default=3600.0,
    show_default=True,
    help="Seconds between two.",
)
@click.option("--days", type=click.FloatRange(min=0), help="Delete those older than so many days.")
@click.option("--size", metavar="BYTES", help="Delete the oldest while all are larger: 500GB.")
def run(into: Path, every_s: float, days: float | None, size: str | None, **places: Any) -> None:
    """Make a backup in INTO each so often, verify it, and delete what is old, until SIGTERM."""
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    go_round = load("periphery.backup.round", "go_round")
    go_round(into, _places(places), every_s, days, _bytes(size), lambda: bool(stopped), say)


@command.command("restore", short_help="Bring one back.")
@_there
@_journal
@_store
@_backend
@click.option("--newest", is_flag=True, help="BACKUP is a folder of them: take the newest that is verified.")
@click.option("--unless-there", is_flag=True, help="Where a journal is there already, leave all as it is.")
@output_option("table", "json")
def restore_(backup: Path, newest: bool, unless_there: bool, output: str, **places: Any) -> None:
    """Put BACKUP's parts where they are asked for, in places that are empty, and compare them with the
    manifest.

    It tells which secrets are missing here: they come from where secrets are kept.
    """
    if not any(places.values()):
        raise BadInput("say what comes back, and where: --journal, --store, --backend")
    journal = places["journal"]
    if unless_there and journal is not None and any(journal.glob("*.nacre")):
        say(f"{journal}: is there already")
        return
    with _told():
        if newest:
            backup = load("periphery.backup.retention", "newest")(backup)
        problems = load(_TAKE, "restore")(backup, _places(places))
    _report(backup, problems, output)


@command.command("list", short_help="Those that there are.")
@_into
@output_option("table", "json")
def list_(into: Path, output: str) -> None:
    """The backups in INTO, the oldest first."""
    is_verified = load("periphery.backup.manifest", "is_verified")
    rows = [
        {
            "backup": folder.name,
            "bytes": found.size,
            "last_sequence": found.journal.last_sequence if found.journal else None,
            "stores": ", ".join(found.stores),
            "verified": is_verified(folder),
        }
        for folder, found in load("periphery.backup.retention", "backups")(into)
    ]
    write_rows(rows, counted(len(rows), "backup"), output)


@command.command("prune", short_help="Delete old ones.")
@_into
@click.option("--days", type=click.FloatRange(min=0), help="Those older than so many days.")
@click.option("--size", metavar="BYTES", help="The oldest, while all are larger: 500GB.")
@click.option(
    "--journals", type=_FOLDER, help="Finished journals in this folder, older than --days, instead."
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@output_option("table", "json")
def prune_(
    into: Path, days: float | None, size: str | None, journals: Path | None, dry_run: bool, output: str
) -> None:
    """Delete backups in INTO, or journals that they have; never what no verified backup covers."""
    if days is None and (size is None or journals is not None):
        raise BadInput("say how old what goes must be (--days), or how large all of it may be (--size)")
    retention = "periphery.backup.retention"
    with _told():
        if journals is not None:
            kept = load(retention, "prune_journals")(journals, into, time.time_ns(), days, dry_run)
        else:
            kept = load(retention, "prune")(into, time.time_ns(), days, _bytes(size), dry_run)
    rows = [asdict(each) | {"folder": str(each.folder)} for each in kept]
    write_rows(rows, "would go" if dry_run else "gone", output)


def _places(given: dict[str, Any]) -> Any:
    return load(_TAKE, "Places")(**given)


def _bytes(text: str | None) -> int | None:
    """500GB. BadInput."""
    if text is None:
        return None
    number = text.rstrip("kKmMgGtTbB")
    unit = text[len(number) :].lower()
    if not number.isdigit() or unit not in _UNITS:
        raise BadInput(f"--size {text}: give a number of bytes, or with KB, MB, GB, TB")
    return int(number) * _UNITS[unit]


def _report(backup: Path, problems: list[str], output: str) -> None:
    if output == "json":
        write_json({"backup": str(backup), "ok": not problems, "problems": problems})
    else:
        for problem in problems:
            say(problem)
        click.echo(f"{backup}: {counted(len(problems), 'problem') if problems else 'as it was made'}")
    sys.exit(EXIT_FAILED if problems else EXIT_OK)


@contextmanager
def _told() -> Iterator[None]:
    error_kind = load("periphery.backup.manifest", "BackupError")
    try:
        yield
    except error_kind as error:
        raise BadInput(str(error)) from error
    except OSError as error:
        raise BadInput(f"{error.filename}: {error.strerror}") from error
