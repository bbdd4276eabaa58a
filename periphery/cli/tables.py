"""What the commands over files of prices share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.lazy import load
from core.cli.output import BadInput

if TYPE_CHECKING:
    from periphery.history.tables import Table


def table_of(path: Path, rows: int | None, names: str | None) -> Table:
    """The table in a file: these columns (with commas between them), the last rows. ValueError."""
    table: Table = load("periphery.history.tables", "read_table")(path)
    if names:
        table = table.of([name.strip() for name in names.split(",")])
    return table if rows is None else table.last(rows)


@contextmanager
def needs(extra: str) -> Iterator[None]:
    """A library that isn't installed, as a command says it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] in ("core", "core_ext", "periphery"):
            raise
        raise BadInput(f"{error}: it comes with nacre[{extra}]") from error
