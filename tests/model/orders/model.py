"""Plays a scenario file: each line in turn, what is due before it, and the lines that each event prints."""

from __future__ import annotations

import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from fractions import Fraction

from tests.model.ledger import Fill, Holding, Instrument
from tests.model.orders import algos, held, reports, requests, switches, working
from tests.model.orders.desk import Desk, Line
from tests.model.orders.market import Fees, Market


class Play:
    """Plays a file line by line: `desk` is the model's state after the last line that was told."""

    def __init__(self) -> None:
        self.desk = Desk()
        self.handled = 0
        self.number = 0

    def tell(self, text: str) -> None:
        """One line of the file."""
        self.number += 1
        if not text.strip() or text.startswith("#"):
            return
        line, desk = json.loads(text), self.desk
        self.handled += 1
        desk.number = self.number
        now = nanoseconds(line["at"]) if "at" in line else desk.at
        due(desk, now)
        desk.at = now
        HANDLERS[line["type"]](desk, line)
        switches.flatten(desk)
        desk.flush()
        due(desk, now)

    def end(self) -> list[Line]:
        """All lines, the last one included."""
        desk, end = self.desk, the_end(self.desk, self.handled)
        for account in end["accounts"]:
            if account["equity"] is None:
                desk.say_alert("warn", "no_fx_rate", {"account": account["account"]})
        desk.flush()
        return [*desk.printed, end]


def play(lines: Iterable[str]) -> list[Line]:
    """What the core must print for the lines of a file, without seq, text and state_hash."""
    played = Play()
    for text in lines:
        played.tell(text)
    return played.end()


def nanoseconds(at: int | str) -> int:
    """Nanoseconds since the epoch, of an integer or ISO 8601."""
    if isinstance(at, int):
        return at
    whole, zone = (at[:-1], "+00:00") if at.endswith("Z") else (at[:-6], at[-6:])
    seconds, _, part = whole.partition(".")
    return int(datetime.fromisoformat(seconds + zone).timestamp()) * 10**9 + int(part.ljust(9, "0") or 0)


def due(desk: Desk, until: int) -> None:
    """Timers, each an event of its own."""
    while desk.timers and desk.timers[0][0] <= until:
        desk.at, _, what = heapq.heappop(desk.timers)
        what()
        switches.flatten(desk)
        desk.flush()


def the_end(desk: Desk, handled: int) -> Line:
    """The last line."""
    counts = Counter(order.status for order in desk.orders)
    if desk.denied:
        counts["denied"] += desk.denied
    ledger = desk.ledger
    return {
        "type": "end", "at": desk.at, "line": desk.number, "events": handled, "orders": dict(counts),
        "positions": [ledger.position_line(*key) for key in sorted(ledger.holdings)],
        "accounts": [ledger.account_line(account) for account in sorted(ledger.accounts)],
    }  # fmt: skip


# ---- declarations -------------------------------------------------------------------------------------


def on_instrument(desk: Desk, line: Line) -> None:
    desk.instruments[line["symbol"]] = line
    desk.markets[line["symbol"]] = Market()
    desk.ledger.instruments[line["symbol"]] = Instrument(
        line["symbol"], line["kind"], line["price_precision"], line["qty_precision"],
        line.get("settle_currency", line["currency"]), Fraction(line.get("multiplier", "1")),
        line.get("inverse", False),
    )  # fmt: skip


def on_venue(desk: Desk, line: Line) -> None:
    taker, maker = (Fraction(line.get(f"{side}_fee_bps", "0")) for side in ("taker", "maker"))
    desk.fees[line["venue"]] = Fees(taker, maker, len(desk.fees), line.get("fee_precision", 8))
    for symbol in line["symbols"]:
        desk.markets[symbol].venues.append(line["venue"])


def on_account(desk: Desk, line: Line) -> None:
    desk.ledger.accounts[line["account"]] = (line["currency"], Fraction(line.get("cash", "0")))


def on_open_position(desk: Desk, line: Line) -> None:
    opening = Fill(Fraction(line["qty"]), Fraction(line["avg_cost"]), Fraction(0))
    instrument = desk.ledger.instruments[line["symbol"]]
    desk.ledger.holdings[line["account"], line["symbol"]] = Holding(instrument, opening)


def on_fx(desk: Desk, line: Line) -> None:
    base, quote = line["pair"].split("/")
    desk.ledger.rates.pairs[base, quote] = Fraction(line["rate"])


# ---- the market ---------------------------------------------------------------------------------------


def on_quote(desk: Desk, line: Line) -> None:
    desk.markets[line["symbol"]].quote(line)
    shown(desk, line)


def on_depth(desk: Desk, line: Line) -> None:
    desk.markets[line["symbol"]].set_depth(line)
    shown(desk, line)


def shown(desk: Desk, line: Line) -> None:
    """A venue shows something new: who left it out may use it again, and who waits is routed."""
    market, venue, symbol = desk.markets[line["symbol"]], line["venue"], line["symbol"]
    bid, ask = ([*market.levels(venue, ask=side), (None, 0)][0][0] for side in (False, True))
    desk.ledger.marks.quote(venue, symbol, bid, ask)
    for order in [order for order in desk.orders if order.symbol == symbol]:
        order.left_out.discard(venue)
    waiting = [order for order in desk.orders if order.symbol == symbol and order.routable]
    held.market_moved(desk, symbol)
    for order in waiting:
        working.settle(desk, order, route=True)


def on_trade(desk: Desk, line: Line) -> None:
    desk.markets[line["symbol"]].last = Fraction(line["px"])
    desk.ledger.marks.trades[line["symbol"]] = Fraction(line["px"])
    held.market_moved(desk, line["symbol"])
    algos.traded(desk, line["symbol"], Fraction(line["qty"]))


def on_mark(desk: Desk, line: Line) -> None:
    desk.markets[line["symbol"]].mark = Fraction(line["px"])
    desk.ledger.marks.marks[line["symbol"]] = Fraction(line["px"])
    held.market_moved(desk, line["symbol"])


def nothing(desk: Desk, line: Line) -> None:
    """Moves time on, or changes what this model doesn't know of."""


HANDLERS: dict[str, Callable[[Desk, Line], None]] = {
    "instrument": on_instrument, "venue": on_venue, "account": on_account, "open_position": on_open_position,
    "fx": on_fx, "quote": on_quote, "depth": on_depth, "trade": on_trade, "mark": on_mark,
    "reference": nothing,
    "order": requests.on_order, "replace": requests.on_replace, "cancel": requests.on_cancel,
    "algo": requests.on_algo, "report": reports.on_report, "cancel_all": switches.on_cancel_all,
    "venue_state": switches.on_venue_state, "kill": switches.on_kill, "rearm": switches.on_rearm,
    "connect": switches.on_connect, "disconnect": switches.on_disconnect, "day": nothing, "time": nothing,
}  # fmt: skip
