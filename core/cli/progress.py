"""Progress of a long command, on standard error: a bar on a terminal, a line a stage elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from core.cli.output import say

type Show = Callable[[str, int, int], None]
"""(stage, done, total) of what a command is doing."""


@contextmanager
def progress() -> Iterator[Show]:
    """Show progress while the block runs; a bar is gone afterwards."""
    if not sys.stderr.isatty():
        yield _say_stage
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<7}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield show


def _say_stage(stage: str, done: int, total: int) -> None:
    """A line when a stage begins and one when it ends, where it has a count to tell."""
    if done == 0:
        say(f"{stage} ...")
    elif done == total and total > 1:
        say(f"{stage} {done:,} of {total:,}")
