"""The tables of a store: what of the core's events is kept. All are only ever added to.

Every row is of one event: `seq` is its sequence, `n` counts that event's rows in the table from 0; together
they are the key. Numbers are exact decimals. What is true now is a view over them: `orders`, `executions`
(fills that were not busted or corrected since), `positions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

type Kind = Literal["int", "number", "text"]
type Cell = int | str | None
type Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table's columns, in the order in which its rows have them."""

    name: str
    columns: dict[str, Kind]

    def row(self, seq: int, n: int, time_ns: int, values: dict[str, Cell]) -> Row:
        """A row of this table. KeyError: a value that it has no column for."""
        unknown = values.keys() - self.columns.keys()
        if unknown:
            raise KeyError(f"{self.name}: no column {sorted(unknown)[0]}")
        own: dict[str, Cell] = {"seq": seq, "n": n, "time_ns": time_ns, **values}
        return tuple(own.get(column) for column in self.columns)


def _table(name: str, /, **columns: Kind) -> Table:
    return Table(name, {"seq": "int", "n": "int", "time_ns": "int", **columns})


ORDER_EVENTS = _table(
    "order_events",
    order_index="int",
    account="text",
    strategy="text",
    symbol="text",
    side="text",
    cl_ord_id="text",
    orig_cl_ord_id="text",
    exec_type="text",
    ord_status="text",
    order_qty="number",
    cum_qty="number",
    leaves_qty="number",
    avg_px="number",
    price="number",
    reason="text",
)
"""Each change of an order. order_index: the core's, the same through all its cl_ord_ids."""

CHILD_EVENTS = _table(
    "child_events",
    order_index="int",
    venue="text",
    child_id="text",
    exec_type="text",
    ord_status="text",
    order_qty="number",
    cum_qty="number",
    leaves_qty="number",
)
"""Each change of a child order."""

FILLS = _table(
    "fills",
    order_index="int",
    account="text",
    strategy="text",
    symbol="text",
    venue="text",
    exec_id="text",
    exec_ref_id="text",
    exec_type="text",
    qty="number",
    px="number",
    fee="number",
    currency="text",
    liquidity="text",
)
"""Each booking of an execution. qty: signed, what the execution is from then on: 0 where it was busted,
another where it was corrected. fee: what the position's fees changed by."""

POSITION_EVENTS = _table(
    "position_events",
    account="text",
    symbol="text",
    currency="text",
    qty="number",
    avg_cost="number",
    realized_pnl="number",
    unrealized_pnl="number",
    fees="number",
)
"""A position and its profit after each change."""

DENIALS = _table(
    "denials",
    request="text",
    cl_ord_id="text",
    orig_cl_ord_id="text",
    reason="text",
    limit_value="text",
    value="text",
    scope="text",
    words="text",
    soft="int",
)
"""What risk denied. scope: JSON. soft: 1 where a person may override it."""

RISK_EVENTS = _table(
    "risk_events",
    kind="text",
    level="text",
    state="text",
    reason="text",
    check_name="text",
    scope="text",
    limit_value="text",
    value="text",
    by_person="text",
)
"""Alerts and changes of risk states. scope: JSON."""

VENUE_EVENTS = _table(
    "venue_events", kind="text", venue="text", child_id="text", exec_id="text", exec_type="text"
)
"""Reports that came twice, and those of orders that nobody knows."""

AUDIT = _table("audit", kind="text", by_person="text", session="text", request="text")
"""What people did: limits, kill and re-arm, manual fills, adjustments. request: JSON, codes as they are."""

SIGNALS = _table("signals", session="text", name="text", value="number", symbol="text", about_ns="int")
"""What was said to strategies. about_ns: the time that it is about, where it was given."""

OUTPUTS = _table("outputs", event_seq="int", topic="text", said="text")
"""What an engine said. seq: its count from 1; event_seq: of the event at which it was said. said: JSON."""

TABLES = (
    ORDER_EVENTS,
    CHILD_EVENTS,
    FILLS,
    POSITION_EVENTS,
    DENIALS,
    RISK_EVENTS,
    VENUE_EVENTS,
    AUDIT,
    SIGNALS,
    OUTPUTS,
)
BY_NAME = {table.name: table for table in TABLES}
VIEWS = ("orders", "executions", "positions")
