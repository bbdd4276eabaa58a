"""Scenario lines to the core's events: names to indices, decimals to integers of the instrument's units."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from core import messages as m
from core.scenario import algos, facts, schema, simulation
from core.scenario.directory import CHILD_NAME_MAX, NAME_MAX, Account, Directory, Symbol
from core.scenario.numbers import Number, divide_half_even, parse_number
from core.scenario.reader import Line, ScenarioError

INT64 = 1 << 63
MONEY_DIGITS = 12
FEE_DIGITS = 16
RATE_DIGITS = 18
BPS_DIGITS = 8
SPLIT_MAX = 1_000_000
VENUES_A_SYMBOL = 16
CHECKS = {name: m.Reason[name.upper()] for name in schema.CHECKS}
LIFTED = 1 << 120  # what an override to "off" lifts a limit to
EXEC_TYPES = {name: m.ExecType[name.upper()] for name in schema.EXEC_TYPES}
SCOPE_KEYS = ("account", "strategy", "symbol", "venue", "session", "sector")


class Event(NamedTuple):
    """One input of the core: its kind, the session it came by, the bytes of its request."""

    kind: int
    session: int
    request: bytes


class Malformed(ValueError):
    """What a line says can't be carried by the core; the message says what, and the bound."""


def scale(number: Number, digits: int, what: str) -> int:
    """The number in units of 10^-digits, exactly."""
    if number.digits > digits:
        # zeros at the end carry nothing
        divisor: int = 10 ** (number.digits - digits)
        units, rest = divmod(number.units, divisor)
        if rest:
            raise Malformed(f"{what}: more than {digits} digits after the point")
        return units
    return int(number.units * 10 ** (digits - number.digits))


def limit_units(check: str, value: Number | str) -> int:
    """A limit's value as the core has it: a word by its place, a count as it is, all else in 10^-12."""
    if isinstance(value, str):
        return 0 if value == "off" else schema.CHECK_WORDS[check].index(value)
    return scale(value, 0 if check in schema.COUNT_CHECKS else MONEY_DIGITS, "value")


def trimmed(number: Number) -> Number:
    """The number without zeros at its end."""
    units, digits = number
    while digits and units % 10 == 0:
        units, digits = units // 10, digits - 1
    return Number(units, digits)


def wide(value: int) -> tuple[int, int]:
    """A 128-bit integer as (low, high) words."""
    if not -(1 << 126) < value < (1 << 126):
        raise Malformed(f"{value}: too large")
    return value & 0xFFFFFFFFFFFFFFFF, value >> 64


def struct(dtype: np.dtype[Any], **values: Any) -> bytes:
    """The bytes of one struct; what isn't named is zero."""
    row = np.zeros((), dtype)
    for key, value in values.items():
        row[key] = value
    return row.tobytes()


