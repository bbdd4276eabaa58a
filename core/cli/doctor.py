"""`nacre doctor`: what of this machine costs latency, what of a core is broken, and how to mend it."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, console, output_option, table, write_json

if TYPE_CHECKING:
    from core.host import Finding

_CHECKUP = "core.cli.checkup"
_STYLES = {"ok": "green", "costs": "yellow", "unknown": "dim", "broken": "bold red"}
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option(
    "--socket",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Look at the core that listens there, too.",
)
@click.option("--journal", type=_FOLDER, help="Read this journal to its end, too.")
@click.option("--local", type=_FOLDER, help="Look at the processes of this `nacre up --local`, too.")
@output_option("table", "json")
def command(socket: Path | None, journal: Path | None, local: Path | None, output: str) -> None:
    """Look at this machine: what costs latency here, how much, and how to mend it. And at a core: what is
    broken.

    Nothing is changed. What costs is no failure; exit 1 where something is broken.
    """
    findings = load("core.host", "examine")() + _found(socket, journal, local)
    if output == "json":
        write_json({"findings": [dataclasses.asdict(finding) for finding in findings]})
    else:
        _print(findings)
    sys.exit(EXIT_FAILED if any(finding.state == "broken" for finding in findings) else EXIT_OK)


def _found(socket: Path | None, journal: Path | None, local: Path | None) -> list[Finding]:
    """Of what is asked for."""
    found: list[Finding] = []
    if socket is not None:
        found += load(_CHECKUP, "of_core")(socket)
    if journal is not None:
        found.append(load(_CHECKUP, "of_journal")(journal))
    if local is not None:
        try:
            found += load(_CHECKUP, "of_services")(local)
        except ValueError as error:
            raise BadInput(str(error)) from error
    return found


def _print(findings: list[Finding]) -> None:
    from rich.markup import escape

    out = console()
    shown = table("what", "found", "")
    for finding in findings:
        state = f"[{_STYLES[finding.state]}]{finding.state}[/]"
        shown.add_row(finding.name, escape(finding.found), state)
    out.print(shown)
    for finding in findings:
        if finding.cost:
            out.print(
                f"[bold]{finding.name}[/]: {finding.cost}", f"  mend: {finding.mend}", sep="\n", markup=True
            )
