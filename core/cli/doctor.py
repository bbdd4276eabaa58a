"""`nacre doctor`: what of this machine costs latency, and how to mend it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from core.cli.output import console, output_option, table, write_json

if TYPE_CHECKING:
    from core.host import Finding

_STYLES = {"ok": "green", "costs": "yellow", "unknown": "dim"}


@click.command()
@output_option("table", "json")
def command(output: str) -> None:
    """Look at this machine: what costs latency here, how much, and how to mend it.

    Nothing is changed. What costs is no failure: the exit code is 0.
    """
    from core.host import examine

    findings = examine()
    if output == "json":
        write_json({"findings": [dataclasses.asdict(finding) for finding in findings]})
    else:
        _print(findings)


def _print(findings: list[Finding]) -> None:
    out = console()
    shown = table("what", "found", "")
    for finding in findings:
        state = f"[{_STYLES[finding.state]}]{finding.state}[/]"
        shown.add_row(finding.name, finding.found, state)
    out.print(shown)
    for finding in findings:
        if finding.state == "costs":
            out.print(
                f"[bold]{finding.name}[/]: {finding.cost}", f"  mend: {finding.mend}", sep="\n", markup=True
            )
