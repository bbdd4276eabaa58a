"""The decision matrix: 25 parts, each cell from a figure or marked as a judgement."""

from __future__ import annotations

import re

from bench.matrix import JUDGED, PARTS, RESULTS, REWARDS, RISKS, given, page


def test_the_page_is_what_the_figures_give() -> None:
    assert page(*given()) == (RESULTS / "matrix.md").read_text(), "run python -m bench.matrix"


def test_all_25_are_in_it_once() -> None:
    assert len({part.name for part in PARTS}) == len(PARTS) == 25
    assert all(len(part.scores) == len(REWARDS) + len(RISKS) for part in PARTS)
    assert all(0 <= score <= 3 for part in PARTS for score in part.scores)
    assert all(part.why or part.measured for part in PARTS)


def test_every_cell_is_measured_or_marked() -> None:
    table = page(*given()).split("\n\n")
    rows = [line for block in table for line in block.splitlines() if line.count("|") == 14][2:]
    assert len(rows) == 25
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")[1:11]]
        assert all(re.fullmatch(rf"\*\*[0-3]\*\*|[0-3]{re.escape(JUDGED)}", cell) for cell in cells), row
        assert sum(int(cell.strip("*")) for cell in cells[:5]) == int(row.strip("|").split("|")[11])


def test_a_figure_moves_its_cell() -> None:
    placement, phases, whole = given()
    slow = placement["engines"]["execution"]["placements"]["contained"]["ns"]
    before = page(placement, phases, whole)
    slow["p50"] *= 5
    after = page(placement, phases, whole)
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert any(line.startswith("| order execution |") and "**2**" in line for line in changed)


def test_a_container_that_needs_much_costs_much() -> None:
    placement, phases, whole = given()
    before = page(placement, phases, whole).splitlines()
    whole["parts"]["redis"]["memory_mb"] = 4000
    changed = [line for line in page(placement, phases, whole).splitlines() if line not in before]
    assert any(line.startswith("| Redis |") and "**3**" in line for line in changed)


def test_every_container_of_a_part_was_there() -> None:
    _, _, whole = given()
    assert {part.container for part in PARTS if part.container} <= whole["parts"].keys()
