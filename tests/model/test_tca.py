"""Every figure of execution analytics against a naive calculation: on a demo and on random journals."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.analytics import groups
from core.analytics.observer import Observer
from tests.model.orders.random_day import RandomDay
from tests.model.tca import journals, naive
from tests.simulation.generate import Generator

KEYS = ("all", *groups.KEYS)
QUOTES = 12_000
DAYS = 60
EVENTS = 90
MATCHED = 25
STEPS = 250


def compared(folder: Path) -> tuple[int, int]:
    """Compares all of a journal's figures; (how many orders, how many fills)."""
    measured = Observer(folder).catch_up().measure()
    world = naive.noted(journals.exported(folder), journals.printed(folder))
    for key in KEYS:
        found = {(row[key], row["currency"]): row for row in groups.by(measured, key)}
        wanted = naive.figures(world, key)
        assert found.keys() == wanted.keys(), key
        for name, row in wanted.items():
            same(f"{key} {name}", {**row, key: name[0], "currency": name[1]}, found[name])
    return len(world.orders), len(measured.fills["row"])


def same(where: str, wanted: dict[str, Any], found: dict[str, Any]) -> None:
    assert found.keys() == wanted.keys(), where
    for figure, value in wanted.items():
        close = pytest.approx(value, rel=1e-7, abs=1e-6) if isinstance(value, int | float) else value
        assert found[figure] == close, f"{where}: {figure}"


def test_a_demo_of_recorded_quotes(tmp_path: Path) -> None:
    """Two venues with commissions: market orders, swept. Synthetic quotes where there is no recording."""
    folder = tmp_path / "journal"
    command = [sys.executable, "-m", "core.cli", "demo", "-o", "json", "--quotes", str(QUOTES)]
    subprocess.run([*command, "--journal", str(folder)], check=True, capture_output=True)
    orders, fills = compared(folder)
    assert orders > 50
    assert fills >= orders


def test_random_days_of_manual_venues(tmp_path: Path) -> None:
    """All kinds of orders, all algorithms; fills that are busted and corrected."""
    orders = fills = 0
    for seed in range(DAYS):
        folder = tmp_path / str(seed)
        journals.record(RandomDay(seed).make(EVENTS), folder)
        some = compared(folder)
        orders, fills = orders + some[0], fills + some[1]
    assert orders > 5 * DAYS
    assert fills > 2 * DAYS


def test_random_journals_of_simulated_venues(tmp_path: Path) -> None:
    """Queues, latency, makers' and takers' fees, inverse contracts, several currencies."""
    fills = 0
    for seed in range(MATCHED):
        day = Generator(seed)
        day.generate(STEPS)
        folder = tmp_path / str(seed)
        journals.record("".join(f"{text}\n" for text in day.texts), folder)
        fills += compared(folder)[1]
    assert fills > 10 * MATCHED
