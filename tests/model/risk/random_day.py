"""Random days of a small desk, as lines of a scenario: every check, in every scope, near its limit."""

from __future__ import annotations

import random
from typing import Any

type Line = dict[str, Any]

SYMBOLS = {
    "AAA": {
        "kind": "equity",
        "price_precision": 2,
        "qty_precision": 0,
        "tick": "0.01",
        "lot": "1",
        "currency": "USD",
        "sector": "tech",
    },
    "BBB": {
        "kind": "equity",
        "price_precision": 2,
        "qty_precision": 0,
        "tick": "0.05",
        "lot": "1",
        "currency": "EUR",
        "sector": "tech",
    },
    "FUT": {
        "kind": "future",
        "price_precision": 1,
        "qty_precision": 0,
        "tick": "0.5",
        "lot": "1",
        "currency": "USD",
        "multiplier": "50",
        "margin_bps": "1250",
    },
}
PRICES = {"AAA": 1000, "BBB": 400, "FUT": 200}  # in ticks
VENUES = ("X", "Y")
ACCOUNTS = {"A1": "USD", "A2": "EUR"}
STRATEGIES = (None, "S1", "S2")
VALUES = {
    "restricted": ("1",),
    "permission": ("buy", "sell", "none"),
    "max_order_qty": ("8", "9"),
    "max_order_notional": ("90", "2000", "40000"),
    "price_collar_bps": ("10", "150"),
    "price_collar_ticks": ("1", "6"),
    "market_protection_bps": ("50",),
    "spread_bps": ("20", "60"),
    "market_data_age_s": ("2", "0.5"),
    "duplicate_content": ("1", "2.5"),
    "order_rate": ("2", "4"),
    "repeated_execution": ("2", "3"),
    "max_working_orders": ("3", "6"),
    "max_daily_orders": ("6", "12"),
    "order_trade_ratio": ("2", "30"),
    "max_position": ("12", "20", "40"),
    "max_position_notional": ("150", "2000", "60000"),
    "short_sale": ("0", "10"),
    "min_cash": ("9000", "9900", "0"),
    "margin": ("5", "150", "600"),
    "gross_exposure": ("300", "50000", "90000"),
    "net_exposure": ("200", "30000", "60000"),
    "sector_exposure": ("150", "300"),
    "max_daily_qty": ("20", "40"),
    "max_daily_notional": ("300", "60000", "150000"),
    "credit": ("200", "80000"),
    "self_trade": ("cancel_newest",),
    "daily_loss": ("10", "300", "2000"),
    "drawdown": ("10", "300", "2000"),
    "losing_streak": ("0", "1"),
    "cancel_rate": ("1", "2"),
    "max_daily_cancels": ("2", "5"),
}
MONEY = frozenset(
    [
        "max_order_notional",
        "max_position_notional",
        "min_cash",
        "gross_exposure",
        "net_exposure",
        "sector_exposure",
        "max_daily_notional",
        "credit",
        "daily_loss",
        "drawdown",
        "margin",
    ]
)
BLUNT = ("restricted", "permission")  # they deny so much that nothing else would happen


KINDS = (
    *("order",) * 4, *("report",) * 3, "replace", "cancel", "quote", "quote", "mark", "trade", "limit",
    "override", "rearm", "fx", "day",
)  # fmt: skip
FROM_THE_START = frozenset(
    [
        "max_daily_orders",
        "order_trade_ratio",
        "max_daily_qty",
        "max_daily_notional",
        "credit",
        "daily_loss",
        "drawdown",
        "losing_streak",
        "max_daily_cancels",
    ]
)


