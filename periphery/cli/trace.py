"""`nacre trace`: one event's way through every engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from core.cli.lazy import load
from core.cli.output import BadInput, output_option, say, write_json


@click.command()
@click.argument("seq", type=int)
@click.option("--journal", metavar="DIR", help="The core's journal; else the core says where it is.")
@click.option("--socket", type=click.Path(dir_okay=False), help="The core's socket, else $NACRE_SOCKET.")
@click.option("--outputs", multiple=True, metavar="NAME=DIR", help="What the engine NAME says: its folder.")
@output_option("table", "json")
def command(seq: int, journal: str | None, socket: str | None, outputs: tuple[str, ...], output: str) -> None:
    """Show the way of event SEQ: what each engine made of it, the events that came of it, what sessions and
    venues were told, what engines beside the core said, and, of an event that is timed (one in 61) and still
    remembered by a core that runs, when each stage was done with it.
    """
    folders = _folders(outputs)
    board, place = _core(journal, socket)
    try:
        told = load("periphery.monitoring.trace", "Trace")(place, seq, board, folders).told()
    except ValueError as error:
        raise BadInput(str(error)) from error
    if output == "json":
        write_json(told)
        return
    _draw(told)


def _folders(outputs: tuple[str, ...]) -> dict[str, Path]:
    found = {}
    for each in outputs:
        name, equals, folder = each.partition("=")
        if not equals or not (Path(folder) / "outputs").exists():
            raise BadInput(f"--outputs {each}: give NAME=DIR, the folder of an engine's state")
        found[name] = Path(folder)
    return found


def _core(journal: str | None, socket: str | None) -> tuple[Any, Path]:
    """The memory of the core that runs, if one does, and the journal."""
    path = load("periphery.client.control", "socket_path")(socket)
    try:
        status = load("core.live.ask", "ask")(path, "status")
        found = Path(status["journal"]["path"])
        if journal is not None and Path(journal).resolve() != found.resolve():
            return None, Path(journal)
        return load("core.live.observe", "observe")(path), found
    except RuntimeError as error:
        if journal is None:
            raise BadInput(f"{error}; or give --journal") from error
        return None, Path(journal)


def _draw(told: dict[str, Any]) -> None:
    show = load("core.cli.output", "console")().print
    rows_table = load("core.cli.output", "rows_table")
    by = f", derived by {told['by']} from {told['cause']:,}" if told["by"] else ""
    show(f"event {told['seq']:,}: {told['kind']}{by}, root {told['root']:,}, at {told['time_ns']} ns")
    show(rows_table([{"request": key, "": _said(value)} for key, value in told["request"].items()], ""))
    show(rows_table([_stage(row) for row in told["stages"]], "what each engine made of it"))
    for key, title in (
        ("derived", "what engines derived from it"),
        ("lines", "what sessions and venues were told"),
        ("outputs", "what engines beside the core said"),
    ):
        if told[key]:
            show(rows_table([{name: str(value) for name, value in row.items()} for row in told[key]], title))
    if not told["sequenced_after_ns"]:
        say("its times aren't known: one event in 61 is timed, and remembered while the core runs on")


def _said(value: Any) -> str:
    """An index that names nothing: none."""
    return "none" if value == load("core.messages", "NONE") else str(value)


def _stage(row: dict[str, Any]) -> dict[str, Any]:
    says = ", ".join(f"{key} {value}" for key, value in row["says"].items())
    return {
        "stage": row["stage"],
        "says": says if row["takes"] else "passes it by",
        "done after ns": row["done_after_ns"],
    }
