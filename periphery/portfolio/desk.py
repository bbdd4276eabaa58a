"""What a portfolio asks a core: instruments, market, positions and limits before, and to take its orders.

Only by the client library: orders go through the same risk as anybody's.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from periphery.portfolio.orders import CannotPlan, Contract, Planned, limit_price, plan
from periphery.portfolio.proposal import Content, Proposal, made, need_approved

if TYPE_CHECKING:
    from periphery.client import Client

MARKET_S = 2.0
ANSWER_S = 5.0
LINGER_S = 0.1
POLL_S = 0.01
QUIET = 3  # polls without a quote
DIGITS = 12
type Touch = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Wish:
    """How a proposal is to be made. rates: by (of, in), what a currency's unit is worth in another.
    limit_bps: None: market orders. strategy: on whose behalf; None: nobody's. valid_s: how long it may be
    sent.
    """

    by: str
    account: str
    commission_bps: Fraction = Fraction(0)
    least_notional: Fraction = Fraction(0)
    limit_bps: Fraction | None = None
    strategy: str | None = None
    time_in_force: str = "day"
    valid_s: float = 900.0
    rates: Mapping[tuple[str, str], Fraction] | None = None


def propose(core: Client, weights: Mapping[str, Fraction], wish: Wish) -> Proposal:
    """Orders from what the core has now. CannotPlan: something is missing."""
    told = core.positions()
    account = _account(told, wish.account)
    positions = {
        row["symbol"]: Fraction(row["qty"]) for row in told["positions"] if row["account"] == wish.account
    }
    touches = market(core, set(weights))
    contracts = {
        name: _contract(core, name, touch, account["currency"], wish) for name, touch in touches.items()
    }
    equity, cash = Fraction(account["equity"]), _cash(account, wish)
    planned = plan(weights, equity, contracts, positions, cash, wish.commission_bps, wish.least_notional)
    lines = [_line(order, wish) for order in planned]
    notional = sum((order.notional for order in planned), Fraction(0))
    content = Content(
        by=wish.by.strip(),
        made_ns=time.time_ns(),
        valid_s=wish.valid_s,
        account=wish.account,
        currency=account["currency"],
        equity=text(equity),
        cash=text(cash),
        weights={name: text(weight) for name, weight in sorted(weights.items())},
        prices={name: {"bid": text(c.bid), "ask": text(c.ask)} for name, c in sorted(contracts.items())},
        orders=lines,
        checks=[_check(core, line) for line in lines],
        concerns=_concerns(core, wish.account, weights, positions),
        notional=text(notional),
        turnover=text(notional / equity),
        cost=text(sum((order.cost for order in planned), Fraction(0))),
    )
    return made(content)


def market(core: Client, symbols: set[str], timeout_s: float = MARKET_S) -> dict[str, Touch]:
    """The best bid and ask over venues, of those that are quoted on both sides. A session begins with the
    market as it stands; it is heard until nothing comes for a moment.
    """
    from periphery.client import Gap

    seen: dict[str, dict[str, Touch]] = {name: {} for name in symbols}
    until, quiet = time.monotonic() + timeout_s, 0
    while time.monotonic() < until and not (quiet >= QUIET and all(seen.values())):
        quote = core.poll_quote()
        if quote is None:
            quiet += 1
            time.sleep(POLL_S)
            continue
        quiet = 0
        if isinstance(quote, Gap) or quote.symbol not in seen:
            continue
        if quote.bid_qty > 0 and quote.ask_qty > 0:
            seen[quote.symbol][quote.venue] = Fraction(quote.bid_px), Fraction(quote.ask_px)
        else:
            seen[quote.symbol].pop(quote.venue, None)
    return {
        name: (max(bid for bid, _ in shown.values()), min(ask for _, ask in shown.values()))
        for name, shown in seen.items()
        if shown
    }


def _account(told: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    for row in told["accounts"]:
        if row["account"] == name:
            if row["equity"] is None:
                raise CannotPlan(
                    f"account {name}: its equity isn't known, a rate is missing: send an fx line"
                )
            return dict(row)
    known = ", ".join(row["account"] for row in told["accounts"]) or "none"
    raise CannotPlan(f"account {name}: there is {known}")


def _cash(account: Mapping[str, Any], wish: Wish) -> Fraction:
    """Of all currencies, in the account's; what has no rate counts as nothing."""
    total = Fraction(0)
    for currency, amount in account["cash"].items():
        rate = _rate(currency, account["currency"], wish)
        total += Fraction(amount) * rate if rate is not None else Fraction(0)
    return total


def _rate(source: str, target: str, wish: Wish) -> Fraction | None:
    rates = wish.rates or {}
    if source == target:
        return Fraction(1)
    if (source, target) in rates:
        return rates[source, target]
    return 1 / rates[target, source] if rates.get((target, source)) else None


