"""A random day of a desk with manual venues, one a seed: mostly sane, sometimes not.

It is played to the model as it is made, so that what venues say is about children that were sent.
"""

from __future__ import annotations

import json
from fractions import Fraction
from random import Random
from typing import Any

from tests.model.ledger import shown
from tests.model.orders.book import Child, Order
from tests.model.orders.model import Play

SECOND = 10**9
STEPS_NS = (0, 0, 0, 0, 1_000, SECOND, 5 * SECOND)
ALGOS = ("twap", "vwap", "pov", "is", "close", "iceberg", "sniper", "peg")
SYMBOLS = {"AAPL": (2, 1), "MSFT": (2, 10)}  # price digits, lot
MIDDLE = 10_000  # in ticks of 0.01
TYPES = (
    "limit", "limit", "limit", "limit", "market", "stop", "stop_limit", "market_to_limit",
    "market_if_touched", "limit_if_touched", "trailing_stop", "pegged",
)  # fmt: skip
PLAIN_ENDS = ("canceled", "canceled", "rejected", "expired", "unknown_order")
SAYS = (
    "new",
    "stopped",
    "suspended",
    "done_for_day",
    "done_for_day",
    "pending_cancel",
    "pending_replace",
    "restated",
    "replaced",
)


class RandomDay:
    """`texts` is the file so far, `play` the model that heard it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.play = Play()
        self.texts: list[str] = []
        self.at = 0
        self.ids = self.execs = self.lists = 0
        self.wild = self.random.choice((0.0, 0.05, 0.25))  # how often somebody says what makes no sense
        self.holds = self.random.choice((0.0, 0.3, 0.7))  # how many orders are held in the core

    def make(self, steps: int) -> str:
        """The whole file."""
        self._declare()
        actions = {
            self.quote: 12, self.trade: 6, self.mark: 1, self.depth: 1, self.order: 16, self.replace: 8,
            self.cancel: 6, self.report: 44, self.algo: 3, self.cancel_all: 0.5, self.kill: 0.7,
            self.rearm: 1.2,
            self.venue_state: 2.5, self.session: 0.5, self.day: 0.3, self.time: 2,
        }  # fmt: skip
        for _ in range(steps):
            self.at += self.random.choice(STEPS_NS)
            self.random.choices(list(actions), list(actions.values()))[0]()
        return "".join(f"{text}\n" for text in self.texts)

    def say(self, line_type: str, **keys: Any) -> None:
        """One line, told to the model too."""
        given = {key: value for key, value in keys.items() if value is not None}
        self.texts.append(json.dumps({"type": line_type, "at": self.at, **given}))
        self.play.tell(self.texts[-1])

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    # ---- declarations ----------------------------------------------------------------------------------

    def _declare(self) -> None:
        r = self.random
        for symbol, (digits, lot) in SYMBOLS.items():
            self.say(
                "instrument", symbol=symbol, kind="equity", price_precision=digits, qty_precision=0,
                tick=r.choice(("0.01", "0.05")), lot=str(lot), currency="USD",
            )  # fmt: skip
        for venue in ("XA", "XB", "XC")[: r.randint(1, 3)]:
            fees = {key: r.choice(("0", "0.3", "1")) for key in ("taker_fee_bps", "maker_fee_bps")}
            listed = ["AAPL", "MSFT"] if venue == "XA" or self.chance(0.7) else ["AAPL"]
            self.say("venue", venue=venue, mode="manual", symbols=listed, **fees)
        for account in ("A1", "A2"):
            self.say("account", account=account, currency="USD", cash="1000000")
            if self.chance(0.3):
                qty = str(r.choice((-40, 40, 200)))
                self.say("open_position", account=account, symbol="AAPL", qty=qty, avg_cost="99.5")
        for symbol in SYMBOLS:
            if self.chance(0.9):
                self.quote(symbol)
            self.say("trade", venue="XA", symbol=symbol, px="100", qty="1")

    # ---- numbers -----------------------------------------------------------------------------------------

    def px(self, away: int = 0, symbol: str = "AAPL") -> str:
        """A price near the middle, on the tick but for the wild."""
        tick = int(self.play.desk.tick(symbol) * 100)
        units = MIDDLE + tick * (away + self.random.randint(-4, 4))
        return shown(Fraction(units, 100), 2) if not self.chance(self.wild / 8) else "100.005"

    def qty(self, symbol: str = "AAPL", most: int = 30) -> str:
        if self.chance(self.wild / 10):
            return self.random.choice(("0", "-5", "0.5", "7"))
        return str(SYMBOLS[symbol][1] * self.random.randint(1, most))

    def symbol(self) -> str:
        return "AAPL" if self.chance(0.8) else "MSFT"

    def venue(self, symbol: str) -> str:
        return self.random.choice(self.play.desk.markets[symbol].venues)

    # ---- the market --------------------------------------------------------------------------------------

    def quote(self, symbol: str | None = None) -> None:
        symbol = symbol or self.symbol()
        tick = int(self.play.desk.tick(symbol) * 100)
        bid = MIDDLE + tick * self.random.randint(-5, 4)
        ask = bid + tick * self.random.randint(0 if self.chance(0.1) else 1, 4)
        sizes = [self.random.choice((0, 1, 5, 20, 50)) * SYMBOLS[symbol][1] for _ in range(2)]
        self.say(
            "quote", venue=self.venue(symbol), symbol=symbol, bid_px=shown(Fraction(bid, 100), 2),
            bid_qty=str(sizes[0]), ask_px=shown(Fraction(ask, 100), 2), ask_qty=str(sizes[1]),
        )  # fmt: skip

    def trade(self) -> None:
        symbol = self.symbol()
        self.say("trade", venue=self.venue(symbol), symbol=symbol, px=self._even(self.px(), symbol), qty="5")

    def _even(self, px: str, symbol: str) -> str:
        return px if len(px.partition(".")[2]) <= 2 else "100"

    def mark(self) -> None:
        symbol = self.symbol()
        self.say("mark", symbol=symbol, px=self._even(self.px(), symbol))

    def depth(self) -> None:
        symbol, side = self.symbol(), self.random.choice(("buy", "sell"))
        px = self._even(self.px(-5 if side == "buy" else 5), symbol)
        qty = str(self.random.choice((0, 3, 20)) * SYMBOLS[symbol][1])
        self.say("depth", venue=self.venue(symbol), symbol=symbol, side=side, px=px, qty=qty)

    # ---- clients -----------------------------------------------------------------------------------------

    def new_id(self) -> str:
        if self.ids and self.chance(self.wild / 6):
            return str(self.random.randint(1, self.ids))
        self.ids += 1
        return str(self.ids)

    def order(self) -> None:
        """An order of any kind."""
        r, symbol = self.random, self.symbol()
        kind = r.choice(TYPES) if self.chance(self.holds) else r.choice(("limit", "limit", "limit", "market"))
        line: dict[str, Any] = {
            "cl_ord_id": self.new_id(), "account": r.choice(("A1", "A1", "A2")), "symbol": symbol,
            "side": r.choice(("buy", "sell", "sell_short")), "order_qty": self.qty(symbol), "ord_type": kind,
        }  # fmt: skip
        if self.chance(0.5):
            line["venue"] = self.venue(symbol) if not self.chance(self.wild / 8) else "XZ"
        if self.chance(0.3):
            line["strategy"] = r.choice(("S1", "S2"))
        if self.chance(0.2):
            line["session"] = "fix1"
        self._prices(line, kind, symbol)
        self._when(line, kind)
        self._more(line, kind, symbol)
        self.say("order", **line)

    def _prices(self, line: dict[str, Any], kind: str, symbol: str) -> None:
        if kind in ("limit", "stop_limit", "limit_if_touched") or (kind == "pegged" and self.chance(0.3)):
            line["price"] = self.px(symbol=symbol) if not self.chance(self.wild / 10) else None
        if kind in ("stop", "stop_limit", "market_if_touched", "limit_if_touched"):
            line["stop_px"] = self.px(symbol=symbol)
        if kind == "trailing_stop":
            unit = self.random.choice((None, "price", "ticks", "bps"))
            line["trail_unit"] = unit
            line["trail"] = {"ticks": "3", "bps": "2.5"}.get(unit or "", "0.04")
        if kind in ("stop", "stop_limit", "market_if_touched", "limit_if_touched", "trailing_stop"):
            line["trigger"] = self.random.choice((None, None, "bid_ask", "mid", "mark"))
        if kind == "pegged":
            line["peg"] = self.random.choice(("primary", "mid", "market"))
            line["peg_offset"] = self.random.choice((None, "0.02", "-0.05", "0.01"))

    def _when(self, line: dict[str, Any], kind: str) -> None:
        r = self.random
        if kind == "pegged":
            line["time_in_force"] = r.choice((None, "gtc"))
        else:
            line["time_in_force"] = r.choice((None, None, "gtc", "ioc", "fok", "gtd"))
        if kind in ("limit", "market") and self.chance(self.holds / 10):
            line["time_in_force"] = r.choice(("opg", "cls"))
        if line["time_in_force"] == "gtd":
            line["expire_at"] = self.at + r.randint(1, 30) * SECOND

    def _more(self, line: dict[str, Any], kind: str, symbol: str) -> None:
        r, rests = self.random, line.get("time_in_force") not in ("ioc", "fok")
        if kind == "limit" and rests and self.chance(0.08):
            line["post_only"] = True
        elif kind == "limit" and rests and self.chance(self.holds / 5):
            line["max_floor"] = self.qty(symbol, 6)
        elif kind in ("limit", "market") and rests and self.chance(self.holds / 2):
            line["algo"] = r.choice(ALGOS if kind == "limit" else ALGOS[:5])
            line["params"] = self._params(line["algo"], symbol)
        if self.chance(self.holds / 8):
            line["reduce_only"] = True
        if "algo" not in line and self.chance(self.holds / 2):
            self._list(line)

    def _params(self, algo: str, symbol: str) -> dict[str, Any]:
        """What an algorithm is told; now and then what makes no sense."""
        r = self.random
        some = self._schedule(algo) if algo in ALGOS[:5] else {}
        if algo in ("iceberg", "peg") and (algo == "iceberg" or self.chance(0.5)):
            some["display_qty"] = self.qty(symbol, 6)
        if algo == "peg":
            some["peg"] = r.choice(("primary", "mid", "market"))
            some["offset"] = r.choice(("0", "0.02", "-0.05"))
        if algo in ("pov", "sniper") and self.chance(0.6):
            some["min_qty"] = self.qty(symbol, 4)
        if algo not in ("pov", "sniper") and self.chance(0.3):
            some |= {"variance_bps": r.choice(("300", "5000", "10000")), "seed": r.choice(("0", "7"))}
        if self.chance(self.wild / 6):
            some[r.choice(("horizon_s", "slices", "display_qty", "participation_bps", "magic"))] = "0"
        return some

    def _schedule(self, algo: str) -> dict[str, Any]:
        """When how much of it is sent."""
        r = self.random
        some: dict[str, Any] = {}
        if algo != "pov" and (algo != "close" or self.chance(0.7)):
            some |= {"horizon_s": r.choice(("8", "20")), "slices": r.choice(("1", "3", "4"))}
        if algo in ("vwap", "is", "close") and "slices" in some and self.chance(0.5):
            del some["slices"]
            some["curve"] = [str(r.choice((0, 1, 7, 40))) for _ in range(r.randint(1, 5))]
        elif algo == "is":
            some["urgency"] = r.choice(("0", "0.5", "3"))
        if algo == "close":
            some["auction_bps"] = r.choice(("0", "2500", "10000")) if "horizon_s" in some else "10000"
        if algo == "pov" or ("horizon_s" in some and self.chance(0.3)):
            some["participation_bps"] = r.choice(("1000", "5000", "10000"))
        return some

    def _list(self, line: dict[str, Any]) -> None:
        if not self.lists or self.chance(0.3):
            self.lists += 1
            line["contingency"] = self.random.choice(("oto", "oto", "oco", "ouo"))
        else:
            line["contingency"] = self.random.choice(("oco", "ouo"))
        line["list_id"] = f"L{self.lists}"

    def any_order(self) -> Order | None:
        """One of the last orders; mostly one that lives."""
        orders = self.play.desk.orders
        live = [order for order in orders if not order.over]
        pool = live if live and not self.chance(0.15) else orders[-10:]
        return self.random.choice(pool) if pool else None

    def name_of(self, order: Order) -> str:
        return order.id if not self.chance(0.1) else self.random.choice(order.ids)

    def replace(self) -> None:
        order = self.any_order()
        if order is None:
            return
        r, changes = self.random, {}
        if self.chance(0.7):
            changes["order_qty"] = self.qty(order.symbol)
        if order.price is not None and self.chance(0.4):
            changes["price"] = self.px(symbol=order.symbol)
        if order.waits == "trigger" and order.stop_px is not None and self.chance(0.5):
            changes["stop_px"] = self.px(symbol=order.symbol)
        if self.chance(self.wild / 6):
            changes[r.choice(("price", "stop_px" if self.holds else "price"))] = self.px()
        self.say("replace", orig_cl_ord_id=self.name_of(order), cl_ord_id=self.new_id(), **changes)

    def cancel(self) -> None:
        order = self.any_order()
        if order is not None:
            self.say("cancel", orig_cl_ord_id=self.name_of(order), cl_ord_id=self.new_id())

    def algo(self) -> None:
        orders = [order for order in self.play.desk.orders if order.key("algo")]
        if orders:
            action = self.random.choice(("pause", "resume", "resume", "stop"))
            self.say("algo", cl_ord_id=self.random.choice(orders).first_id, action=action)

    # ---- venues ------------------------------------------------------------------------------------------

    def report(self) -> None:
        """What a venue says about a child: mostly what it was asked."""
        children = [child for order in self.play.desk.orders for child in order.children]
        if not children:
            return
        live = [child for child in children if child.open > 0 or child.pending]
        child = self.random.choice(live) if live and not self.chance(0.08) else self.random.choice(children)
        line: dict[str, Any] = {"venue": child.venue, "child_id": child.id}
        if self.chance(self.wild / 6):
            line["child_id"] = self.random.choice(("9.9", "1", f"{child.order.first_id}.7"))
        self.say("report", **line, **self._says(child))

    def _says(self, child: Child) -> dict[str, Any]:
        r = self.random
        if child.pending_replace and self.chance(0.45):
            return {"exec_type": r.choice(("replaced", "replaced", "cancel_rejected"))}
        if child.pending_cancel and self.chance(0.5):
            return {
                "exec_type": r.choice(("canceled", "canceled", "cancel_rejected")),
                "text": r.choice((None, "why")),
            }
        if not child.acked and self.chance(0.3):
            return {"exec_type": "new"}
        if (child.done_for_day or child.stopped) and self.chance(0.6):
            return self._fill(child, amends=0.7 if child.done_for_day else 0.1)
        if self.chance(0.1):
            return {"exec_type": r.choice(PLAIN_ENDS), "text": r.choice((None, "no"))}
        if self.chance(0.2):
            return self._unasked(child)
        return self._fill(child)

    def _unasked(self, child: Child) -> dict[str, Any]:
        says: dict[str, Any] = {"exec_type": self.random.choice(SAYS)}
        if says["exec_type"] in ("restated", "replaced") and self.chance(0.5):
            says["order_qty"] = self._even_qty(child.order.symbol)
            says["price"] = self._even(self.px(symbol=child.order.symbol), child.order.symbol)
        return says

    def _even_qty(self, symbol: str) -> str:
        return str(SYMBOLS[symbol][1] * self.random.randint(1, 30))

    def _fill(self, child: Child, amends: float = 0.15) -> dict[str, Any]:
        """A fill, a bust or a correction."""
        r, keys = (
            self.random,
            [key for key, record in self.play.desk.execs.items() if record["child"] is child],
        )
        px = self._even(self.px(symbol=child.order.symbol), child.order.symbol)
        lot = SYMBOLS[child.order.symbol][1]
        most = max(int(child.open / lot), 1)
        qty = most if self.chance(0.35) else r.randint(1, most)
        if self.chance(self.wild / 10):
            qty += most
        self.execs += 1
        exec_id = f"e{self.execs}"
        if keys and self.chance(amends):
            ref = r.choice(keys)[1] if not self.chance(self.wild / 4) else "e999"
            record = self.play.desk.execs.get((child.venue, ref), {"qty": 1, "px": Fraction(100)})
            if self.chance(0.5):
                was = {"last_qty": shown(Fraction(record["qty"]), 0), "last_px": shown(record["px"], 2)}
                return {"exec_type": "trade_cancel", "exec_id": exec_id, "exec_ref_id": ref, **was}
            more = {"last_qty": str(r.randint(1, most) * lot), "last_px": px}
            return {"exec_type": "trade_correct", "exec_id": exec_id, "exec_ref_id": ref, **more}
        if keys and self.chance(0.04):
            exec_id = r.choice(keys)[1]
        liquidity = r.choice((None, "maker"))
        return {
            "exec_type": "trade",
            "exec_id": exec_id,
            "last_qty": str(qty * lot),
            "last_px": px,
            "liquidity": liquidity,
        }

    # ---- switches ----------------------------------------------------------------------------------------

    def venue_state(self) -> None:
        venue = self.random.choice(list(self.play.desk.fees))
        not_up = [state for market in self.play.desk.markets.values() for state in market.state.values()]
        bad = any(state != "up" for state in not_up)
        states = ("up", "up", "up") if bad and self.chance(0.7) else ("down", "halted", "auction", "closed")
        self.say("venue_state", venue=venue, state=self.random.choice(states))

    def scope(self) -> dict[str, str]:
        scope = self.random.choice(("account", "strategy", "symbol", "venue", "session"))
        key = {"account": "A2", "strategy": "S1", "symbol": "MSFT", "venue": "XA", "session": "fix1"}[scope]
        return {"scope": scope, "key": key} if not self.chance(0.1) else {"scope": "all"}

    def kill(self) -> None:
        scope = self.scope()
        flatten = scope["scope"] in ("all", "account", "symbol") and self.chance(0.5) and self.holds > 0
        self.say("kill", **scope, by="anna", flatten=True if flatten else None)

    def rearm(self) -> None:
        killed = [each for each, state in self.play.desk.states.items() if state != "active"]
        scope, key = self.random.choice(killed) if killed else ("account", "A2")
        self.say("rearm", scope=scope, key=key or None, by="anna")

    def cancel_all(self) -> None:
        self.say("cancel_all", by="anna", account=self.random.choice((None, "A1", "A2")))

    def session(self) -> None:
        if self.chance(0.5):
            self.say("connect", session="fix1", cancel_on_disconnect=self.chance(0.5))
        self.say("disconnect", session="fix1")

    def day(self) -> None:
        self.say("day", date="2024-01-03")

    def time(self) -> None:
        self.at += self.random.randint(1, 15) * SECOND
        self.say("time")
