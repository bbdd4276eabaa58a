"""Every command with its arguments and options, as `--help` has them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from core.cli import root


def pages() -> dict[str, str]:
    """A page a noun."""
    context = click.Context(root, info_name="nacre")
    found = {}
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        if command is not None and not command.hidden:
            inner = click.Context(command, info_name=name, parent=context)
            found[f"reference/commands/{name}.md"] = "\n".join(_command(command, inner, 1))
    return found


def _command(command: click.Command, context: click.Context, level: int) -> Iterator[str]:
    yield f"{'#' * level} {context.command_path}\n"
    yield f"```text\n{command.get_usage(context)}\n```\n"
    yield _text(command.help or command.short_help or "") + "\n"
    params = [param for param in command.get_params(context) if "--help" not in param.opts]
    rows = [row for param in params if (row := param.get_help_record(context))]
    if rows:
        yield "| option | |\n| --- | --- |"
        yield from (f"| <code>{_cell(name)}</code> | {_cell(text)} |" for name, text in rows)
        yield ""
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None and not inner.hidden:
                below = click.Context(inner, info_name=name, parent=context)
                yield from _command(inner, below, min(level + 1, 6))


def _text(text: str) -> str:
    """click's: a paragraph that begins with \\b keeps its lines."""
    parts = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        f"```text\n{part[1:].strip(chr(10))}\n```" if part.startswith("\b") else part for part in parts
    )


def _cell(text: str) -> str:
    return text.replace("|", "&#124;").replace("<", "&lt;").replace("*", "&#42;").replace("\n", " ")
