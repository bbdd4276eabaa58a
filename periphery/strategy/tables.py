"""A backtest's results as Parquet: fills, orders, positions, equity; a file each. Numbers are exact decimal
text, but for equity and drawdown, which are floats.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import messages as m
from core.data.parquet import arrow
from core.live.book import Book
from core.live.queries import order_line
from core.live.shadow import Shadow
from core.recovery import capacity_of
from core_ext.journal import JournalReader
from periphery.strategy.results import Curve

ALL = (1 << 31) - 1


def write_tables(
    folder: Path, fills: Sequence[Mapping[str, Any]], positions: Sequence[Mapping[str, Any]], curve: Curve,
    journal: Path,
) -> list[str]:  # fmt: skip
    """The names of the files, written into a folder that is made. NoParquet: pyarrow isn't there."""
    pa = arrow()
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "fills": pa.Table.from_pylist(list(fills)),
        "orders": pa.Table.from_pylist(orders_of(journal)),
        "positions": pa.Table.from_pylist(list(positions)),
        "equity": pa.table(
            {
                "time_ns": curve.times_ns,
                "equity": curve.equity,
                "drawdown": curve.drawdown,
                "held": curve.held,
            }
        ),
    }
    for name, table in tables.items():
        pa.parquet.write_table(table, folder / f"{name}.parquet")
    return [f"{name}.parquet" for name in tables]


def orders_of(journal: Path) -> list[dict[str, Any]]:
    """Every order of a journal in the order in which they came: when, what was asked, what became of it."""
    book = Book("journal")
    book.restore(JournalReader(journal))
    shadow = Shadow(journal, capacity_of(journal))
    shadow.follow()
    times = _times(journal)
    out = []
    for row in reversed(shadow.order_rows(most=ALL)):
        line = order_line(shadow, book, row)
        del line["children"]
        first = book.directory.text(shadow.core.egress.id_bytes(row["id_first"]))
        out.append({"time_ns": times.get(first), **line})
    return out


def _times(journal: Path) -> dict[str, int]:
    """When each order came, by its first cl_ord_id."""
    found: dict[str, int] = {}
    for _, body in JournalReader(journal):
        if int.from_bytes(body[40:42], "little") == m.Kind.ORDER:
            raw = np.frombuffer(body, m.ORDER_EVENT, 1, m.HEADER.itemsize)[0]["cl_ord_id"].tobytes()
            found[raw[1 : 1 + raw[0]].decode()] = int.from_bytes(body[8:16], "little")
    return found
