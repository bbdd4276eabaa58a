"""`nacre audit`: whether the record of who changed what is as it was written."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, write_json, write_mapping

_AUDIT = "periphery.backend.audit_file"


@click.group()
def command() -> None:
    """Look into the audit of a backend: rows that are only added, each with a hash over itself and the
    last.
    """


@command.command(short_help="Check the chain of hashes.")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--anchor", metavar="ROW:HASH", help="What an earlier check told: sees what was cut off since.")
@output_option("table", "json")
def verify(path: Path, anchor: str | None, output: str) -> None:
    """Check each row of the audit in PATH, the backend's folder or a copy of its file; exit 1 where a row
    was changed, taken out or put in. Keep `rows` and `last_hash` elsewhere, and give them as --anchor the
    next time.
    """
    try:
        met = load(_AUDIT, "anchor_of")(anchor) if anchor else None
        told = load(_AUDIT, "verify")(path, met)
    except ValueError as error:
        raise BadInput(str(error)) from error
    if output == "json":
        write_json(told)
    else:
        write_mapping(told, "audit")
    sys.exit(EXIT_OK if told["ok"] else EXIT_FAILED)
