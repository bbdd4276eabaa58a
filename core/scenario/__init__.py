"""Scenarios: the core, spoken to in text. SCENARIOS has the rules; this package reads files."""

from core.scenario.numbers import (
    Number,
    divide_half_even,
    format_ratio,
    format_units,
    parse_number,
    parse_time,
    scaled,
)
from core.scenario.reader import Line, ScenarioError, read
from core.scenario.runner import run, run_text

__all__ = [
    "Line",
    "Number",
    "ScenarioError",
    "divide_half_even",
    "format_ratio",
    "format_units",
    "parse_number",
    "parse_time",
    "read",
    "run",
    "run_text",
    "scaled",
]
