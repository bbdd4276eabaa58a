"""The numbered cases of this folder: see README.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.scenario import run_text

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*.outcome"))


def played(path: Path) -> tuple[list[str], list[dict[str, Any]]]:
    """What comes of a scenario in the words of an outcome; the output's lines."""
    code, out, err = run_text(str(path))
    assert code == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    return outcome(lines), lines


def outcome(lines: list[dict[str, Any]]) -> list[str]:
    """Fills and denials in their order, then each order's end, under the id that it came with."""
    events: list[str] = []
    orders: dict[str, dict[str, Any]] = {}  # in the order of acceptance
    first: dict[str, str] = {}  # the id that an order came with, by each that it had since
    for line in lines:
        if line["type"] == "deny":
            events.append(f"deny {line['cl_ord_id']} {line['reason']}")
        if line["type"] != "order":
            continue
        came_as = first.get(line.get("orig_cl_ord_id", line["cl_ord_id"]), line["cl_ord_id"])
        first[line["cl_ord_id"]] = came_as
        orders[came_as] = line
        if line["exec_type"] == "trade":
            events.append(f"fill {came_as} {line['last_qty']} {line['last_px']}")
    return events + [
        f"end {came_as} {line['ord_status']} {line['cum_qty']} {line['leaves_qty']}"
        for came_as, line in orders.items()
    ]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_comes_out_as_the_rule_says(path: Path) -> None:
    found, lines = played(path.with_suffix(".jsonl"))
    assert found == path.read_text().splitlines()
    assert lines[-1]["type"] == "end"


def test_every_case_has_both_files_a_number_of_its_own_and_a_rule() -> None:
    scenarios = sorted(HERE.glob("*.jsonl"))
    assert [path.stem for path in scenarios] == [path.stem for path in CASES]
    assert len({path.stem[:3] for path in CASES}) == len(CASES) >= 120
    assert all(path.read_text().startswith("# ") for path in scenarios)


def test_quantity_is_conserved_between_our_orders() -> None:
    """Where the market shows nothing, what is bought is sold."""
    for path in CASES:
        text = path.with_suffix(".jsonl").read_text()
        if any(f'"type":"{word}"' in text for word in ("quote", "depth", "book_order", "trade")):
            continue
        sides = {
            line["cl_ord_id"]: line["side"]
            for line in map(json.loads, text.splitlines()[1:])
            if line["type"] == "order"
        }
        fills = [line.split() for line in path.read_text().splitlines() if line.startswith("fill")]
        sums = {
            side: sum(int(qty) for _, id_, qty, _ in fills if sides[id_] == side) for side in ("buy", "sell")
        }
        assert sums["buy"] == sums["sell"], path.stem
