"""Random scenario files, one a seed: a desk, a market and venues that are mostly sane and sometimes not.

The generator speaks to a core as it goes, so that its reports are about children that were sent. What it
said is a valid scenario file: fed again it gives the same run.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from typing import Any

from core.scenario.numbers import format_units
from core.scenario.schema import EXEC_TYPES, MONEY_CHECKS, POLICIES

from .book import Child, Order
from .run import Run

START = 1_700_000_000_000_000_000
STEPS_NS = (0, 0, 0, 1_000, 60_000, 2_000_000, 400_000_000)
DRAIN_ROUNDS = 40
HARMLESS = ("new", "pending_cancel", "pending_replace", "stopped", "suspended", "done_for_day")


@dataclass(frozen=True, slots=True)
class Instrument:
    """What the generator needs of an instrument: integers in ticks and lots."""

    symbol: str
    kind: str
    price_precision: int
    qty_precision: int
    tick: int
    lot: int
    middle: int
    more: tuple[tuple[str, Any], ...] = ()

    def px(self, units: int) -> str:
        return format_units(units, self.price_precision)

    def qty(self, units: int) -> str:
        return format_units(units, self.qty_precision)


INSTRUMENTS = (
    Instrument("AAPL", "equity", 2, 0, 1, 1, 19000),
    Instrument("EURUSD", "fx", 5, 0, 1, 1000, 108000),
    Instrument("BTC", "spot", 1, 3, 5, 10, 400000),
    Instrument("ESZ5", "future", 2, 0, 25, 1, 450000, (("multiplier", "50"),)),
    Instrument("XBT", "perpetual", 1, 0, 5, 1, 400000, (("inverse", True), ("settle_currency", "BTC"))),
)
ALGOS = ("twap", "vwap", "pov", "is", "iceberg", "sniper", "peg", "close")
LIMITS = {
    "max_order_qty": ("100", "500", "2000"),
    "max_order_notional": ("1000000", "50000000"),
    "price_collar_bps": ("100", "500", "2000"),
    "price_collar_ticks": ("100", "500"),
    "max_position": ("500", "2000"),
    "order_rate": ("3", "20"),
    "market_protection_bps": ("20", "200"),
    "duplicate_content": ("0.5",),
    "max_working_orders": ("5", "30"),
    "max_daily_orders": ("50",),
    "max_position_notional": ("1000000", "50000000"),
    "short_sale": ("500",),
    "margin": ("100000",),
    "gross_exposure": ("5000000",),
    "net_exposure": ("5000000",),
    "max_daily_qty": ("2000",),
    "max_daily_notional": ("50000000",),
    "credit": ("50000000",),
    "self_trade": ("cancel_newest", "cancel_oldest", "cancel_both", "decrement"),
    "daily_loss": ("5000000",),
    "drawdown": ("5000000",),
    "cancel_rate": ("2",),
    "max_daily_cancels": ("5",),
}


class Generator:
    """Writes one file. `texts` is what was said so far, `run` the core that heard it."""

    def __init__(self, seed: int, say_first: Callable[[str], None] | None = None) -> None:
        self.random = Random(seed)
        self.run = Run()
        self.texts: list[str] = []
        self.at = START
        self.instruments: list[Instrument] = []
        self.venues: dict[str, str] = {}
        self.listed: dict[str, list[Instrument]] = {}
        self.accounts: list[str] = []
        self.ids = 0
        self.execs = 0
        self._hear = say_first
        self._heat = self.random.choice((0.0, 0.1, 0.4))  # how often a venue says what makes no sense
        self._actions = self._weigh()

    def _weigh(self) -> tuple[list[Callable[[], None]], list[float]]:
        base: dict[Callable[[], None], float] = {
            self.quote: 8,
            self.trade: 2,
            self.depth: 2,
            self.price: 0.5,
            self.facts: 0.7,
            self.order: 14,
            self.algo_order: 3,
            self.algo: 1,
            self.replace: 6,
            self.cancel: 5,
            self.report: 30,
            self.venue_state: 1.5,
            self.switch: 0.8,
            self.cancel_all: 0.4,
            self.session: 0.4,
            self.limit: 0.6,
            self.time: 1,
        }
        weights = [weight * self.random.choice((0.2, 1, 1, 2)) for weight in base.values()]
        return list(base), weights

    # ---- the file --------------------------------------------------------------------------------------

    def generate(self, steps: int) -> Run:
        """The whole file: declarations, random steps, then all that is asked gets an answer."""
        self._declare()
        actions, weights = self._actions
        for _ in range(steps):
            self.at += self.random.choice(STEPS_NS)
            self.random.choices(actions, weights)[0]()
        self._drain()
        self.run.check_end()
        return self.run

    def say(self, line_type: str, **keys: Any) -> None:
        given = {key: value for key, value in keys.items() if value is not None}
        text = json.dumps({"type": line_type, "at": self.at, **given})
        self.texts.append(text)
        if self._hear is not None:
            self._hear(text)
        self.run.take(text)

    # ---- declarations ----------------------------------------------------------------------------------

    def _declare(self) -> None:
        r = self.random
        self.instruments = r.sample(INSTRUMENTS, r.randint(1, 3))
        for i in self.instruments:
            self.say(
                "instrument",
                symbol=i.symbol,
                kind=i.kind,
                price_precision=i.price_precision,
                qty_precision=i.qty_precision,
                tick=i.px(i.tick),
                lot=i.qty(i.lot),
                currency="USD",
                **dict(i.more),
            )
        for n in range(r.randint(1, 4)):
            self._declare_venue(f"V{n + 1}")
        for n, currency in enumerate(r.sample(("USD", "USD", "EUR"), r.randint(1, 2))):
            self.accounts.append(f"A{n + 1}")
            self.say("account", account=f"A{n + 1}", currency=currency, cash="1000000")
        for pair, rate in (("EUR/USD", "1.08"), ("BTC/USD", "40000"), ("BTC/EUR", "37000")):
            if r.random() < 0.95:
                self.say("fx", pair=pair, rate=rate)
        self._open_positions()
        for _ in range(r.choice((0, 0, 1, 3))):
            self.limit()
        for venue in self.venues:
            for i in self.listed[venue]:
                self._quote(venue, i)

    def _open_positions(self) -> None:
        r = self.random
        for i in self.instruments:
            if r.random() < 0.3:
                qty = i.qty(r.choice((-1, 1)) * r.randint(1, 50) * i.lot)
                self.say(
                    "open_position",
                    account=r.choice(self.accounts),
                    symbol=i.symbol,
                    qty=qty,
                    avg_cost=i.px(i.middle),
                )

    def _declare_venue(self, venue: str) -> None:
        r = self.random
        mode = r.choice(("manual", "manual", "match"))
        listed = r.sample(self.instruments, r.randint(1, len(self.instruments)))
        if not self.venues:
            listed = list(self.instruments)
        self.venues[venue] = mode
        self.listed[venue] = listed
        self.say(
            "venue",
            venue=venue,
            mode=mode,
            symbols=[i.symbol for i in listed],
            taker_fee_bps=r.choice(("0", "0.3", "1")),
            maker_fee_bps=r.choice(("0", "-0.2", "0.1")),
            latency_us=r.choice(("0", "50", "1500")) if mode == "match" else None,
        )

    # ---- the market ------------------------------------------------------------------------------------

    def _listing(self) -> tuple[str, Instrument]:
        venue = self.random.choice(list(self.venues))
        return venue, self.random.choice(self.listed[venue])

    def _px(self, i: Instrument, spread: int = 6) -> int:
        return i.middle + self.random.randint(-spread, spread) * i.tick

    def _qty(self, i: Instrument) -> int:
        return self.random.choice((1, 2, 5, 10, 30, 100, 300)) * self.random.randint(1, 3) * i.lot

    def quote(self) -> None:
        self._quote(*self._listing())

    def _quote(self, venue: str, i: Instrument) -> None:
        r = self.random
        bid = self._px(i, 3)
        ask = bid + r.choice((1, 1, 2, 3, 0, -1)) * i.tick
        bid_qty, ask_qty = (0 if r.random() < 0.1 else self._qty(i) for _ in range(2))
        self.say(
            "quote",
            venue=venue,
            symbol=i.symbol,
            bid_px=i.px(bid),
            bid_qty=i.qty(bid_qty),
            ask_px=i.px(ask),
            ask_qty=i.qty(ask_qty),
        )

    def trade(self) -> None:
        venue, i = self._listing()
        self.say("trade", venue=venue, symbol=i.symbol, px=i.px(self._px(i)), qty=i.qty(self._qty(i)))

    def depth(self) -> None:
        venue, i = self._listing()
        side = self.random.choice(("buy", "sell"))
        away = self.random.randint(0, 4) * i.tick
        px = i.middle - away if side == "buy" else i.middle + i.tick + away
        qty = 0 if self.random.random() < 0.2 else self._qty(i)
        self.say("depth", venue=venue, symbol=i.symbol, side=side, px=i.px(px), qty=i.qty(qty))

    def price(self) -> None:
        i = self.random.choice(self.instruments)
        self.say(self.random.choice(("mark", "reference")), symbol=i.symbol, px=i.px(self._px(i)))

    def time(self) -> None:
        self.at += self.random.choice((1_000_000, 3_000_000_000))
        self.say("time")

    # ---- the desk --------------------------------------------------------------------------------------

    def _id(self) -> str:
        if self.ids and self.random.random() < 0.02:
            return f"o{self.random.randint(1, self.ids)}"
        self.ids += 1
        return f"o{self.ids}"

    def order(self) -> None:
        r = self.random
        i = r.choice(self.instruments)
        venue = (
            r.choice([venue for venue in self.venues if i in self.listed[venue]])
            if r.random() < 0.5
            else None
        )
        limit = r.random() < 0.8
        tif = r.choice(("day", "day", "day", "gtc", "ioc", "fok", "gtd"))
        odd = r.random()
        self.say(
            "order",
            cl_ord_id=self._id(),
            account=r.choice(self.accounts) if odd > 0.01 else "nobody",
            symbol=i.symbol if odd < 0.99 else "NOTHING",
            side=r.choice(("buy", "sell", "sell_short")),
            order_qty=i.qty(self._qty(i)) if r.random() > 0.02 else r.choice(("0", "-1", "0.0001", "9" * 25)),
            ord_type="limit" if limit else "market",
            price=i.px(self._px(i)) if limit else None,
            time_in_force=tif,
            expire_at=self.at + r.choice((0, 1_000_000, 900_000_000)) if tif == "gtd" else None,
            venue=venue if r.random() > 0.01 else "V99",
            post_only=True if limit and tif in ("day", "gtc", "gtd") and r.random() < 0.15 else None,
            strategy=r.choice((None, "S1", "S2")),
            session=r.choice((None, None, "FIX1")),
            policy=r.choice(POLICIES) if r.random() < 0.5 else None,
        )

    def facts(self) -> None:
        """What the router is told of a venue: fees, rates, a throttle, its silence; or of a queue."""
        r = self.random
        venue = r.choice(list(self.venues))
        if r.random() < 0.5:
            self.say("venue_facts", venue=venue, **self._some_facts())
        elif self.listed[venue]:
            i = r.choice(self.listed[venue])
            outflow = sorted(r.randint(0, 40) * i.lot for _ in range(r.randint(1, 16)))
            self.say(
                "venue_queue",
                venue=venue,
                symbol=i.symbol,
                side=r.choice(("buy", "sell")),
                outflow=[i.qty(qty) for qty in outflow],
                unfilled_bps=r.choice(("0.5", "3", "20", "-1")),
            )

    def _some_facts(self) -> dict[str, Any]:
        r = self.random
        told: dict[str, Any] = {
            "taker_fee_bps": r.choice(("-0.3", "0.2", "1")),
            "maker_fee_bps": r.choice(("-0.3", "0", "0.5")),
            "latency_us": r.choice(("0", "50", "2000")),
            "fill_ratio": r.choice(("1", "0.8", "0")),
            "reject_ratio": r.choice(("0", "0.1")),
            "markout_bps": r.choice(("0", "0.7", "-0.2")),
            "stale_ms": r.choice(("0", "0.1", "500")),
            "silence_ms": r.choice(("0", "0.2", "100")),
        }
        kept = {key: value for key, value in told.items() if r.random() < 0.3}
        if r.random() < 0.3 or not kept:
            kept |= {"max_sends": r.choice((0, 1, 3)), "window_ms": r.choice(("0", "0.5", "3000"))}
        return kept

    def algo_order(self) -> None:
        """An order that an algorithm works."""
        r = self.random
        i = r.choice(self.instruments)
        algo = r.choice(ALGOS)
        limit = algo in ("iceberg", "sniper", "peg") or r.random() < 0.7
        venue = r.choice([venue for venue in self.venues if i in self.listed[venue]])
        self.say(
            "order",
            cl_ord_id=self._id(),
            account=r.choice(self.accounts),
            symbol=i.symbol,
            side=r.choice(("buy", "sell")),
            order_qty=i.qty(self._qty(i)),
            ord_type="limit" if limit else "market",
            price=i.px(self._px(i)) if limit else None,
            time_in_force=r.choice(("day", "gtc")),
            venue=venue if r.random() < 0.3 else None,
            algo=algo,
            params=self._params(algo, i),
        )

    def _params(self, algo: str, i: Instrument) -> dict[str, Any]:
        r = self.random
        own: dict[str, dict[str, Any]] = {
            "pov": {"participation_bps": r.choice(("1000", "5000")), "min_qty": i.qty(3 * i.lot)},
            "iceberg": {
                "display_qty": i.qty(r.randint(1, 9) * i.lot),
                "variance_bps": r.choice(("0", "4000")),
            },
            "sniper": {"min_qty": i.qty(r.randint(1, 40) * i.lot)},
            "peg": {"peg": r.choice(("primary", "mid", "market")), "offset": i.px(r.randint(-2, 2) * i.tick)},
        }
        if algo in own:
            return own[algo]
        some: dict[str, Any] = {
            "horizon_s": r.choice(("0.001", "2", "8")),
            "variance_bps": r.choice(("0", "9000")),
        }
        if algo in ("vwap", "is") and r.random() < 0.5:
            return some | {"curve": [str(r.choice((0, 1, 5, 65535))) for _ in range(r.randint(1, 6))] + ["1"]}
        some["slices"] = str(r.randint(1, 9))
        return some | ({"auction_bps": r.choice(("0", "5000"))} if algo == "close" else {})

    def algo(self) -> None:
        """Pause, resume or stop one."""
        order = self._live_order()
        if order is not None:
            self.say(
                "algo", cl_ord_id=self._named(order), action=self.random.choice(("pause", "resume", "stop"))
            )

    def _live_order(self) -> Order | None:
        orders = list(self.run.checker.book.orders.values())
        live = [
            order for order in orders if order.status not in ("canceled", "filled", "rejected", "expired")
        ]
        pool = live if live and self.random.random() < 0.9 else orders
        return self.random.choice(pool) if pool else None

    def _named(self, order: Order) -> str:
        if self.random.random() < 0.9:
            return order.current
        return self.random.choice((order.cl_ord_id, order.replace_id or order.current, "never"))

    def replace(self) -> None:
        order = self._live_order()
        if order is None:
            return
        r = self.random
        i = next(i for i in self.instruments if i.symbol == order.symbol)
        qty = int(order.qty * 10**i.qty_precision)
        new_qty = r.choice((qty + self._qty(i), max(qty // i.lot // 2, 1) * i.lot, self._qty(i), i.lot))
        what = r.choice(("qty", "qty", "price", "both", "neither"))
        self.say(
            "replace",
            orig_cl_ord_id=self._named(order),
            cl_ord_id=self._id(),
            order_qty=i.qty(new_qty) if what in ("qty", "both") else None,
            price=i.px(self._px(i)) if what in ("price", "both") else None,
        )

    def cancel(self) -> None:
        order = self._live_order()
        if order is not None:
            self.say("cancel", orig_cl_ord_id=self._named(order), cl_ord_id=self._id())

    def cancel_all(self) -> None:
        key = self.random.choice(("account", "symbol", "strategy", "session", None))
        self.say("cancel_all", by="desk", **({key: self._key(key)} if key else {}))

    def _key(self, scope: str) -> str:
        pools = {
            "account": self.accounts,
            "symbol": [i.symbol for i in self.instruments],
            "venue": list(self.venues),
            "strategy": ["S1", "S2"],
            "session": ["FIX1", "desk"],
        }
        return self.random.choice(pools[scope])

    def switch(self) -> None:
        killed = sorted(self.run.checker.killed | self.run.checker.halted)
        if killed and self.random.random() < 0.7:
            scope, key = self.random.choice(killed)
            self.say("rearm", scope=scope, by="desk", key=key or None)
            return
        scope = self.random.choice(("all", "account", "strategy", "symbol", "venue", "session"))
        self.say("kill", scope=scope, by="desk", key=None if scope == "all" else self._key(scope))

    def session(self) -> None:
        session = self.random.choice(("FIX1", "desk"))
        if self.random.random() < 0.5:
            self.say("disconnect", session=session)
        else:
            self.say("connect", session=session, cancel_on_disconnect=self.random.random() < 0.5)

    def limit(self) -> None:
        """Far enough that most orders still pass; losses halt a scope for good, so those are further away."""
        r = self.random
        check = r.choice(tuple(LIMITS))
        value = r.choice(("off", *LIMITS[check]))
        scope = r.choice(("account", "account", "symbol", "strategy", "venue", "session", None))
        self.say(
            "limit",
            check=check,
            value=value,
            each=r.choice((None, "account", "symbol", "strategy", "venue", "session")),
            currency="USD" if check in MONEY_CHECKS or check == "margin" else None,
            soft=True if r.random() < 0.2 else None,
            **({scope: self._key(scope)} if scope else {}),
        )

    def venue_state(self) -> None:
        venue, i = self._listing()
        down = [key for key, state in self.run.checker.states.items() if state != "up"]
        symbol: str | None = i.symbol if self.random.random() < 0.2 else None
        if down and self.random.random() < 0.6:
            venue, symbol = self.random.choice(down)
            self.say(
                "venue_state", venue=venue, state="up", symbol=symbol if self.random.random() < 0.5 else None
            )
            return
        states = (
            "down",
            "down",
            "halted",
            "closed",
            *(("auction",) if self.venues[venue] == "manual" else ()),
        )
        self.say("venue_state", venue=venue, state=self.random.choice(states), symbol=symbol)

    # ---- venues that the file plays --------------------------------------------------------------------

    def report(self) -> None:
        children = [c for c in self.run.checker.book.children.values() if self.venues[c.venue] == "manual"]
        if not children:
            return
        if self.random.random() < self._heat:
            self._nasty(children)
            return
        waiting = [c for c in children if c.live or c.cancel_asked or c.asked]
        if waiting:
            self._plausible(self.random.choice(waiting))

    def _say_report(self, child: Child, exec_type: str, **more: Any) -> None:
        text = self.random.choice((None, "why not")) if exec_type in ("rejected", "canceled") else None
        keys = {"venue": child.venue, "child_id": child.child_id, "text": text, **more}
        self.say("report", exec_type=exec_type, **keys)

    def _exec_id(self) -> str:
        self.execs += 1
        return f"e{self.execs}"

    def _instrument(self, child: Child) -> Instrument:
        symbol = self.run.checker.book.parent(child.child_id).symbol
        return next(i for i in self.instruments if i.symbol == symbol)

    def _plausible(self, child: Child) -> None:
        choices: dict[str, float] = (
            {"trade": 5, "canceled": 0.5, "expired": 0.2, "restated": 0.2} if child.live else {}
        )
        if child.live:
            choices |= {"done_for_day": 0.15, "stopped": 0.1, "suspended": 0.1, "unknown_order": 0.1}
            if not child.acked:
                choices |= {"new": 5, "rejected": 1}
            elif child.status in ("done_for_day", "stopped", "suspended"):
                choices |= {"new": 5}
        if child.cancel_asked:
            choices |= {"canceled": 4, "pending_cancel": 1, "cancel_rejected": 1.5}
            if not child.live:
                choices = {"cancel_rejected": 1}
        if child.asked:
            choices |= {"replaced": 4, "pending_replace": 1, "cancel_rejected": 1.5}
        if child.cum:
            choices |= {"trade_cancel": 0.4, "trade_correct": 0.4}
        self._answer(child, self.random.choices(list(choices), list(choices.values()))[0])

    def _answer(self, child: Child, exec_type: str) -> None:
        i = self._instrument(child)
        if exec_type == "trade":
            self._fill(child, self._part(child, i))
        elif exec_type in ("trade_cancel", "trade_correct"):
            self._amend(child, exec_type)
        elif exec_type == "restated" or (exec_type == "replaced" and self.random.random() < 0.3):
            asked = child.asked or child.qty
            self._say_report(child, exec_type, order_qty=self._shown(max(asked, child.cum), i))
        else:
            self._say_report(child, exec_type)

    def _shown(self, value: Fraction, i: Instrument) -> str:
        return i.qty(int(value * 10**i.qty_precision))

    def _part(self, child: Child, i: Instrument) -> int:
        left = int((child.qty - child.cum) * 10**i.qty_precision)
        return (
            left if self.random.random() < 0.4 else max(left // self.random.randint(2, 4) // i.lot, 1) * i.lot
        )

    def _fill(self, child: Child, qty: int, exec_id: str | None = None) -> None:
        i = self._instrument(child)
        self._say_report(
            child,
            "trade",
            exec_id=exec_id or self._exec_id(),
            last_qty=i.qty(qty),
            last_px=i.px(self._px(i, 4)),
            liquidity=self.random.choice((None, "maker")),
            fee=self.random.choice((None, None, "0.25", "-0.1")),
        )

    def _amend(self, child: Child, exec_type: str, ref: str | None = None) -> None:
        """A bust or correction of a fill of the child, if it had one."""
        i = self._instrument(child)
        order = self.run.checker.book.parent(child.child_id)
        fills = [key for key, of in order.fill_child.items() if of == child.child_id]
        names = [*fills, *(key for key, base in order.bases.items() if base in fills)]
        if ref is None and not names:
            return
        named = ref or self.random.choice(names)[1]
        qty = self._qty(i) if exec_type == "trade_correct" and self.random.random() < 0.3 else i.lot
        self._say_report(
            child,
            exec_type,
            exec_id=self._exec_id(),
            exec_ref_id=named,
            last_qty=i.qty(qty),
            last_px=i.px(self._px(i)),
        )

    # ---- venues that make no sense ---------------------------------------------------------------------

    def _nasty(self, children: list[Child]) -> None:
        child = self.random.choice(children)
        self.random.choice(
            (
                self._any_report,
                self._any_report,
                self._any_report,
                self._repeat,
                self._conflict,
                self._overfill,
                self._unknown,
                self._wrong_venue,
                self._bad_reference,
                self._restate,
            )
        )(child)

    def _any_report(self, child: Child) -> None:
        exec_type = self.random.choice(EXEC_TYPES)
        if exec_type in ("trade_cancel", "trade_correct"):
            self._amend(child, exec_type)
        elif exec_type == "trade":
            self._fill(child, self._qty(self._instrument(child)))
        else:
            self._say_report(child, exec_type)

    def _old_exec(self, child: Child) -> str | None:
        order = self.run.checker.book.parent(child.child_id)
        used = [key[1] for key in order.fill_child if key[0] == child.venue]
        return self.random.choice(used) if used else None

    def _repeat(self, _child: Child) -> None:
        """A report of before, word for word."""
        reports = [text for text in self.texts if '"type": "report"' in text]
        if reports:
            again = json.loads(self.random.choice(reports))
            self.say("report", **{key: value for key, value in again.items() if key not in ("type", "at")})

    def _conflict(self, child: Child) -> None:
        self._fill(child, self._qty(self._instrument(child)), self._old_exec(child))

    def _overfill(self, child: Child) -> None:
        i = self._instrument(child)
        self._fill(child, int(child.qty * 10**i.qty_precision) + i.lot)

    def _unknown(self, child: Child) -> None:
        order = child.child_id.rpartition(".")[0]
        odd = self.random.choice(
            (f"{order}.{child.n + 40}", "never.1", order, f"{child.child_id}.1", f"{order}.01")
        )
        self.say(
            "report",
            venue=child.venue,
            child_id=odd,
            exec_type=self.random.choice(("new", "canceled", "expired")),
        )

    def _wrong_venue(self, child: Child) -> None:
        others = [venue for venue, mode in self.venues.items() if mode == "manual" and venue != child.venue]
        if not others:
            return
        keys: dict[str, Any] = {"venue": self.random.choice(others), "child_id": child.child_id}
        i = self._instrument(child)
        fill = {"exec_id": self._exec_id(), "last_qty": i.qty(self._qty(i)), "last_px": i.px(i.middle)}
        if self.random.random() < 0.5:
            self.say("report", exec_type="trade", **keys, **fill)
        else:
            self.say("report", exec_type=self.random.choice(("canceled", "new", "expired")), **keys)

    def _bad_reference(self, child: Child) -> None:
        """A bust or correction of nothing, of another child's fill, or of itself."""
        exec_type = self.random.choice(("trade_cancel", "trade_correct"))
        pool = ["nothing", f"e{self.execs + 1}", f"e{self.random.randint(1, self.execs + 1)}"]
        self._amend(child, exec_type, self.random.choice(pool))

    def _restate(self, child: Child) -> None:
        i = self._instrument(child)
        price = i.px(self._px(i)) if child.price is not None and self.random.random() < 0.5 else None
        exec_type = self.random.choice(("restated", "replaced"))
        self._say_report(child, exec_type, order_qty=i.qty(self._qty(i)), price=price)

    # ---- the end ---------------------------------------------------------------------------------------

    def _drain(self) -> None:
        """Faults stop: venues come up, switches are armed, and every request gets its answer."""
        for venue in self.venues:
            self.say("venue_state", venue=venue, state="up")
        for scope, key in sorted(self.run.checker.killed | self.run.checker.halted):
            self.say("rearm", scope=scope, by="desk", key=key or None)
        for _ in range(DRAIN_ROUNDS):
            self.at += 5_000_000_000
            self.say("time")
            if not self._drain_once():
                break
        self.run.check_drained()

    def _drain_once(self) -> bool:
        """One round of answers; False: nothing waited for one."""
        waits = False
        for child in list(self.run.checker.book.children.values()):
            if self.venues[child.venue] != "manual":
                continue
            pending = child.status in ("pending_cancel", "pending_replace")
            if pending or child.cancel_asked or (child.asked and child.live):
                waits = True
                self._say_report(child, "canceled" if child.live else "cancel_rejected")
        return waits


def generate(seed: int, steps: int, say_first: Callable[[str], None] | None = None) -> Run:
    """The file of a seed, run and checked as it is written; say_first hears each line before the core."""
    return Generator(seed, say_first).generate(steps)
