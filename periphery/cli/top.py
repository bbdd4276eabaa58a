"""`nacre top`: the core at work, with keys."""

from __future__ import annotations

import sys

import click

from core.cli.lazy import load
from core.cli.output import EXIT_NO_CORE, BadInput, say


@click.command()
@click.option("--socket", type=click.Path(dir_okay=False), help="The core's socket, else $NACRE_SOCKET.")
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(0.2, 60),
    default=1.0,
    show_default=True,
    help="Seconds between two looks.",
)
def command(socket: str | None, every_s: float) -> None:
    """Watch the core in a terminal: engines (e), sessions (s), kills (k); o orders the rows by another
    column, p pauses, + and - look less or more often, q quits. Exit 3 where no core answers.

    Without a terminal: `nacre core top`.
    """
    path = load("periphery.client.control", "socket_path")(socket)
    ask, no_core = load("core.live.ask", "ask"), load("core.live.ask", "NoCore")
    try:
        top = load("periphery.monitoring.live_view", "Top")
    except ModuleNotFoundError as error:
        raise BadInput(f"{error}: nacre top needs textual: install nacre[top]") from error
    try:
        looks = load("core.cli.status", "Looks")(lambda: ask(path, "status"))
    except no_core as error:
        say(str(error))
        sys.exit(EXIT_NO_CORE)
    top(looks.fetch, every_s).run()