class Day:
    """Makes lines one by one; it follows its own orders, so that each line is well formed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.at = 0
        self.orders: list[Line] = []
        self.done: dict[str, int] = {}
        self.ids = 0
        self.execs: list[tuple[Line, Line]] = []
        self.first: list[str] = []

    def lines(self, count: int) -> list[Line]:
        """The declarations, some limits, and `count` events."""
        out = [{"type": "instrument", "symbol": name, **facts} for name, facts in SYMBOLS.items()]
        out += [
            {"type": "venue", "venue": venue, "mode": "manual", "symbols": list(SYMBOLS)} for venue in VENUES
        ]
        out += [
            {"type": "account", "account": a, "currency": c, "cash": "10000"} for a, c in ACCOUNTS.items()
        ]
        out.append({"type": "fx", "pair": "EUR/USD", "rate": "1.25"})
        out += [self._limit() for _ in range(self.random.randint(1, 6))]
        if self.random.random() < 0.4:
            out.append(
                {"type": "open_position", "account": "A1", "symbol": "AAA", "qty": "5", "avg_cost": "9.5"}
            )
        out += [self._quote(symbol, venue) for symbol in SYMBOLS for venue in VENUES]
        return out + [self._event() for _ in range(count)]

    def _scope(self) -> Line:
        some = {
            "account": list(ACCOUNTS),
            "strategy": ["S1", "S2"],
            "symbol": list(SYMBOLS),
            "venue": list(VENUES),
            "session": ["desk", "T"],
            "sector": ["tech"],
        }
        keys = self.random.sample(list(some), self.random.choice((0, 1, 1, 1, 2)))
        return {key: self.random.choice(some[key]) for key in keys}

    def _limit(self) -> Line:
        check = self.random.choice([c for c in VALUES if c not in BLUNT or self.random.random() < 0.2])
        line: Line = {
            "type": "limit",
            "check": check,
            "value": self.random.choice(VALUES[check]),
            **self._scope(),
        }
        if self.random.random() < 0.3:
            line["each"] = self.random.choice(["account", "strategy", "symbol", "venue", "session"])
            line.pop(line["each"], None)
        if check in MONEY and ("account" not in line or self.random.random() < 0.3):
            line["currency"] = self.random.choice(("USD", "EUR"))
        if check in ("order_rate", "repeated_execution", "cancel_rate"):
            line["window_s"] = self.random.choice(("1", "2.5"))
        if self.random.random() < 0.3:
            line["soft"] = True
        if check in ("daily_loss", "drawdown", "losing_streak"):
            line["action"] = self.random.choice(("halted", "reducing"))
        return line

    def _event(self) -> Line:
        self.at += self.random.choice((0, 0, 200_000_000, 500_000_000, 1_000_000_000))
        line: Line | None = None
        while line is None:
            line = getattr(self, f"_a_{self.random.choice(KINDS)}")()
        return {**line, "at": self.at}

    def _px(self, symbol: str, far: int = 6) -> str:
        ticks = PRICES[symbol] + self.random.randint(-far, far)
        units = ticks * round(float(SYMBOLS[symbol]["tick"]) * 100)
        return (
            f"{units // 100}.{units % 100:02d}"
            if SYMBOLS[symbol]["price_precision"] == 2
            else f"{units / 100:.1f}"
        )

    def _quote(self, symbol: str, venue: str) -> Line:
        prices = sorted(((float(self._px(symbol)), self._px(symbol)) for _ in range(2)), key=lambda p: p[0])
        sizes = (self.random.choice(("0", "50", "50", "50")), self.random.choice(("0", "50", "50", "50")))
        return {
            "type": "quote",
            "venue": venue,
            "symbol": symbol,
            "bid_px": prices[0][1],
            "bid_qty": sizes[0],
            "ask_px": prices[1][1],
            "ask_qty": sizes[1],
        }

    def _a_quote(self) -> Line:
        return self._quote(self.random.choice(list(SYMBOLS)), self.random.choice(VENUES))

    def _a_mark(self) -> Line | None:
        symbol = self.random.choice(list(SYMBOLS))
        return (
            {"type": "mark", "symbol": symbol, "px": self._px(symbol, 40)}
            if self.random.random() < 0.5
            else None
        )

    def _a_trade(self) -> Line:
        symbol = self.random.choice(list(SYMBOLS))
        return {"type": "trade", "venue": "X", "symbol": symbol, "px": self._px(symbol), "qty": "10"}

    def _a_limit(self) -> Line | None:
        """Not one that counts what nobody can count afterwards."""
        line = self._limit()
        return line if self.random.random() < 0.3 and line["check"] not in FROM_THE_START else None

    def _a_override(self) -> Line | None:
        if self.random.random() < 0.6:
            return None
        line = self._limit()
        wanted = {
            key: line[key]
            for key in ("check", "account", "strategy", "symbol", "venue", "session", "sector")
            if key in line
        }
        if line["check"] in ("permission", "self_trade", "restricted"):
            return None
        until = self.at + self.random.choice((1_000_000_000, 5_000_000_000))
        return {"type": "override", **wanted, "value": "100000", "by": "ann", "until": until}

    def _a_rearm(self) -> Line | None:
        if self.random.random() < 0.5:
            return None
        scope = self.random.choice(("account", "strategy", "symbol", "venue", "session", "all"))
        key = {"account": "A1", "strategy": "S1", "symbol": "AAA", "venue": "X", "session": "T"}.get(scope)
        return {"type": "rearm", "scope": scope, "by": "ann", **({"key": key} if key else {})}

    def _a_fx(self) -> Line | None:
        if self.random.random() < 0.5:
            return None
        return {"type": "fx", "pair": "EUR/USD", "rate": self.random.choice(("1.25", "1.5", "1.6"))}

    def _a_day(self) -> Line | None:
        return {"type": "day", "date": "2024-01-02"} if self.random.random() < 0.3 else None

    def _a_order(self) -> Line:
        symbol = self.random.choice(list(SYMBOLS))
        line: Line = {
            "type": "order",
            "cl_ord_id": f"o{self.ids}",
            "account": self.random.choice(list(ACCOUNTS)),
            "symbol": symbol,
            "side": self.random.choice(("buy", "sell")),
            "order_qty": str(self.random.randint(1, 9)),
            "ord_type": "limit",
            "price": self._px(symbol),
            "venue": self.random.choice(VENUES),
        }
        self.ids += 1
        if (strategy := self.random.choice(STRATEGIES)) is not None:
            line["strategy"] = strategy
        if self.random.random() < 0.3:
            line["session"] = "T"
        self.orders.append({**line, "cum": 0, "pending": None, "over": False, "id": line["cl_ord_id"]})
        return line

    def _some(self) -> Line | None:
        alive = [order for order in self.orders[-8:] if not order["over"]]
        return self.random.choice(alive) if alive else None

    def denied(self, cl_ord_id: str) -> None:
        """The line that was made last was denied: what it asked for is not so."""
        for order in self.orders:
            if order["cl_ord_id"] == cl_ord_id and order["id"] == cl_ord_id and order["cum"] == 0:
                order["over"] = True
            if order["pending"] is not None and order["pending"]["cl_ord_id"] == cl_ord_id:
                order["pending"] = None

    def _a_replace(self) -> Line | None:
        order = self._some()
        if order is None or order["pending"] is not None:
            return None
        line = {"type": "replace", "orig_cl_ord_id": order["id"], "cl_ord_id": f"o{self.ids}"}
        self.ids += 1
        if self.random.random() < 0.7:
            line["order_qty"] = str(self.random.randint(order["cum"] + 1, order["cum"] + 9))
        if self.random.random() < 0.7 or len(line) == 3:
            line["price"] = self._px(order["symbol"])
        order["pending"] = {**line, "what": "replace"}
        return line

    def _a_cancel(self) -> Line | None:
        order = self._some()
        if order is None or order["pending"] is not None:
            return None
        line = {"type": "cancel", "orig_cl_ord_id": order["id"], "cl_ord_id": f"o{self.ids}"}
        self.ids += 1
        order["pending"] = {**line, "what": "cancel"}
        return line

    def _a_report(self) -> Line | None:
        order = self._some()
        if order is None:
            return self._bust()
        report = {"type": "report", "venue": order["venue"], "child_id": f"{order['cl_ord_id']}.1"}
        pending = order["pending"]
        if pending is not None and self.random.random() < 0.6:
            return {**report, "exec_type": self._answer(order, pending)}
        if self.random.random() < 0.12:
            return self._bust()
        return self._trade_of(order, report)

    def _answer(self, order: Line, pending: Line) -> str:
        order["pending"] = None
        if self.random.random() < 0.2:
            return "cancel_rejected"
        if pending["what"] == "cancel":
            order["over"] = True
            return "canceled"
        order["id"] = pending["cl_ord_id"]
        order["order_qty"] = str(max(int(pending.get("order_qty", order["order_qty"])), order["cum"]))
        order["over"] = int(order["order_qty"]) <= order["cum"]
        return "replaced"

    def _trade_of(self, order: Line, report: Line) -> Line | None:
        rest = int(order["order_qty"]) - order["cum"]
        if rest <= 0 or order["pending"] is not None:
            return None
        qty = self.random.randint(1, rest)
        order["cum"] += qty
        order["over"] = order["cum"] >= int(order["order_qty"])
        line = {
            **report,
            "exec_type": "trade",
            "exec_id": f"e{len(self.execs)}",
            "last_qty": str(qty),
            "last_px": self._px(order["symbol"], 20),
            "fee": self.random.choice(("0", "0.5", "-0.25")),
        }
        self.execs.append((order, line))
        return line

    def _bust(self) -> Line | None:
        if not self.execs or self.random.random() < 0.5:
            return None
        place = self.random.randrange(len(self.execs))
        order, fill = self.execs[place]
        if "gone" in fill or order["pending"] is not None:
            return None
        line = {**fill, "exec_ref_id": fill["exec_id"], "exec_id": f"b{place}", "exec_type": "trade_cancel"}
        fill["gone"] = True
        order["cum"] -= int(fill["last_qty"])
        order["over"] = True  # it works again; this day leaves it alone
        return line
