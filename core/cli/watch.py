"""Once, or again each second: what `--watch` does."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import click

from core.cli.output import console, write_json

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live

type Values = Mapping[str, Any]
type Draw = Callable[[Values], Sequence[RenderableType]]
"""The parts of a picture, one below the other: tables, or lines of markup."""

WATCH_S = 1.0
"""Between two looks."""


def watch_option(run: Callable[..., None]) -> Callable[..., None]:
    """The option --watch."""
    return click.option("--watch", is_flag=True, help="Look again each second, until Ctrl-C.")(run)


def repeat(fetch: Callable[[], Values], draw: Draw, output: str, watch: bool) -> None:
    """Fetch and print once; with `watch`, again each second until Ctrl-C, which is exit 0.

    On a terminal a picture takes the place of the last one. Elsewhere, and as JSON (a document a line), it is
    printed when something changed.
    """
    if not watch:
        value = fetch()
        write_json(value) if output == "json" else _print(draw(value))
        return
    try:
        with _screen(output) as screen:
            _follow(fetch, draw, output, screen)
    except KeyboardInterrupt:
        sys.exit(0)


def _follow(fetch: Callable[[], Values], draw: Draw, output: str, screen: Live | None) -> None:
    last: Values | None = None
    while True:
        value = fetch()
        if value != last:
            _again(value, draw, output, screen)
        last = value
        time.sleep(WATCH_S)


def _screen(output: str) -> AbstractContextManager[Live | None]:
    """The whole terminal for pictures; None where there is no terminal, or no picture."""
    if output == "json" or not sys.stdout.isatty():
        return nullcontext()
    from rich.live import Live

    return Live(console=console(), screen=True, auto_refresh=False)


def _again(value: Values, draw: Draw, output: str, screen: Live | None) -> None:
    if output == "json":
        click.echo(json.dumps(value, ensure_ascii=False))
    elif screen is None:
        _print(draw(value))
    else:
        from rich.console import Group

        screen.update(Group(*draw(value)), refresh=True)
    sys.stdout.flush()


def _print(parts: Sequence[RenderableType]) -> None:
    console().print(*parts, sep="\n")
