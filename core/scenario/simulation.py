"""How simulated venues work, and what they alone are told: a scenario's words to the fields of events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core import messages as m
from core.scenario import schema
from core.scenario.directory import Symbol
from core.scenario.numbers import Number

type Units = Callable[[Number, int, str], int]
"""A number in units of 10^-digits; the text names it where it doesn't fit."""

FEE_DIGITS = 8
NS_DIGITS = 3


def settings(data: dict[str, Any], units: Units) -> dict[str, Any]:
    """Fields of a VENUE_EVENT beyond name, mode, fees and latency."""
    tiers = data["fee_tiers"]
    room = [0] * (schema.FEE_TIERS_MAX - len(tiers))
    return {
        "pro_rata": schema.MATCHINGS.index(data["matching"]),
        "queue_model": schema.QUEUES.index(data["queue"]),
        "queue_power": data["queue_power"],
        "jitter_ns": units(data["latency_jitter_us"], NS_DIGITS, "latency_jitter_us"),
        "seed": data["latency_seed"],
        "tiers": len(tiers),
        "tier_value": [units(tier["from"], 0, "from") for tier in tiers] + room,
        "tier_taker": [units(tier["taker_fee_bps"], FEE_DIGITS, "taker_fee_bps") for tier in tiers] + room,
        "tier_maker": [units(tier["maker_fee_bps"], FEE_DIGITS, "maker_fee_bps") for tier in tiers] + room,
    }


def fault(data: dict[str, Any], units: Units) -> dict[str, int]:
    """Fields of a SIMULATE_EVENT: what goes wrong with the next messages."""
    kind = data["exec_type"]
    return {
        "what": int(m.Simulate[data["fault"].upper()]),
        "detail": 0 if kind is None else int(m.ExecType[kind.upper()]),
        "count": data["count"],
        "a": units(data["delay_us"], NS_DIGITS, "delay_us"),
    }


def latency(data: dict[str, Any], units: Units) -> dict[str, int]:
    """Fields of a SIMULATE_EVENT: how long messages are under way from now on."""
    return {
        "what": int(m.Simulate.LATENCY),
        "a": units(data["send_us"], NS_DIGITS, "send_us"),
        "b": units(data["report_us"], NS_DIGITS, "report_us"),
    }


def book_order(data: dict[str, Any], symbol: Symbol, units: Units) -> dict[str, int]:
    """Fields of a SIMULATE_EVENT: an order of the market."""
    if data["action"] == "clear":
        return {"what": int(m.Simulate.ORDERS_CLEAR)}
    price = data["px"]
    return {
        "what": int(m.Simulate[f"ORDER_{data['action'].upper()}"]),
        "detail": int(m.Side.SELL if data["side"] == "sell" else m.Side.BUY),
        "count": data["order_id"],
        "a": 0 if price is None else units(price, symbol.price_precision, "px"),
        "b": units(data["qty"], symbol.qty_precision, "qty"),
    }
