"""What recordings don't say, and what a core is declared of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.capacity import Capacity
from core.data.instruments import Listing


@dataclass(frozen=True, slots=True)
class Terms:
    """What recordings don't say: the account, the venues' terms. Decimal strings.

    currency: of the account; None: that in which the first instrument is settled. quote_qty: what a quote
    shows on each side where the recording has no sizes. max_orders: beyond so many the core denies more.
    declare: lines of a scenario that come before anything else; an instrument, venue or account among them
    takes the place of the one made up here.
    """

    account: str = "A1"
    currency: str | None = None
    cash: str = "1000000"
    taker_fee_bps: str = "0"
    maker_fee_bps: str = "0"
    fee_precision: int = 8
    latency_us: str = "0"
    quote_qty: str = "1000000000"
    max_orders: int = 1 << 20
    declare: tuple[Mapping[str, Any], ...] = ()

    def capacity(self, places: int) -> Capacity:
        """Of a core with that many (symbol, venue) pairs: memory that no order comes to costs nothing."""
        most = self.max_orders
        return Capacity(
            orders=most, more_children=most, ids=2 * most, fills=2 * most, depths=max(256, places)
        )


def declarations(listing: Listing, terms: Terms) -> list[dict[str, Any]]:
    """The lines that come before the first row: those of `terms.declare`, and what they don't name."""
    given = [dict(line) for line in terms.declare]
    named = {(line["type"], line.get(line["type"]) or line.get("symbol")) for line in given}
    made = []
    for line in listing.lines:
        if line["type"] == "venue":
            line = line | {
                "mode": "match",
                "taker_fee_bps": terms.taker_fee_bps,
                "maker_fee_bps": terms.maker_fee_bps,
                "fee_precision": terms.fee_precision,
                "latency_us": terms.latency_us,
            }
        name = line["venue"] if line["type"] == "venue" else line["symbol"]
        if (line["type"], name) not in named:
            made.append(line)
    first = next(iter(listing.instruments.values()), None)
    currency = terms.currency or (first.line()["currency"] if first else "USD")
    account = {"type": "account", "account": terms.account, "currency": currency, "cash": terms.cash}
    made += [account] if ("account", terms.account) not in named else []
    order = {"instrument": 0, "venue": 1, "account": 2}
    return sorted(made + given, key=lambda line: order.get(line["type"], 3))
