"""Limits that the command cases set and take away."""

from __future__ import annotations


def limit(most: str | None) -> dict[str, str]:
    return {"type": "limit", "check": "max_order_qty", "account": "A", "value": most or "off"}


def rate(most: str | None) -> dict[str, str]:
    return {"type": "limit", "check": "order_rate", "account": "A", "window_s": "60", "value": most or "off"}
