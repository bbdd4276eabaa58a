"""Exact integers of the ledger to the figures that people read. Nothing shown is fed back."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from core.scenario.directory import Account, Directory, Symbol
from core.scenario.numbers import format_ratio

CASH_KINDS = ("equity", "spot")  # their fills move cash by their value; the others by what they realise
MONEY_DIGITS = 8
PAID_UNIT = Fraction(1, 10**20)  # of what funding, dividends and parts of lots paid
WHOLE_DIGITS = 16


def average(notional: int, qty: int, price_precision: int) -> str:
    """sum(qty x px) / sum(qty), at price_precision + 6 digits."""
    if qty == 0:
        return "0"
    return format_ratio(notional, qty * 10**price_precision, price_precision + 6)


def money(value: Fraction) -> str:
    """A currency's amount, half to even at 8 digits."""
    return format_ratio(value.numerator, value.denominator, MONEY_DIGITS)


def with_paid(amount: Fraction, paid: int) -> Fraction:
    """An amount and what was paid besides. Thirds kept at 10^-20 that sum to a shorter decimal are that
    decimal again: otherwise the last of their digits would decide a tie."""
    if not paid:
        return amount
    return Fraction(round((amount + paid * PAID_UNIT) * 10**WHOLE_DIGITS), 10**WHOLE_DIGITS)


def ledger_unit(symbol: Symbol) -> Fraction:
    """What one unit of `cost` and `realized` is worth, in the settle currency."""
    if symbol.inverse:
        return Fraction(1, 10**16)
    scale = 10 ** (symbol.price_precision + symbol.qty_precision + 6 + symbol.multiplier_precision)
    return Fraction(symbol.multiplier, scale)


def market_value(symbol: Symbol, qty: int, mark2: int) -> Fraction:
    """|qty| at the mark, in the settle currency. mark2: twice the mark, price units."""
    size = Fraction(abs(qty), 10**symbol.qty_precision)
    price = Fraction(mark2, 2 * 10**symbol.price_precision)
    multiplier = Fraction(symbol.multiplier, 10**symbol.multiplier_precision)
    if symbol.inverse:
        return size * multiplier / price if price else Fraction(0)
    return size * price * multiplier


def unrealized(symbol: Symbol, qty: int, cost: int, mark2: int | None) -> Fraction:
    """Profit of the open quantity at the mark; 0 without a mark."""
    if qty == 0 or mark2 is None:
        return Fraction(0)
    gain = market_value(symbol, qty, mark2) - cost * ledger_unit(symbol)
    return gain if (qty > 0) != symbol.inverse else -gain


def average_cost(symbol: Symbol, qty: int, cost: int) -> str:
    """cost / qty; inverse: qty x multiplier / cost. "0" when flat."""
    if qty == 0 or cost == 0:
        return "0"
    digits = symbol.price_precision + 6
    if symbol.inverse:
        numerator = abs(qty) * symbol.multiplier * 10**16
        return format_ratio(
            numerator, cost * 10 ** (symbol.qty_precision + symbol.multiplier_precision), digits
        )
    return format_ratio(cost, abs(qty) * 10**digits, digits)


def position_money(
    symbol: Symbol, *, qty: int, cost: int, realized: int, paid: int, fees: int, mark2: int | None
) -> dict[str, str]:
    """The figures of a position line."""
    return {
        "qty": format_ratio(qty, 10**symbol.qty_precision, symbol.qty_precision),
        "avg_cost": average_cost(symbol, qty, cost),
        "realized_pnl": money(with_paid(realized * ledger_unit(symbol), paid)),
        "unrealized_pnl": money(unrealized(symbol, qty, cost, mark2)),
        "fees": money(Fraction(fees, 10**16)),
    }


