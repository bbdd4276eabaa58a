"""`nacre torture`: a core of its own under load, whose processes die, whose disk fails, whose journal is
damaged.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, output_option, say, write_json, write_mapping

_PLACEMENTS = ("pinned", "fused", "mixed", "inside")


@click.command(short_help="Kill a core's processes, fail its disk, damage its journal.")
@click.option(
    "--kills", type=click.IntRange(0), default=200, show_default=True, help="Over all processes in turn."
)
@click.option(
    "--stops",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Of the kills: SIGSTOPs a placement, one a round at the most.",
)
@click.option(
    "--damages", type=click.IntRange(0), default=2, show_default=True, help="Of each kind, to each journal."
)
@click.option("--disks", type=click.IntRange(0), default=1, show_default=True, help="Failures of each kind.")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Rounds at a time, each a core of its own.  [default: one a processor]",
)
@click.option("--seed", type=int, help="Which process dies when.  [default: by the clock]")
@click.option(
    "--placement", "placements", type=click.Choice(_PLACEMENTS), multiple=True, help="[default: each]"
)
@output_option("table", "json")
def command(
    kills: int,
    stops: int,
    damages: int,
    disks: int,
    jobs: int | None,
    seed: int | None,
    placements: tuple[str, ...],
    output: str,
) -> None:
    """Start cores in a folder of their own and load them; kill each process in turn, at moments that a seed
    draws; bring each back, and compare each state with a replay of its journal.

    Exit 1: something was lost or doubled, or a state differs; `problems` says what, and the seed is told.
    """
    drawn = time.time_ns() % 1_000_000 if seed is None else seed
    began = time.monotonic()
    load("core.torture.torture", "ends_on_sigterm")()
    with tempfile.TemporaryDirectory(prefix="nacre-torture-") as folder:
        told = load("core.torture.torture", "torture")(
            Path(folder),
            kills,
            drawn,
            list(placements),
            stops=stops,
            damages=damages,
            disks=disks,
            jobs=jobs or len(os.sched_getaffinity(0)),
        )
    told |= {"seed": drawn, "seconds": round(time.monotonic() - began)}
    if output == "json":
        write_json(told)
    else:
        write_mapping(told, "torture")
    for problem in told["problems"]:
        say(problem)
    sys.exit(EXIT_FAILED if told["problems"] else EXIT_OK)
