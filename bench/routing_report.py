"""The report of `bench routing` as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

HEAD = """# What an order costs by each policy, on recorded markets

Written by `nacre bench routing --report FILE`; [routing](../routing.md) says what is measured. Costs are in
bps of the mid at arrival, with fees and rebates. A difference is ours less the other's on the same orders:
below 0 ours costs less; in brackets its 95 % interval. `optimal` was fitted on the first half of each
recording; all orders are in the second.
"""


def report(result: dict[str, Any]) -> str:
    return HEAD + "".join(line for one in result["recordings"] for line in _recording(one))


def _recording(one: dict[str, Any]) -> Iterator[str]:
    yield f"\n## {one['name']}\n\n"
    yield f"{one['orders']:,} orders, horizon {one['horizon_s']:g} s, {one['rows']:,} rows"
    yield f", of which {one['crossed_rows']:,} crossed" if one["crossed_rows"] else ""
    fees = ", ".join(f"{venue} {taker:g} / {maker:g}" for venue, (taker, maker) in one["fees_bps"].items())
    yield f". Fees taker / maker in bps: {fees}.\n\n"
    yield "| policy | mean cost, bps |\n| --- | ---: |\n"
    for name, cost in one["mean_cost_bps"].items():
        yield f"| {name} | {cost:.4f} |\n"
    fitted = one["fitted"]
    yield f"\nFitted on the first half: a unit left for the horizon costs {fitted['unfilled_bps']:g} bps"
    for venue in one["fees_bps"]:
        yield f"; a fill at {venue}'s touch misses {fitted[venue]['markout_bps']:g} bps"
    yield ".\n"
    for ours in ("net", "optimal"):
        yield from _cells(ours, [cell for cell in one["cells"] if cell["ours"] == ours])
    yield from _losing(one["losing"])


def _cells(ours: str, cells: list[dict[str, Any]]) -> Iterator[str]:
    others = list(dict.fromkeys(cell["against"] for cell in cells))
    yield f"\n`{ours}` less\n\n| side | size | {' | '.join(others)} |\n"
    yield f"| --- | --- |{' ---: |' * len(others)}\n"
    rows = dict.fromkeys((cell["side"], cell["size"]) for cell in cells)
    for side, size in rows:
        shown = [_shown(cell) for cell in cells if (cell["side"], cell["size"]) == (side, size)]
        yield f"| {side} | {size} | {' | '.join(shown)} |\n"


def _shown(cell: dict[str, Any]) -> str:
    text = f"{cell['mean_bps']:.4f} [{cell['low_bps']:.4f}, {cell['high_bps']:.4f}]"
    return f"**{text}**" if cell["verdict"] == "loses" else text


def _losing(losing: list[dict[str, Any]]) -> Iterator[str]:
    if not losing:
        yield "\nNo cell in which ours costs more than the interval allows.\n"
        return
    yield "\nLosing cells (the whole interval above 0), bold above:\n\n"
    for cell in losing:
        where = f"{cell['against']}, {cell['side']}, {cell['size']}"
        yield f"- `{cell['ours']}` against {where}: {_shown(cell)}\n"
