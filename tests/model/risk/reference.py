"""Risk's limits in plain Python: SCENARIOS' table of checks, read by a person, with fractions and whole sums.

It plays the lines of a scenario whose venues are manual and whose orders are direct, and says which
request is denied, by which check, with what limit and value, and which alerts and states follow. Nothing is
kept that can be summed anew (`books`), so it is slow, and simple enough to be believed. What is always on is
not its business: the lines must be well formed.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from .books import CASH_KINDS, KEYS, Books, book
from .records import Fill, Limit, Line, NoRate, Order, Unknown, crosses

ORDER = [
    "restricted",
    "permission",
    "max_order_qty",
    "max_order_notional",
    "price_collar_bps",
    "price_collar_ticks",
    "market_protection_bps",
    "spread_bps",
    "market_data_age_s",
    "duplicate_content",
    "order_rate",
    "repeated_execution",
    "max_working_orders",
    "max_daily_orders",
    "order_trade_ratio",
    "max_position",
    "max_position_notional",
    "short_sale",
    "min_cash",
    "margin",
    "gross_exposure",
    "net_exposure",
    "sector_exposure",
    "max_daily_qty",
    "max_daily_notional",
    "credit",
    "self_trade",
    "daily_loss",
    "drawdown",
    "losing_streak",
    "cancel_rate",
    "max_daily_cancels",
]
LOSSES = ("daily_loss", "drawdown", "losing_streak")
WARNS = frozenset(
    [
        "max_daily_orders",
        "max_position",
        "max_position_notional",
        "margin",
        "gross_exposure",
        "net_exposure",
        "sector_exposure",
        "max_daily_qty",
        "max_daily_notional",
        "credit",
        "daily_loss",
        "drawdown",
    ]
)
STATES = ("active", "reducing", "halted", "killed")
SECOND = 10**9


class Reference(Books):
    """Plays lines; `said` has what each one brought: (what, ...) tuples in the order of printing."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[Any, ...]] = []

    def play(self, line: Line) -> list[tuple[Any, ...]]:
        self.said = []
        self.now = int(line.get("at", self.now))
        getattr(self, f"_{line['type']}", lambda _line: None)(line)
        return self.said

    # ---- limits, marks, days ----

    def _limit(self, line: Line) -> None:
        scope = {key: line[key] for key in KEYS if line.get(key) is not None}
        value = line["value"]
        if value not in ("off", "buy", "sell", "none") and not str(value).startswith(("cancel", "decrement")):
            value = Fraction(value)
        new = Limit(
            line["check"],
            value,
            scope,
            line.get("each"),
            line.get("currency"),
            int(Fraction(line.get("window_s", "1")) * SECOND),
            line.get("soft", False),
            line.get("action", "halted"),
            len(self.limits),
        )
        for i, limit in enumerate(self.limits):
            if (limit.check, limit.scope, limit.each) == (new.check, scope, new.each):
                new.index = limit.index
                self.limits[i] = new
                return
        if value != "off":
            self.limits.append(new)

    def _override(self, line: Line) -> None:
        scope = {key: line[key] for key in KEYS if line.get(key) is not None}
        for limit in self.limits:
            if limit.soft and limit.value != "off" and (limit.check, limit.scope) == (line["check"], scope):
                limit.lifted = Fraction(10**30) if line["value"] == "off" else Fraction(line["value"])
                limit.until = int(line["until"])
                self.said.append(("alert", "override", limit.check))

    def _mark(self, line: Line) -> None:
        self.marks[line["symbol"]] = Fraction(line["px"])
        for limit in self.limits:
            if limit.check in ("daily_loss", "drawdown") and limit.value != "off":
                for key in self._tallies(limit):
                    if any(symbol == line["symbol"] for symbol, *_ in self._held(limit, key)):
                        self._test_loss(limit, key)

    def _day(self, _line: Line) -> None:
        self.day += 1
        for limit in self.limits:
            if limit.check == "daily_loss":
                for key in self._tallies(limit):
                    try:
                        limit.base[key] = self._profit(limit, key)
                    except (Unknown, NoRate):
                        limit.base[key] = Fraction(0)

    # ---- requests ----

    def _order(self, line: Line) -> None:
        price = Fraction(line["price"]) if line.get("price") is not None else None
        order = Order(
            line["cl_ord_id"],
            line["account"],
            line["symbol"],
            line["side"],
            line["ord_type"],
            Fraction(line["order_qty"]),
            price,
            line["venue"],
            line.get("strategy"),
            line.get("session", "desk"),
            self.day,
        )
        if price is None:
            order.valued = self._value_price(order)
        if self._denied("order", order, order.id, None):
            return
        self.orders[order.id] = order
        self.names[order.id] = order.id
        self._passed(order, "order")
        self._warn(order)

    def _replace(self, line: Line) -> None:
        order = self.orders[self.names[line["orig_cl_ord_id"]]]
        qty = Fraction(line["order_qty"]) if line.get("order_qty") is not None else order.qty
        price = Fraction(line["price"]) if line.get("price") is not None else order.price
        new = Order(
            order.id,
            order.account,
            order.symbol,
            order.side,
            order.ord_type,
            qty,
            price,
            order.venue,
            order.strategy,
            order.session,
            order.day,
            order.valued,
            order.cum,
        )
        if self._denied("replace", new, line["cl_ord_id"], order):
            return
        order.pending = (qty, price)
        self.names[line["cl_ord_id"]] = order.id
        self._passed(new, "replace")
        self._warn(order)

    def _cancel(self, line: Line) -> None:
        order = self.orders[self.names[line["orig_cl_ord_id"]]]
        self.names[line["cl_ord_id"]] = order.id
        self.messages.append((self.day, order, "cancel"))
        for limit in self._limits_of(order):
            key = self._key(limit, self._keys(order))
            if limit.check == "cancel_rate":
                limit.times.setdefault(key, []).append(self.now)
                value = self._in_window(limit, key)
            elif limit.check == "max_daily_cancels":
                value = sum(
                    1
                    for day, of, what in self.messages
                    if what == "cancel"
                    and day == self.day
                    and self._applies(limit, self._keys(of))
                    and self._key(limit, self._keys(of)) == key
                )
            else:
                continue
            if value > limit.bound(self.now):
                self.said.append(("alert", limit.check, limit.bound(self.now), Fraction(value)))

    def _value_price(self, order: Order) -> Fraction | None:
        bid, ask = self._best(order.symbol)
        touch = ask if order.buys else bid
        for price in (touch, self.last.get(order.symbol), self.marks.get(order.symbol)):
            if price is not None:
                return price
        return None

    def _limits_of(self, order: Order) -> list[Limit]:
        found = [limit for limit in self.limits if self._applies(limit, self._keys(order))]
        return sorted(found, key=lambda limit: (ORDER.index(limit.check), limit.index))

    def _denied(self, what: str, new: Order, cl_ord_id: str, old: Order | None) -> bool:
        keys = self._keys(new)
        state = max(
            (
                self.states.get((kind, keys.get(kind) or ""), "active")
                for kind in (*KEYS[:5], "all")
                if kind != "sector"
            ),
            key=STATES.index,
        )
        if state in ("halted", "killed") or (state == "reducing" and not self._reduces(new, old)):
            self.said.append(("deny", what, cl_ord_id, state, "", "", False))
            return True
        for limit in self._limits_of(new):
            found = self._test(limit, new, old)
            if found is not None:
                self.said.append(("deny", what, cl_ord_id, *found, limit.soft))
                return True
        return False

    def _reduces(self, new: Order, old: Order | None) -> bool:
        held = sum(
            (
                Fraction(x["qty"])
                for x in self.opened
                if (x["account"], x["symbol"]) == (new.account, new.symbol)
            ),
            Fraction(0),
        )
        working = new.qty - new.cum
        for order in self.orders.values():
            if (order.account, order.symbol) == (new.account, new.symbol):
                held += order.cum if order.buys else -order.cum
                if order.buys == new.buys and order is not old:
                    working += order.working()
        return working <= max(-held if new.buys else held, Fraction(0))

    def _test(self, limit: Limit, new: Order, old: Order | None) -> tuple[Any, ...] | None:
        """(reason, limit, value) where it fails; value "": there is none."""
        if limit.check in ("short_sale", "min_cash", "credit") and self._spared(limit.check, new):
            return None
        bound = limit.bound(self.now)
        try:
            bound, value, fails = self._measured(limit, new, old, bound)
        except Unknown:
            return limit.check, bound, ""
        except NoRate:
            return "no_fx_rate", "", ""
        return (limit.check, bound, value) if fails else None

    def _spared(self, check: str, new: Order) -> bool:
        kind = self.instruments[new.symbol]["kind"]
        if check == "short_sale":
            return new.buys or kind != "equity"
        return not new.buys or (check == "min_cash" and kind not in CASH_KINDS)

    def _measured(self, limit: Limit, new: Order, old: Order | None, bound: Any) -> tuple[Any, Any, bool]:
        alone = getattr(self, f"_is_{limit.check}", None)
        if alone is not None:
            return alone(limit, new, old, bound)
        if limit.check in LOSSES or limit.check in ("cancel_rate", "max_daily_cancels", "repeated_execution"):
            return bound, 0, False
        with Trial(self, new, old):
            value = self._total(limit, new)
        return bound, value, value < bound if limit.check == "min_cash" else value > bound

    def _total(self, limit: Limit, of: Order) -> Fraction:
        """What a limit's tally comes to, the orders as they stand."""
        keys = self._keys(of)
        key = self._key(limit, keys)
        currency = self._limit_currency(limit, keys)
        if limit.check in ("max_working_orders", "max_daily_orders"):
            live = limit.check == "max_working_orders"
            return Fraction(
                sum(1 for o in self._orders_of(limit, key) if (o.alive() if live else o.day == self.day))
            )
        if limit.check in ("max_position", "short_sale", "max_daily_qty"):
            return self._quantity(limit, key, of)
        if limit.check in ("max_daily_notional", "credit"):
            return self._turned(limit, key, currency, buys=limit.check == "credit")
        if limit.check == "min_cash":
            working = sum(
                (
                    self._convert(self._working_money(o), self._currency(o.symbol), currency)
                    for o in self._orders_of(limit, key)
                    if o.buys and self.instruments[o.symbol]["kind"] in CASH_KINDS
                ),
                Fraction(0),
            )
            return self._wealth(limit, key, self._cash, currency) - working
        gross, up, down, margined = self._exposed(limit, key, currency)
        if limit.check == "net_exposure":
            return max(abs(up), abs(down))
        if limit.check == "margin":
            equity = self._wealth(limit, key, self._equity, currency) if margined else Fraction(1)
            if equity <= 0:
                raise Unknown
            return margined * 100 / equity
        return gross

    def _quantity(self, limit: Limit, key: Any, of: Order) -> Fraction:
        held = self._held(limit, key)
        if limit.check == "max_position":
            return sum((max(abs(q + b), abs(q - s)) for _, q, b, s in held), Fraction(0))
        if limit.check == "short_sale":
            return sum((s - q for symbol, q, _, s in held if symbol == of.symbol), Fraction(0))
        filled = sum((f.qty for f in self._fills_of(limit, key) if f.day == self.day), Fraction(0))
        return filled + sum((b + s for _, _, b, s in held), Fraction(0))

    # ---- of the order alone, and the market ----

    def _is_restricted(self, _limit: Limit, _new: Order, _old: Any, bound: Any) -> tuple[Any, Any, bool]:
        return bound, bound, bound > 0

    def _is_permission(self, _limit: Limit, new: Order, _old: Any, bound: Any) -> tuple[Any, Any, bool]:
        side = "buy" if new.buys else "sell"
        return bound, side, side != bound

    def _is_max_order_qty(self, _limit: Limit, new: Order, _old: Any, bound: Any) -> tuple[Any, Any, bool]:
        return bound, new.qty, new.qty > bound

    def _is_max_order_notional(
        self, limit: Limit, new: Order, _old: Any, bound: Any
    ) -> tuple[Any, Any, bool]:
        price = new.price if new.price is not None else new.valued
        assert price is not None
        money = self._value(new.symbol, new.qty, abs(price))
        money = self._convert(money, self._currency(new.symbol), self._limit_currency(limit, self._keys(new)))
        return bound, money, money > bound

    def _far(self, new: Order) -> tuple[Fraction, Fraction]:
        bid, ask = self._best(new.symbol)
        touch = ask if new.buys else bid
        for reference in (self.references.get(new.symbol), touch, self.last.get(new.symbol)):
            if reference is not None:
                assert new.price is not None
                return reference, new.price - reference if new.buys else reference - new.price
        raise Unknown

    def _is_price_collar_bps(self, _limit: Limit, new: Order, _old: Any, bound: Any) -> tuple[Any, Any, bool]:
        if new.price is None:
            return bound, 0, False
        reference, far = self._far(new)
        return bound, far / reference * 10**4, far / reference * 10**4 > bound and far > 0

    def _is_price_collar_ticks(
        self, _limit: Limit, new: Order, _old: Any, bound: Any
    ) -> tuple[Any, Any, bool]:
        if new.price is None:
            return bound, 0, False
        ticks = self._far(new)[1] / Fraction(self.instruments[new.symbol]["tick"])
        return bound, ticks, ticks > bound and ticks > 0

    def _is_market_protection_bps(
        self, _limit: Limit, _new: Order, _old: Any, bound: Any
    ) -> tuple[Any, Any, bool]:
        return bound, 0, False

    def _is_spread_bps(self, _limit: Limit, new: Order, _old: Any, bound: Any) -> tuple[Any, Any, bool]:
        bid, ask = self._best(new.symbol)
        if bid is None or ask is None:
            raise Unknown
        spread = (ask - bid) / ((ask + bid) / 2) * 10**4
        return bound, spread, spread > bound

    def _is_market_data_age_s(
        self, _limit: Limit, new: Order, _old: Any, bound: Any
    ) -> tuple[Any, Any, bool]:
        if new.symbol not in self.quoted:
            raise Unknown
        age = Fraction(self.now - self.quoted[new.symbol], SECOND)
        return bound, age, age > bound

    def _content(self, new: Order) -> tuple[Any, ...]:
        return new.account, new.symbol, new.side, new.qty, new.price, new.ord_type

    def _is_duplicate_content(
        self, limit: Limit, new: Order, old: Order | None, bound: Any
    ) -> tuple[Any, Any, bool]:
        seen = limit.contents.get((self._key(limit, self._keys(new)), self._content(new)), [])
        times = [at for at, order in seen if old is None or order != old.id]
        if not times:
            return bound, 0, False
        since = Fraction(self.now - times[-1], SECOND)
        return bound, since, since < bound

    def _in_window(self, limit: Limit, key: Any) -> int:
        return sum(1 for at in limit.times.get(key, []) if self.now - limit.window < at <= self.now)

    def _is_order_rate(self, limit: Limit, new: Order, _old: Any, bound: Any) -> tuple[Any, Any, bool]:
        value = self._in_window(limit, self._key(limit, self._keys(new))) + 1
        return bound, Fraction(value), value > bound

    def _is_order_trade_ratio(self, limit: Limit, new: Order, _old: Any, bound: Any) -> tuple[Any, Any, bool]:
        key = self._key(limit, self._keys(new))
        messages = 1 + sum(
            1
            for day, order, _ in self.messages
            if day == self.day
            and self._applies(limit, self._keys(order))
            and self._key(limit, self._keys(order)) == key
        )
        fills = sum(1 for fill in self._all_fills(limit, key) if fill.day == self.day)
        ratio = Fraction(messages, max(fills, 1))
        return bound, ratio, messages >= 100 and ratio > bound

    def _all_fills(self, limit: Limit, key: Any) -> Iterator[Fill]:
        for fill in self.fills:
            keys = self._keys(fill.order)
            if self._applies(limit, keys) and self._key(limit, keys) == key:
                yield fill

    def _is_self_trade(self, limit: Limit, new: Order, _old: Any, bound: Any) -> tuple[Any, Any, bool]:
        meets = any(
            o.alive()
            and o.buys != new.buys
            and o.symbol == new.symbol
            and o.venue == new.venue
            and crosses(new, o)
            for o in self._orders_of(limit, self._key(limit, self._keys(new)))
        )
        return bound, "", meets

    # ---- what passed, what venues say ----

    def _passed(self, order: Order, what: str) -> None:
        owner = self.orders[order.id]
        self.messages.append((self.day, owner, what))
        for limit in self._limits_of(order):
            key = self._key(limit, self._keys(order))
            if limit.check == "order_rate":
                limit.times.setdefault(key, []).append(self.now)
            elif limit.check == "duplicate_content":
                limit.contents.setdefault((key, self._content(order)), []).append((self.now, order.id))

    def _warn(self, order: Order) -> None:
        for limit in self._limits_of(order):
            if limit.check in WARNS and limit.check not in LOSSES:
                try:
                    self._warn_at(limit, self._key(limit, self._keys(order)), self._total(limit, order))
                except (Unknown, NoRate):
                    continue

    def _warn_at(self, limit: Limit, key: Any, value: Fraction) -> None:
        warned = limit.warned.setdefault(key, set())
        bound = limit.bound(self.now)
        for percent in (70, 90):
            reached = (value >= bound * percent / 100 and bound > 0) or (bound <= 0 and value > 0)
            if not reached:
                warned.discard(percent)
            elif percent not in warned:
                warned.add(percent)
                self.said.append(("alert", f"limit_{percent}", limit.check, bound, value))

    def _report(self, line: Line) -> None:
        order = self.orders[line["child_id"].rpartition(".")[0]]
        what = line["exec_type"]
        before = order.working(), order.cum, order.alive(), self._working_money(order)
        if what == "trade":
            self._traded(order, line)
        elif what in ("trade_cancel", "trade_correct"):
            self._corrected(order, line)
        elif what in ("canceled", "rejected", "expired"):
            order.ended, order.pending = True, None
        elif what == "replaced" and order.pending:
            order.qty, order.price = max(order.pending[0], order.cum), order.pending[1]
            order.pending = None
        elif what == "cancel_rejected":
            order.pending = None
        if (
            before != (order.working(), order.cum, order.alive(), self._working_money(order))
            or "trade" in what
        ):
            self._warn(order)
        if what in ("trade", "trade_cancel", "trade_correct"):
            self._losses(order)

    def _traded(self, order: Order, line: Line) -> None:
        fill = Fill(
            order, Fraction(line["last_qty"]), Fraction(line["last_px"]), Fraction(line["fee"]), self.day
        )
        self.fills.append(fill)
        self.history.append((order, fill.qty if order.buys else -fill.qty, fill.px, True))
        self.by_exec[line["exec_id"]] = fill
        order.cum += fill.qty
        self.own_last[order.symbol] = fill.px
        for limit in self._limits_of(order):
            key = self._key(limit, self._keys(order))
            if limit.check == "repeated_execution":
                limit.times.setdefault(key, []).append(self.now)
                count = self._in_window(limit, key)
                kind = "strategy" if order.strategy else "account"
                if count > limit.bound(self.now):
                    self._stop(kind, getattr(order, kind), "halted", limit, Fraction(count))

    def _corrected(self, order: Order, line: Line) -> None:
        fill = self.by_exec[line["exec_ref_id"]]
        order.cum -= fill.qty
        self.history.append((order, -fill.qty if order.buys else fill.qty, fill.px, False))
        if line["exec_type"] == "trade_cancel":
            fill.live = False
            return
        fill.qty, fill.px, fill.fee = (
            Fraction(line["last_qty"]),
            Fraction(line["last_px"]),
            Fraction(line["fee"]),
        )
        order.cum += fill.qty
        self.history.append((order, fill.qty if order.buys else -fill.qty, fill.px, False))
        self.own_last[order.symbol] = fill.px

    # ---- losses ----

    def _losses(self, order: Order) -> None:
        for limit in self._limits_of(order):
            if limit.check in LOSSES:
                self._test_loss(limit, self._key(limit, self._keys(order)))

    def _streak(self, limit: Limit, key: Any) -> int:
        """Reducing fills with a loss in a row, by the average cost of the tally's own fills in each
        symbol."""
        books: dict[str, tuple[Fraction, Fraction]] = {}
        for line in self._opened_of(limit, key):
            books[line["symbol"]] = (
                Fraction(line["qty"]),
                abs(Fraction(line["qty"])) * Fraction(line["avg_cost"]),
            )
        streak = 0
        for order, signed, px, counts in self.history:
            keys = self._keys(order)
            if not self._applies(limit, keys) or self._key(limit, keys) != key:
                continue
            qty, cost = books.get(order.symbol, (Fraction(0), Fraction(0)))
            reduces = qty != 0 and (qty > 0) != (signed > 0)
            qty, cost, gain = book(qty, cost, signed, px)
            books[order.symbol] = qty, cost
            if reduces and counts:
                streak = streak + 1 if gain < 0 else 0
        return streak

    def _test_loss(self, limit: Limit, key: Any) -> None:
        bound = limit.bound(self.now)
        if limit.check == "losing_streak":
            value = Fraction(self._streak(limit, key))
        else:
            try:
                profit = self._profit(limit, key)
            except (Unknown, NoRate):
                return
            if limit.check == "daily_loss":
                value = limit.base.get(key, Fraction(0)) - profit
            else:
                limit.peak[key] = max(limit.peak.get(key, profit), profit)
                value = limit.peak[key] - profit
            self._warn_at(limit, key, value)
        if value > bound:
            scope = {**limit.scope, **({limit.each: key} if limit.each else {})}
            kind = next(
                (k for k in ("strategy", "account", "symbol", "venue", "session") if scope.get(k)), "all"
            )
            self._stop(kind, scope.get(kind, ""), limit.action, limit, value)

    def _stop(self, kind: str, key: str, action: str, limit: Limit, value: Fraction) -> None:
        if STATES.index(self.states.get((kind, key), "active")) >= STATES.index(action):
            return
        self.states[kind, key] = action
        self.said.append(("risk_state", kind, key, action, limit.check))
        self.said.append(("alert", limit.check, limit.bound(self.now), value))

    def _rearm(self, line: Line) -> None:
        self.states[line["scope"], line.get("key", "")] = "active"
        self.said.append(("risk_state", line["scope"], line.get("key", ""), "active", "rearm"))

    def _kill(self, line: Line) -> None:
        self.states[line["scope"], line.get("key", "")] = "killed"
        self.said.append(("risk_state", line["scope"], line.get("key", ""), "killed", "kill"))


class Trial:
    """Within it an order counts as accepted, and what it replaces is out."""

    def __init__(self, of: Reference, new: Order, old: Order | None) -> None:
        self.of, self.new, self.old = of, new, old

    def __enter__(self) -> None:
        if self.old is not None:
            self.was = self.of.orders[self.old.id]
        self.of.orders[self.new.id] = self.new

    def __exit__(self, *_: object) -> None:
        if self.old is not None:
            self.of.orders[self.new.id] = self.was
        else:
            del self.of.orders[self.new.id]