def _contract(core: Client, name: str, touch: Touch, currency: str, wish: Wish) -> Contract:
    symbol = core.directory.symbol(name)
    rate = _rate(symbol.settle_currency, currency, wish)
    if rate is None:
        pair = f"{symbol.settle_currency}/{currency}"
        raise CannotPlan(f"{name} is paid in {symbol.settle_currency}: give --rate {pair}=RATE")
    return Contract(
        name,
        symbol.kind,
        Fraction(int(symbol.lot), 10**symbol.qty_precision),
        Fraction(int(symbol.tick), 10**symbol.price_precision),
        Fraction(symbol.multiplier, 10**symbol.multiplier_precision) * rate,
        symbol.inverse,
        *touch,
    )


def _line(order: Planned, wish: Wish) -> dict[str, str]:
    line = {
        "account": wish.account,
        "symbol": order.contract.symbol,
        "side": order.side,
        "order_qty": text(order.qty),
        "ord_type": "market" if wish.limit_bps is None else "limit",
        "time_in_force": wish.time_in_force,
    }
    if wish.limit_bps is not None:
        line["price"] = text(limit_price(order, wish.limit_bps))
    return line if wish.strategy is None else line | {"strategy": wish.strategy}


def _check(core: Client, line: Mapping[str, str]) -> dict[str, Any]:
    """What the core's own risk says of it alone: those before it are not sent yet."""
    values = {
        key: value for key, value in line.items() if key != "strategy" or value in core.directory.strategies
    }
    told = core.risk_explain(values)
    return {"denied": told["denied"] or "", "limits": [row for row in told["limits"] if not row["passes"]]}


def _concerns(
    core: Client, account: str, weights: Mapping[str, Fraction], positions: Mapping[str, Fraction]
) -> list[str]:
    others = [
        f"{name}: {text(qty)} held, not in the targets: it stays"
        for name, qty in sorted(positions.items())
        if qty and name not in weights
    ]
    working = [
        f"{row['symbol']}: {row['cl_ord_id']} works still, {row['side']} {row['leaves_qty']}"
        for row in core.orders(account)
        if row["symbol"] in weights
    ]
    return others + working


def send(core: Client, proposal: Proposal, wait_s: float = ANSWER_S) -> list[dict[str, Any]]:
    """Sends what is approved, and tells what became of each: {cl_ord_id, symbol, side, order_qty, became}.

    An order that the core has already isn't sent again; one that comes twice all the same the core denies by
    its id. BadProposal: it may not be sent.
    """
    need_approved(proposal)
    known = {row["cl_ord_id"] for row in core.orders(proposal.content.account, live_only=False)}
    fresh = [line for line in proposal.lines if line["cl_ord_id"] not in known]
    for line in fresh:
        submit(core, line)
    became = dict.fromkeys((line["cl_ord_id"] for line in proposal.lines), "sent before")
    became |= answers(core, {line["cl_ord_id"] for line in fresh}, wait_s)
    keys = ("cl_ord_id", "symbol", "side", "order_qty")
    return [
        {key: line[key] for key in keys} | {"became": became[line["cl_ord_id"]]} for line in proposal.lines
    ]


def submit(core: Client, line: Mapping[str, str]) -> None:
    """One order, by its own id."""
    core.submit(
        line["symbol"], line["side"], line["order_qty"], line["ord_type"], line.get("price"),
        account=line["account"], strategy=line.get("strategy"), time_in_force=line["time_in_force"],
        cl_ord_id=line["cl_ord_id"],
    )  # fmt: skip


def answers(core: Client, waited: set[str], wait_s: float = ANSWER_S) -> dict[str, str]:
    """What each order's last answer says: once all have one, LINGER_S later, or when the time is over."""
    from periphery.client import DenyEvent, OrderEvent

    found: dict[str, str] = {}
    until = time.monotonic() + wait_s
    while waited and (rest := until - time.monotonic()) > 0:
        event = next(core.events(timeout=rest), None)
        if isinstance(event, DenyEvent) and event.cl_ord_id in waited:
            found[event.cl_ord_id] = f"denied: {event.reason}"
        elif (
            isinstance(event, OrderEvent) and event.cl_ord_id in waited and event.ord_status != "pending_new"
        ):
            found[event.cl_ord_id] = str(event.ord_status)
        else:
            continue
        if len(found) == len(waited):
            until = min(until, time.monotonic() + LINGER_S)
    return {each: found.get(each, "no answer in time: nacre order show ID") for each in sorted(waited)}


def text(value: Fraction) -> str:
    """As a decimal; one that has no end is cut after DIGITS digits."""
    scaled = abs(value) * 10**DIGITS
    whole = Decimal(scaled.numerator // scaled.denominator).scaleb(-DIGITS)
    return format((whole if value >= 0 else -whole).normalize() + 0, "f")