class Rates:
    """Exchange rates as last given: the pair's own, else the reverse pair's; no crosses."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str], Fraction] = {}

    def set(self, pair: str, rate: Fraction) -> None:
        base, quote = pair.split("/")
        self._rates[base, quote] = rate

    def find(self, base: str, quote: str) -> Fraction | None:
        if base == quote:
            return Fraction(1)
        if (base, quote) in self._rates:
            return self._rates[base, quote]
        if (quote, base) in self._rates:
            return 1 / self._rates[quote, base]
        return None


class Statement:
    """Positions and accounts at the end, from the ledger's rows and the marks of now."""

    def __init__(
        self, directory: Directory, rows: list[dict[str, Any]], marks: Mapping[int, int | None]
    ) -> None:
        self.directory = directory
        self.rows = sorted(
            (row for row in rows),
            key=lambda row: (
                directory.account_list[row["account"]].name,
                directory.symbol_list[row["symbol"]].name,
            ),
        )
        self.marks = marks

    def _mark2(self, row: dict[str, Any]) -> int | None:
        mark2 = self.marks[row["symbol"]]
        return row["last_fill2"] if mark2 is None else mark2

    def positions(self) -> list[dict[str, str]]:
        """Every position ever touched, by account, then symbol."""
        out = []
        for row in self.rows:
            symbol = self.directory.symbol_list[row["symbol"]]
            out.append(
                {
                    "account": self.directory.account_list[row["account"]].name,
                    "symbol": symbol.name,
                    "currency": symbol.settle_currency,
                    **position_money(
                        symbol,
                        qty=row["qty"],
                        cost=row["cost"],
                        realized=row["realized"],
                        paid=row["paid"],
                        fees=row["fees"],
                        mark2=self._mark2(row),
                    ),
                }
            )
        return out

    def accounts(self, rates: Rates) -> tuple[list[dict[str, Any]], list[str]]:
        """The accounts' figures, and the accounts that a rate is missing for."""
        out: list[dict[str, Any]] = []
        lacking: list[str] = []
        for account in sorted(self.directory.account_list, key=lambda a: a.name):
            figures = self._account(account, rates)
            if figures["equity"] is None:
                lacking.append(account.name)
            out.append(figures)
        return out, lacking

    def _account(self, account: Account, rates: Rates) -> dict[str, Any]:
        cash: dict[str, Fraction] = {account.currency: Fraction(account.cash, 10**12)}
        sums: dict[str, dict[str, Fraction]] = {"realized_pnl": {}, "unrealized_pnl": {}, "fees": {}}
        worth: dict[str, Fraction] = {}
        for row in self.rows:
            if row["account"] != account.index:
                continue
            symbol = self.directory.symbol_list[row["symbol"]]
            currency = symbol.settle_currency
            traded = row["realized"] * ledger_unit(symbol)
            realized = with_paid(traded, row["paid"])
            fees = Fraction(row["fees"], 10**16)
            mark2 = self._mark2(row)
            gain = unrealized(symbol, row["qty"], row["cost"], mark2)
            if symbol.kind in CASH_KINDS:
                moved = traded if symbol.inverse else row["cash"] * ledger_unit(symbol)
                value = Fraction(0) if mark2 is None else market_value(symbol, row["qty"], mark2)
                value = value if row["qty"] > 0 else -value
            else:
                moved, value = traded, gain
            if row["moved"]:
                cash[currency] = cash.get(currency, Fraction(0)) + with_paid(moved, row["paid"]) - fees
            worth[currency] = worth.get(currency, Fraction(0)) + value
            for key, amount in (("realized_pnl", realized), ("unrealized_pnl", gain), ("fees", fees)):
                sums[key][currency] = sums[key].get(currency, Fraction(0)) + amount
        for currency, amount in cash.items():
            worth[currency] = worth.get(currency, Fraction(0)) + amount
        return {
            "account": account.name,
            "currency": account.currency,
            "cash": {currency: money(amount) for currency, amount in sorted(cash.items())},
            **self._converted(account.currency, {"equity": worth, **sums}, rates),
        }

    def _converted(
        self, currency: str, amounts: dict[str, dict[str, Fraction]], rates: Rates
    ) -> dict[str, str | None]:
        """Each figure in the account's currency; all null where a rate is missing for any of them."""
        out: dict[str, str | None] = {}
        for key, by_currency in amounts.items():
            total = Fraction(0)
            for base, amount in by_currency.items():
                rate = rates.find(base, currency)
                if rate is None:
                    return dict.fromkeys(amounts)
                total += amount * rate
            out[key] = money(total)
        return out