class Beside:
    """The numbers of an order beside its quantity and price, and what is wrong with them."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.px_digits = self.qty_digits = 0
        self.px_large = self.qty_large = self.unsound = False
        self.flags = m.OrderFlag(0)
        self.tail: dict[str, Any] = {}  # of an algorithm

    def take(self, key: str, units: int, digits: int, large: bool, kind: str) -> None:
        """kind: px, qty, or "" for a number that no precision of the instrument bounds."""
        self.values[key] = units
        if kind == "px":
            self.px_digits, self.px_large = max(self.px_digits, digits), self.px_large or large
        elif kind == "qty":
            self.qty_digits, self.qty_large = max(self.qty_digits, digits), self.qty_large or large
        else:
            self.unsound = self.unsound or bool(digits) or large


class Encoder:
    """Turns lines into events, in their order. A line may need names to be declared first."""

    def __init__(self, file: str, directory: Directory, live: bool = False) -> None:
        """live: rates of cancels that are exceeded deny new orders, and a break with a venue halts it.

        In a file both only alert.
        """
        self.file = file
        self.live = live
        self.directory = directory
        self._names: list[Event] = []
        self._line = 0
        self._limits: dict[tuple[Any, ...], int] = {}
        self._order_symbols: dict[str, Symbol] = {}
        self._encoders: dict[str, Callable[[dict[str, Any]], Iterator[Event]]] = {
            name: getattr(self, f"_{name}") for name in schema.TYPES if hasattr(self, f"_{name}")
        }
        # the session that orders without one come by has index 0
        self._space(m.Space.SESSION, "desk")

    def encode(self, line: Line) -> list[Event]:
        """The line's events, names first. ScenarioError: a number that the core can't carry."""
        self._line = line.number
        try:
            events = list(self._encoders[line.type](line.data))
        except Malformed as wrong:
            raise ScenarioError(self.file, line.number, str(wrong)) from None
        names, self._names = self._names, []
        return names + events

    def forget(self, cl_ord_id: str) -> None:
        """An order that was only asked about."""
        self._order_symbols.pop(cl_ord_id, None)

    def learn(self, cl_ord_id: str, symbol: Symbol) -> bool:
        """The symbol of an order that no line of the file made; whether it is news."""
        return self._order_symbols.setdefault(cl_ord_id, symbol) is symbol

    def name(self, space: m.Space, name: str) -> tuple[int, list[Event]]:
        """The index of a strategy or list, and the events that make it known."""
        index = self._space(space, name)
        return index, self.new_names()

    def person(self, name: str) -> int:
        """The person's index; a new one is told with the next line."""
        return self._space(m.Space.PERSON, name)

    def booking(self, fill: Mapping[str, str]) -> list[Event]:
        """A fill that a named person books: venue, exec_id, account, symbol, qty (signed), price, by, and
        fee or not.

        ValueError: a name that isn't declared, a number that isn't one or has too many digits.
        """
        d = self.directory
        given = {key: str(fill.get(key) or "") for key in ("venue", "exec_id", "account", "symbol", "by")}
        for key, known in (("venue", d.venues), ("account", d.accounts), ("symbol", d.symbols)):
            if given[key] not in known:
                raise ValueError(f"{key} {given[key]!r} isn't declared; one of {', '.join(known) or 'none'}")
        for key in ("exec_id", "by"):
            if not 1 <= len(given[key].encode()) <= 31:
                raise ValueError(f"{key} {given[key]!r}: give 1 to 31 bytes of text")
        symbol = d.symbols[given["symbol"]]
        qty = self._units(parse_number(fill["qty"]), symbol.qty_precision, "qty")
        px = self._units(parse_number(fill["price"]), symbol.price_precision, "price")
        if qty == 0 or (symbol.inverse and px <= 0):
            raise ValueError("qty must not be 0, and a price of an inverse instrument must be positive")
        low, high = wide(scale(parse_number(fill.get("fee") or "0"), FEE_DIGITS, "fee"))
        request = struct(
            m.BOOK_EVENT,
            exec_id=self._text(given["exec_id"]),
            account=d.accounts[given["account"]].index,
            symbol=symbol.index,
            fee_lo=low,
            fee_hi=high,
            qty=qty,
            px=px,
            by=self._space(m.Space.PERSON, given["by"]),
            venue=d.venues[given["venue"]],
        )
        names, self._names = self._names, []
        return [*names, Event(m.Kind.BOOK, 0, request)]

    def new_names(self) -> list[Event]:
        """The events that make known the names which no line has told yet."""
        names, self._names = self._names, []
        return names

    def take_limit(self, request: bytes) -> None:
        """A limit that was declared before this encoder was made keeps its index. request: a LIMIT_EVENT."""
        row = np.frombuffer(request, m.LIMIT_EVENT, 1)[0]
        each = m.Scope(int(row["each"])).name.lower() if row["each"] else None
        self._limits[m.Reason(int(row["check"])), row["scope"].tobytes(), each] = int(row["index"])

    # ---- names ---------------------------------------------------------------------------------------------

    def _space(self, space: m.Space, name: str | None) -> int:
        if name is None:
            return m.NONE
        index, new = self.directory.intern(space, name)
        if new:
            text = np.void(self.directory.field(name))
            self._names.append(
                Event(m.Kind.NAME, 0, struct(m.NAME_EVENT, text=text, index=index, space=int(space)))
            )
        return index

    def _currency(self, name: str | None) -> int:
        index = self._space(m.Space.CURRENCY, name)
        return m.NONE16 if index == m.NONE else index

    def _text(self, text: str, size: int = NAME_MAX) -> np.void:
        return np.void(self.directory.field(text, size))

    def _scope(self, data: dict[str, Any]) -> np.ndarray[Any, Any]:
        d = self.directory
        row = np.zeros((), m.SCOPE_KEYS)
        row["account"] = d.accounts[data["account"]].index if data.get("account") is not None else m.NONE
        if data.get("group") is not None:
            row["account"] = m.ACCOUNT_GROUP + d.groups[data["group"]]
        row["symbol"] = d.symbols[data["symbol"]].index if data.get("symbol") is not None else m.NONE
        row["venue"] = d.venues[data["venue"]] if data.get("venue") is not None else m.NONE
        row["strategy"] = self._space(m.Space.STRATEGY, data.get("strategy"))
        row["session"] = self._space(m.Space.SESSION, data.get("session"))
        row["sector"] = self._space(m.Space.SECTOR, data.get("sector"))
        return row

    # ---- declarations --------------------------------------------------------------------------------------

    def _instrument(self, data: dict[str, Any]) -> Iterator[Event]:
        d = self.directory
        multiplier: Number = data["multiplier"]
        symbol = Symbol(
            data["symbol"],
            len(d.symbols),
            data["kind"],
            data["price_precision"],
            data["qty_precision"],
            multiplier.units,
            multiplier.digits,
            data["inverse"],
            data["currency"],
            data["settle_currency"],
            margin=scale(data["margin_bps"], 4, "margin_bps"),
        )
        if symbol.multiplier_precision > MONEY_DIGITS or symbol.multiplier >= INT64:
            raise Malformed(f"multiplier: at most {MONEY_DIGITS} digits after the point and 63 bits")
        d.symbols[symbol.name] = symbol
        d.symbol_list.append(symbol)
        sector = self._space(m.Space.SECTOR, data["sector"])
        yield Event(
            m.Kind.INSTRUMENT,
            0,
            struct(
                m.INSTRUMENT_EVENT,
                text=self._text(symbol.name),
                symbol=symbol.index,
                kind=schema.INSTRUMENT_KINDS.index(symbol.kind),
                inverse=symbol.inverse,
                price_precision=symbol.price_precision,
                qty_precision=symbol.qty_precision,
                multiplier_precision=symbol.multiplier_precision,
                currency=self._currency(symbol.currency),
                settle_currency=self._currency(symbol.settle_currency),
                base_currency=self._currency(data["base_currency"]),
                sector=m.NONE16 if sector == m.NONE else sector,
                margin=symbol.margin,
                tick=self._units(data["tick"], symbol.price_precision, "tick"),
                lot=self._units(data["lot"], symbol.qty_precision, "lot"),
                min_qty=self._units(data["min_qty"], symbol.qty_precision, "min_qty"),
                multiplier=symbol.multiplier,
            ),
        )

    def _venue(self, data: dict[str, Any]) -> Iterator[Event]:
        d = self.directory
        index = len(d.venues)
        if index >= 64:
            raise Malformed("more than 64 venues")
        d.venues[data["venue"]] = index
        d.venue_list.append(data["venue"])
        yield Event(
            m.Kind.VENUE,
            0,
            struct(
                m.VENUE_EVENT,
                text=self._text(data["venue"]),
                venue=index,
                mode=schema.VENUE_MODES.index(data["mode"]),
                fee_precision=data["fee_precision"],
                taker_fee=self._units(data["taker_fee_bps"], BPS_DIGITS, "taker_fee_bps"),
                maker_fee=self._units(data["maker_fee_bps"], BPS_DIGITS, "maker_fee_bps"),
                latency_ns=self._units(data["latency_us"], 3, "latency_us"),
                halts=self.live,
                asks_ended=self.live,
                **simulation.settings(data, self._units),
            ),
        )
        for name in data["symbols"]:
            symbol = d.symbols[name]
            if len(symbol.venues) >= VENUES_A_SYMBOL:
                raise Malformed(f"symbol {name} is listed by more than {VENUES_A_SYMBOL} venues")
            symbol.venues.append(data["venue"])
            yield Event(m.Kind.LISTING, 0, struct(m.LISTING_EVENT, symbol=symbol.index, venue=index))

    def _account(self, data: dict[str, Any]) -> Iterator[Event]:
        d = self.directory
        account = Account(
            data["account"], len(d.accounts), data["currency"], scale(data["cash"], MONEY_DIGITS, "cash")
        )
        d.accounts[account.name] = account
        d.account_list.append(account)
        low, high = wide(account.cash)
        yield Event(
            m.Kind.ACCOUNT,
            0,
            struct(
                m.ACCOUNT_EVENT,
                text=self._text(account.name),
                account=account.index,
                currency=self._currency(account.currency),
                cash_lo=low,
                cash_hi=high,
            ),
        )

    def _open_position(self, data: dict[str, Any]) -> Iterator[Event]:
        symbol = self.directory.symbols[data["symbol"]]
        qty = self._units(data["qty"], symbol.qty_precision, "qty")
        average = scale(data["avg_cost"], symbol.price_precision + 6, "avg_cost")
        cost = abs(qty) * average
        if symbol.inverse and qty:
            if average <= 0:
                raise Malformed("avg_cost of an inverse position must be positive")
            digits = 22 + symbol.price_precision - symbol.qty_precision - symbol.multiplier_precision
            cost = divide_half_even(abs(qty) * symbol.multiplier * 10**digits, average)
        low, high = wide(cost)
        yield Event(
            m.Kind.OPEN_POSITION,
            0,
            struct(
                m.OPEN_POSITION_EVENT,
                account=self.directory.accounts[data["account"]].index,
                symbol=symbol.index,
                qty=qty,
                cost_lo=low,
                cost_hi=high,
            ),
        )

    def _limit(self, data: dict[str, Any]) -> Iterator[Event]:
        off = data["value"] == "off"
        check = CHECKS[data["check"]]
        low, high = wide(limit_units(data["check"], data["value"]))
        scope = self._scope(data)
        each = data["each"]
        key = (check, scope.tobytes(), each)
        index = self._limits.setdefault(key, len(self._limits))
        yield Event(
            m.Kind.LIMIT,
            0,
            struct(
                m.LIMIT_EVENT,
                scope=scope,
                check=int(check),
                each=int(m.Scope[each.upper()]) if each else 0,
                off=off,
                currency=self._currency(data["currency"]),
                soft=data["soft"],
                action=int(m.RiskState[data["action"].upper()]),
                value_lo=low,
                value_hi=high,
                window_ns=self._units(data["window_s"], 9, "window_s"),
                index=index,
                by=self._space(m.Space.PERSON, data["by"]),
                approver=self._space(m.Space.PERSON, data.get("approver")),
                denies=self.live,
            ),
        )

    def _override(self, data: dict[str, Any]) -> Iterator[Event]:
        off = data["value"] == "off"
        low, high = wide(LIFTED if off else limit_units(data["check"], data["value"]))
        yield Event(
            m.Kind.OVERRIDE,
            0,
            struct(
                m.OVERRIDE_EVENT,
                scope=self._scope(data),
                check=int(CHECKS[data["check"]]),
                off=off,
                by=self._space(m.Space.PERSON, data["by"]),
                value_lo=low,
                value_hi=high,
                until_ns=data["until"],
                approver=self._space(m.Space.PERSON, data.get("approver")),
            ),
        )

    def _fx(self, data: dict[str, Any]) -> Iterator[Event]:
        base, quote = data["pair"].split("/")
        rate: Number = data["rate"]
        if rate.digits > RATE_DIGITS or rate.units >= INT64:
            raise Malformed(f"rate: at most {RATE_DIGITS} digits after the point and 63 bits")
        yield Event(
            m.Kind.FX,
            0,
            struct(
                m.FX_EVENT,
                base=self._currency(base),
                quote=self._currency(quote),
                digits=rate.digits,
                rate=rate.units,
            ),
        )

    # ---- what happens to all positions of an instrument ----------------------------------------------------

    def _adjust(self, what: m.Adjust, data: dict[str, Any], **values: int) -> Iterator[Event]:
        symbol = self.directory.symbols[data["symbol"]]
        yield Event(m.Kind.ADJUST, 0, struct(m.ADJUST_EVENT, symbol=symbol.index, what=int(what), **values))

    def _payment(self, what: m.Adjust, data: dict[str, Any], key: str) -> Iterator[Event]:
        number = trimmed(data[key])
        if not -INT64 < number.units < INT64:
            raise Malformed(f"{key}: too large for 63 bits at {number.digits} digits")
        return self._adjust(what, data, digits=number.digits, a=number.units)

    def _funding(self, data: dict[str, Any]) -> Iterator[Event]:
        return self._payment(m.Adjust.FUNDING, data, "rate")

    def _dividend(self, data: dict[str, Any]) -> Iterator[Event]:
        return self._payment(m.Adjust.DIVIDEND, data, "amount")

    def _split(self, data: dict[str, Any]) -> Iterator[Event]:
        ratio = Fraction(data["num"].units, 10 ** data["num"].digits) / Fraction(
            data["den"].units, 10 ** data["den"].digits
        )
        if max(ratio.numerator, ratio.denominator) > SPLIT_MAX:
            raise Malformed(f"split: num / den in lowest terms must be within {SPLIT_MAX} / {SPLIT_MAX}")
        return self._adjust(m.Adjust.SPLIT, data, a=ratio.numerator, b=ratio.denominator)

    def _settlement(self, data: dict[str, Any]) -> Iterator[Event]:
        symbol = self.directory.symbols[data["symbol"]]
        px = self._units(data["px"], symbol.price_precision, "px")
        if symbol.inverse and px <= 0:
            raise Malformed("px of an inverse instrument must be positive")
        return self._adjust(m.Adjust.SETTLEMENT, data, a=px)

    # ---- market data ---------------------------------------------------------------------------------------

    def _units(self, number: Number, precision: int, what: str) -> int:
        units = scale(number, precision, what)
        if not -INT64 < units < INT64:
            raise Malformed(f"{what}: too large for 63 bits at {precision} digits")
        return units

    def _quote(self, data: dict[str, Any]) -> Iterator[Event]:
        symbol = self.directory.symbols[data["symbol"]]
        values = {
            key: self._units(
                data[key], symbol.price_precision if key.endswith("px") else symbol.qty_precision, key
            )
            for key in ("bid_px", "bid_qty", "ask_px", "ask_qty")
        }
        venue = self.directory.venues[data["venue"]]
        yield Event(m.Kind.QUOTE, 0, struct(m.QUOTE_EVENT, symbol=symbol.index, venue=venue, **values))

    def _trade(self, data: dict[str, Any]) -> Iterator[Event]:
        symbol = self.directory.symbols[data["symbol"]]
        aggressor = data["aggressor"]
        yield Event(
            m.Kind.TRADE,
            0,
            struct(
                m.TRADE_EVENT,
                symbol=symbol.index,
                venue=self.directory.venues[data["venue"]],
                aggressor=255 if aggressor is None else schema.SIDES.index(aggressor),
                px=self._units(data["px"], symbol.price_precision, "px"),
                qty=self._units(data["qty"], symbol.qty_precision, "qty"),
            ),
        )

    def _depth(self, data: dict[str, Any]) -> Iterator[Event]:
        symbol = self.directory.symbols[data["symbol"]]
        yield Event(
            m.Kind.DEPTH,
            0,
            struct(
                m.DEPTH_EVENT,
                symbol=symbol.index,
                venue=self.directory.venues[data["venue"]],
                side=schema.SIDES.index(data["side"]),
                px=self._units(data["px"], symbol.price_precision, "px"),
                qty=self._units(data["qty"], symbol.qty_precision, "qty"),
            ),
        )

    def _price(self, kind: m.Kind, data: dict[str, Any]) -> Iterator[Event]:
        symbol = self.directory.symbols[data["symbol"]]
        px = self._units(data["px"], symbol.price_precision, "px")
        yield Event(kind, 0, struct(m.PRICE_EVENT, symbol=symbol.index, px=px))

    def _mark(self, data: dict[str, Any]) -> Iterator[Event]:
        return self._price(m.Kind.MARK, data)

    def _reference(self, data: dict[str, Any]) -> Iterator[Event]:
        return self._price(m.Kind.REFERENCE, data)

    # ---- clients' requests: what is wrong in them is denied by the core, so it is carried as far as it goes

    def _client_units(self, number: Number | None, precision: int) -> tuple[int, int, bool]:
        """(units, digits given where they are too many, whether it is too large)"""
        if number is None:
            return 0, 0, False
        if number.digits > precision:
            return 0, min(number.digits, 255), False
        units = number.units * 10 ** (precision - number.digits)
        if not -INT64 < units < INT64:
            return 0, 0, True
        return int(units), 0, False

    def _wrong(self, ids: tuple[str, ...], qty_large: bool, px_large: bool) -> int:
        wrong = m.Wrong(0)
        if any(not text or len(text.encode()) > NAME_MAX for text in ids):
            wrong |= m.Wrong.UNSUPPORTED
        if qty_large:
            wrong |= m.Wrong.QTY_OVERFLOW
        if px_large:
            wrong |= m.Wrong.PX_OVERFLOW
        return int(wrong)

    def _order(self, data: dict[str, Any]) -> Iterator[Event]:
        d = self.directory
        symbol = d.symbols.get(data["symbol"])
        if symbol is not None:
            self._order_symbols.setdefault(data["cl_ord_id"], symbol)
        price_precision = symbol.price_precision if symbol else 0
        qty_precision = symbol.qty_precision if symbol else 0
        qty, qty_digits, qty_large = self._client_units(data["order_qty"], qty_precision)
        price, px_digits, px_large = self._client_units(data["price"], price_precision)
        beside, unsound = self._beside(data, price_precision, qty_precision)
        account = d.accounts.get(data["account"])
        flags = m.OrderFlag.HAS_QTY
        for key, flag in (
            ("price", m.OrderFlag.HAS_PRICE),
            ("expire_at", m.OrderFlag.HAS_EXPIRE),
            ("post_only", m.OrderFlag.POST_ONLY),
            ("reduce_only", m.OrderFlag.REDUCE_ONLY),
            ("stop_px", m.OrderFlag.HAS_STOP),
            ("trail", m.OrderFlag.HAS_TRAIL),
            ("max_floor", m.OrderFlag.HAS_FLOOR),
        ):
            if data[key] is not None and data[key] is not False:
                flags |= flag
        venue = m.NONE16 if data["venue"] is None else d.venues.get(data["venue"], m.UNKNOWN16)
        order = {
            "cl_ord_id": self._text(data["cl_ord_id"]),
            "account": account.index if account else m.UNKNOWN,
            "symbol": symbol.index if symbol else m.UNKNOWN,
            "strategy": self._space(m.Space.STRATEGY, data["strategy"]),
            "venue": venue,
            "side": schema.SIDES.index(data["side"]),
            "ord_type": schema.ORD_TYPES.index(data["ord_type"]),
            "time_in_force": schema.TIMES_IN_FORCE.index(data["time_in_force"]),
            "flags": int(flags | beside.flags),
            "wrong": self._wrong(
                (data["cl_ord_id"],), qty_large or beside.qty_large, px_large or beside.px_large
            )
            | (m.Wrong.UNSUPPORTED if unsound else 0),
            "px_digits": max(px_digits, beside.px_digits),
            "qty_digits": max(qty_digits, beside.qty_digits),
            "qty": qty,
            "price": price,
            "expire_ns": data["expire_at"] or 0,
            "policy": schema.POLICIES.index(data["policy"]),
            "trail_unit": schema.TRAIL_UNITS.index(data["trail_unit"] or "price"),
            "trigger": schema.TRIGGERS.index(data["trigger"]),
            **beside.values,
        }
        request = struct(m.ORDER_EVENT, **order)
        if beside.tail:
            request = struct(
                m.ALGO_ORDER_EVENT, order=np.frombuffer(request, m.ORDER_EVENT)[0], **beside.tail
            )
        yield Event(m.Kind.ORDER, self._space(m.Space.SESSION, data["session"]), request)

    def _beside(self, data: dict[str, Any], price_precision: int, qty_precision: int) -> tuple[Beside, bool]:
        """What an order has beside its quantity and price; whether it makes no sense."""
        beside = Beside()
        unit = data["trail_unit"] or "price"
        trail_digits = {"price": price_precision, "ticks": 0, "bps": BPS_DIGITS}[unit]
        for key, digits, kind in (
            ("stop_px", price_precision, "px"),
            ("peg_offset", price_precision, "px"),
            ("trail", trail_digits, "px" if unit == "price" else ""),
            ("max_floor", qty_precision, "qty"),
        ):
            beside.take(key, *self._client_units(data[key], digits), kind)
        peg, contingency, algo = data["peg"], data["contingency"], data["algo"]
        beside.values["peg"] = schema.PEGS.index(peg) + 1 if peg else 0
        if algo is not None:
            self._algo_params(beside, algo, data, (price_precision, qty_precision))
        if contingency and data["list_id"]:
            beside.values["contingency"] = schema.CONTINGENCIES.index(contingency) + 1
            beside.values["list_id"] = self._space(m.Space.LIST, data["list_id"])
        alone = (contingency is None) != (data["list_id"] is None) or (
            algo is None and data["params"] is not None
        )
        moved = data["peg_offset"].units != 0 and data["ord_type"] != "pegged"
        return beside, beside.unsound or alone or moved

    def _algo_params(
        self, beside: Beside, algo: str, data: dict[str, Any], precisions: tuple[int, int]
    ) -> None:
        """What the order's algorithm is told; what makes no sense is carried as an algorithm that isn't
        known.
        """
        try:
            asked = algos.asked(algo, data["params"] or {})
            if algo == "peg" and data["peg"] is not None:
                raise algos.Unsound("peg stands in its params")
        except algos.Unsound:  # it is denied
            beside.values["algo"] = int(m.Algo.UNKNOWN)
            return
        beside.values |= asked.order
        beside.tail = asked.tail if algo == "twap" else {"seed": 0, **asked.tail}
        for key, kind in (("max_floor", "qty"), ("peg_offset", "px"), ("min_qty", "qty")):
            number = asked.numbers[key]
            if number is None:
                continue
            if key == "max_floor":
                beside.unsound |= data["max_floor"] is not None
                beside.flags |= m.OrderFlag.HAS_FLOOR
            beside.take(key, *self._client_units(number, precisions[kind == "qty"]), kind)
        if "min_qty" in beside.values:
            beside.tail["min_qty"] = beside.values.pop("min_qty")

    def _replace(self, data: dict[str, Any]) -> Iterator[Event]:
        symbol = self._order_symbols.get(data["orig_cl_ord_id"])
        if symbol is not None:
            self._order_symbols.setdefault(data["cl_ord_id"], symbol)
        qty, qty_digits, qty_large = self._client_units(
            data["order_qty"], symbol.qty_precision if symbol else 0
        )
        price, px_digits, px_large = self._client_units(
            data["price"], symbol.price_precision if symbol else 0
        )
        stop_px, stop_digits, stop_large = self._client_units(
            data["stop_px"], symbol.price_precision if symbol else 0
        )
        flags = m.OrderFlag(0)
        if data["stop_px"] is not None:
            flags |= m.OrderFlag.HAS_STOP
        if data["order_qty"] is not None:
            flags |= m.OrderFlag.HAS_QTY
        if data["price"] is not None:
            flags |= m.OrderFlag.HAS_PRICE
        yield Event(
            m.Kind.REPLACE,
            0,
            struct(
                m.REPLACE_EVENT,
                cl_ord_id=self._text(data["cl_ord_id"]),
                orig_cl_ord_id=self._text(data["orig_cl_ord_id"]),
                qty=qty,
                price=price,
                stop_px=stop_px,
                flags=int(flags),
                wrong=self._wrong((data["cl_ord_id"],), qty_large, px_large or stop_large),
                px_digits=max(px_digits, stop_digits),
                qty_digits=qty_digits,
            ),
        )

    def _cancel(self, data: dict[str, Any]) -> Iterator[Event]:
        yield Event(
            m.Kind.CANCEL,
            0,
            struct(
                m.CANCEL_EVENT,
                cl_ord_id=self._text(data["cl_ord_id"]),
                orig_cl_ord_id=self._text(data["orig_cl_ord_id"]),
            ),
        )

    def _algo(self, data: dict[str, Any]) -> Iterator[Event]:
        action = schema.ALGO_ACTIONS.index(data["action"])
        yield Event(
            m.Kind.ALGO, 0, struct(m.ALGO_EVENT, cl_ord_id=self._text(data["cl_ord_id"]), action=action)
        )

    # ---- venues --------------------------------------------------------------------------------------------

    def _report(self, data: dict[str, Any]) -> Iterator[Event]:
        symbol = self._order_symbols.get(data["child_id"].rpartition(".")[0])
        price_precision = symbol.price_precision if symbol else 12
        qty_precision = symbol.qty_precision if symbol else 12
        flags = m.ReportFlag(0)
        numbers: dict[str, int] = {}
        for key, flag, precision in (
            ("last_qty", m.ReportFlag(0), qty_precision),
            ("last_px", m.ReportFlag(0), price_precision),
            ("order_qty", m.ReportFlag.HAS_QTY, qty_precision),
            ("price", m.ReportFlag.HAS_PRICE, price_precision),
        ):
            if data[key] is not None:
                flags |= flag
                numbers[key] = self._units(data[key], precision, key) if symbol else 0
        low, high = 0, 0
        if data["fee"] is not None:
            flags |= m.ReportFlag.HAS_FEE
            low, high = wide(scale(data["fee"], FEE_DIGITS, "fee"))
        yield Event(
            m.Kind.REPORT,
            0,
            struct(
                m.REPORT_EVENT,
                venue=self.directory.venues[data["venue"]],
                exec_type=int(EXEC_TYPES[data["exec_type"]]),
                maker=data["liquidity"] == "maker",
                flags=int(flags),
                child_id=self._text(data["child_id"], CHILD_NAME_MAX),
                exec_id=self._text(data["exec_id"] or ""),
                exec_ref_id=self._text(data["exec_ref_id"] or ""),
                fee_lo=low,
                fee_hi=high,
                text=self._text(data["text"] or "", CHILD_NAME_MAX),
                **numbers,
            ),
        )

    def _venue_state(self, data: dict[str, Any]) -> Iterator[Event]:
        symbol = data["symbol"]
        yield Event(
            m.Kind.VENUE_STATE,
            0,
            struct(
                m.VENUE_STATE_EVENT,
                symbol=m.NONE if symbol is None else self.directory.symbols[symbol].index,
                venue=self.directory.venues[data["venue"]],
                state=schema.VENUE_STATES.index(data["state"]),
            ),
        )

    def _venue_fault(self, data: dict[str, Any]) -> Iterator[Event]:
        yield self._simulate(data, **simulation.fault(data, self._units))

    def _venue_latency(self, data: dict[str, Any]) -> Iterator[Event]:
        yield self._simulate(data, **simulation.latency(data, self._units))

    def _book_order(self, data: dict[str, Any]) -> Iterator[Event]:
        symbol = self.directory.symbols[data["symbol"]]
        yield self._simulate(data, symbol=symbol.index, **simulation.book_order(data, symbol, self._units))

    def _simulate(self, data: dict[str, Any], **fields: int) -> Event:
        venue = self.directory.venues[data["venue"]]
        return Event(m.Kind.SIMULATE, 0, struct(m.SIMULATE_EVENT, venue=venue, **fields))

    def _venue_facts(self, data: dict[str, Any]) -> Iterator[Event]:
        for request in facts.facts(data, self.directory, self._units):
            yield Event(m.Kind.FACTS, 0, request)

    def _venue_queue(self, data: dict[str, Any]) -> Iterator[Event]:
        yield Event(m.Kind.FACTS, 0, facts.queue(data, self.directory, self._units))

    # ---- switches ------------------------------------------------------------------------------------------

    def _filter(self, event: m.Kind, data: dict[str, Any], **more: Any) -> Iterator[Event]:
        by = data.get("by")
        yield Event(
            event,
            0,
            struct(m.FILTER_EVENT, scope=self._scope(data), by=self._space(m.Space.PERSON, by), **more),
        )

    def _switch(self, kind: m.Kind, data: dict[str, Any]) -> Iterator[Event]:
        scope = data["scope"]
        keyed: dict[str, Any] = {"by": data["by"]}
        if scope != "all":
            keyed[scope] = data["key"]
        return self._filter(kind, keyed, kind=int(m.Scope[scope.upper()]))

    def _kill(self, data: dict[str, Any]) -> Iterator[Event]:
        bps = self._units(data["flatten_bps"], BPS_DIGITS, "flatten_bps")
        more = struct(m.KILL_EVENT, flatten=data["flatten"], flatten_bps=bps, line=self._line)
        for event in self._switch(m.Kind.KILL, data):
            yield event._replace(request=event.request + more[len(event.request) :])

    def _rearm(self, data: dict[str, Any]) -> Iterator[Event]:
        more = struct(m.REARM_EVENT, approver=self._space(m.Space.PERSON, data.get("approver")))
        for event in self._switch(m.Kind.REARM, data):
            yield event._replace(request=event.request + more[len(event.request) :])

    def halt(self, by: str) -> list[Event]:
        """Somebody closes trading: what is new is denied until all is armed again."""
        by_index = self._space(m.Space.PERSON, by)
        state, reason = int(m.RiskState.HALTED), int(m.Reason.HALTED)
        request = struct(m.HALT_EVENT, scope=self._scope({}), state=state, reason=reason, by=by_index)
        return [*self.new_names(), Event(m.Kind.HALT, 0, request)]

    def _cancel_all(self, data: dict[str, Any]) -> Iterator[Event]:
        return self._filter(m.Kind.CANCEL_ALL, data)

    def _connect(self, data: dict[str, Any]) -> Iterator[Event]:
        return self._filter(m.Kind.CONNECT, data, cancel_on_disconnect=data["cancel_on_disconnect"])

    def _disconnect(self, data: dict[str, Any]) -> Iterator[Event]:
        return self._filter(m.Kind.DISCONNECT, data)

    def _day(self, data: dict[str, Any]) -> Iterator[Event]:
        date = int(data["date"].replace("-", ""))
        yield Event(m.Kind.DAY, 0, struct(m.DAY_EVENT, date=date))

    def _time(self, data: dict[str, Any]) -> Iterator[Event]:
        yield Event(m.Kind.TIME, 0, b"")
