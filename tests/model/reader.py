"""Reads the money of a scenario file into the model: declarations, market data, fills on manual venues.

It knows nothing of risk or of order states: a report about a fill is booked, whatever the order's state.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from tests.model.ledger import ONE, ZERO, Fill, Holding, Instrument, Ledger

Event = dict[str, Any]
Key = tuple[str, str]


@dataclass(frozen=True)
class Venue:
    """Fees of a venue in basis points, and the digits that a fee is rounded to."""

    taker_bps: Fraction
    maker_bps: Fraction
    fee_digits: int
    symbols: tuple[str, ...]


@dataclass
class Expected:
    """What the model says of a file: (line, position line) in order, and the money of the `end` line."""

    positions: list[tuple[int, dict[str, str]]]
    end_positions: list[dict[str, str]]
    end_accounts: list[dict[str, object]]
    seen: Counter[str]


@dataclass
class Reader:
    """Feeds events to a ledger; `seen` counts what kinds of fill there were."""

    ledger: Ledger = field(default_factory=Ledger)
    venues: dict[str, Venue] = field(default_factory=dict)
    orders: dict[str, Event] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)

    def feed(self, event: Event) -> list[dict[str, str]]:
        """Handle one event; the position lines that it prints."""
        handler = getattr(self, f"on_{event['type']}", None)
        lines: list[dict[str, str]] | None = handler(event) if handler else None
        return lines or []

    def on_instrument(self, event: Event) -> None:
        """Declare an instrument."""
        settle = event["settle_currency"] if "settle_currency" in event else event["currency"]
        self.ledger.instruments[event["symbol"]] = Instrument(
            event["symbol"], event["kind"], event["price_precision"], event["qty_precision"], settle,
            Fraction(event.get("multiplier", "1")), event.get("inverse", False), Fraction(event["lot"]),
        )  # fmt: skip

    def on_venue(self, event: Event) -> None:
        """Declare a venue and its fees."""
        taker, maker = (Fraction(event.get(f"{side}_fee_bps", "0")) for side in ("taker", "maker"))
        digits, symbols = event.get("fee_precision", 8), tuple(event["symbols"])
        self.venues[event["venue"]] = Venue(taker, maker, digits, symbols)

    def on_account(self, event: Event) -> None:
        """Declare an account with its cash."""
        self.ledger.accounts[event["account"]] = (event["currency"], Fraction(event.get("cash", "0")))

    def on_open_position(self, event: Event) -> None:
        """A holding that the day begins with; it moves no cash."""
        opening = Fill(Fraction(event["qty"]), Fraction(event["avg_cost"]), ZERO)
        instrument = self.ledger.instruments[event["symbol"]]
        self.ledger.holdings[event["account"], event["symbol"]] = Holding(instrument, opening)

    def on_fx(self, event: Event) -> None:
        """A rate: "EUR/USD" "1.08" says that one EUR is 1.08 USD."""
        base, quote = event["pair"].split("/")
        self.ledger.rates.pairs[base, quote] = Fraction(event["rate"])

    def on_quote(self, event: Event) -> None:
        """Best prices of a venue; "0" quantity is an empty side."""
        sides = [(Fraction(event[f"{side}_px"]), Fraction(event[f"{side}_qty"])) for side in ("bid", "ask")]
        bid, ask = (px if qty else None for px, qty in sides)
        self.ledger.marks.quote(event["venue"], event["symbol"], bid, ask)

    def on_trade(self, event: Event) -> None:
        """A trade of others."""
        self.ledger.marks.trades[event["symbol"]] = Fraction(event["px"])

    def on_mark(self, event: Event) -> None:
        """A mark: from now on nothing else counts for the symbol."""
        self.ledger.marks.marks[event["symbol"]] = Fraction(event["px"])

    def on_venue_state(self, event: Event) -> None:
        """Quotes of venues that are not up don't count."""
        symbols = [event["symbol"]] if "symbol" in event else self.venues[event["venue"]].symbols
        for symbol in symbols:
            not_up = self.ledger.marks.not_up
            (not_up.discard if event["state"] == "up" else not_up.add)((event["venue"], symbol))

    def on_order(self, event: Event) -> None:
        """Remember whose order it is, and its side."""
        self.orders[event["cl_ord_id"]] = event

    def on_funding(self, event: Event) -> list[dict[str, str]]:
        """Long pays rate x value at the mark."""
        return self._adjust(event, Fraction(event["rate"]))

    def on_dividend(self, event: Event) -> list[dict[str, str]]:
        """Long receives amount x quantity."""
        return self._adjust(event, Fraction(event["amount"]))

    def on_split(self, event: Event) -> list[dict[str, str]]:
        """Quantity x num / den."""
        return self._adjust(event, Fraction(event["num"]), Fraction(event["den"]))

    def on_settlement(self, event: Event) -> list[dict[str, str]]:
        """Everything closes at px."""
        return self._adjust(event, Fraction(event["px"]))

    def _adjust(self, event: Event, a: Fraction, b: Fraction = ONE) -> list[dict[str, str]]:
        owners = self.ledger.adjust(event["symbol"], event["type"], a, b)
        self.seen.update({event["type"]: len(owners)})
        return [self.ledger.position_line(account, event["symbol"]) for account in owners]

    def on_report(self, event: Event) -> list[dict[str, str]]:
        """Book, bust or correct a fill; every other report moves no money."""
        if event["exec_type"] not in ("trade", "trade_cancel", "trade_correct"):
            return []
        order = self.orders[event["child_id"].rpartition(".")[0]]
        owner: Key = (order["account"], order["symbol"])
        key: Key = (event["venue"], event["exec_ref_id" if "exec_ref_id" in event else "exec_id"])
        self._book(event, key, owner, order)
        return [self.ledger.position_line(*owner)]

    def _book(self, event: Event, key: Key, owner: Key, order: Event) -> None:
        holding = self.ledger.holding(*owner)
        self.seen.update([event["exec_type"]] if event["exec_type"] != "trade" else [])
        if event["exec_type"] == "trade_cancel":
            holding.bust(key)
        elif event["exec_type"] == "trade_correct":
            fill = self._fill(event, holding.instrument, order)
            holding.correct(key, fill)
            self.ledger.marks.fills[owner[1]] = fill.px
        else:
            fill = self._fill(event, holding.instrument, order)
            self._count(event, order, holding.instrument, fill, holding.add(key, fill))
            self.ledger.marks.fills[owner[1]] = fill.px

    def _fill(self, event: Event, instrument: Instrument, order: Event) -> Fill:
        qty, px = Fraction(event["last_qty"]), Fraction(event["last_px"])
        venue = self.venues[event["venue"]]
        bps = venue.maker_bps if event.get("liquidity") == "maker" else venue.taker_bps
        ours = instrument.fee(qty, px, bps, venue.fee_digits)
        fee = Fraction(event["fee"]) if "fee" in event else ours
        return Fill(qty if order["side"] == "buy" else -qty, px, fee)

    def _count(self, event: Event, order: Event, instrument: Instrument, fill: Fill, did: str) -> None:
        names = ["fill", did, instrument.kind, order["side"], order["ord_type"]]
        names.append(event.get("liquidity", "taker"))
        names += ["rebate"] * (fill.fee < 0) + ["own_fee"] * ("fee" in event)
        names += ["inverse", f"inverse_{did}"] if instrument.inverse else []
        self.seen.update(names)


def read(lines: Iterable[str]) -> Expected:
    """Play a scenario file's lines; blank lines and comments count as lines of the file only."""
    reader, positions = Reader(), []
    for number, text in enumerate(lines, 1):
        if not text.strip() or text.startswith("#"):
            continue
        positions += [(number, line) for line in reader.feed(json.loads(text))]
    ledger = reader.ledger
    held = [ledger.position_line(*key) for key in sorted(ledger.holdings)]
    accounts = [ledger.account_line(account) for account in sorted(ledger.accounts)]
    return Expected(positions, held, accounts, reader.seen)
