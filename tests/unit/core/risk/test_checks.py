"""Every check, in every scope and unit: what denies, what passes at equality, what warns."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.unit.core.risk.desk import DECLARED, MARKET, Line, of_type, order, play, report, trade

SCOPES: dict[str, Line] = {
    "account": {"account": "A1"},
    "symbol": {"symbol": "AAA"},
    "strategy": {"strategy": "S"},
    "venue": {"venue": "X"},
    "session": {"session": "T"},
    "sector": {"sector": "tech"},
    "all": {},
    "account+symbol": {"account": "A1", "symbol": "AAA"},
    "each account": {"each": "account"},
    "each symbol": {"each": "symbol"},
    "each strategy": {"each": "strategy"},
    "each venue": {"each": "venue"},
    "each session": {"each": "session"},
    "account, each symbol": {"account": "A1", "each": "symbol"},
}
KEYS = {"account": "A1", "symbol": "AAA", "strategy": "S", "venue": "X", "session": "T"}
SECOND = 10**9


class Case(NamedTuple):
    """Lines before the order, the order, and the value that it makes; `off`: the next value that would
    deny it."""

    check: str
    before: list[Line]
    line: Line
    value: str
    off: str
    warns: bool = False
    more: Line = {}  # noqa: RUF012 - of the limit; nobody changes it


EUR = {"currency": "EUR"}
FILLED = [order("1", 20), trade("1.1", "e1", 20, "10.00")]
CASES = [
    Case("max_order_qty", [], order("9", 30), "30", "29"),
    Case("max_order_notional", [], order("9", 30), "300", "299.99999999"),
    Case("max_order_notional", [], order("9", 30, None, ord_type="market"), "303", "302"),
    Case("max_order_notional", [], order("9", 30), "240", "239", more={"currency": "EUR"}),
    Case(
        "price_collar_bps",
        [{"type": "reference", "symbol": "AAA", "px": "10.00"}],
        order("9", 1, "10.05"),
        "50",
        "49.9999",
    ),
    Case("price_collar_bps", [], order("9", 1, "9.85", side="sell"), "50.5051", "50"),
    Case("price_collar_ticks", [], order("9", 1, "10.13"), "3", "2"),
    Case("spread_bps", [], order("9", 1), "200", "199"),
    Case("market_data_age_s", [], order("9", 1, at=1_500_000_000), "1.5", "1.499999999"),
    Case("order_rate", [order("1", 1), order("2", 1)], order("9", 1), "3", "2"),
    Case(
        "max_working_orders",
        [order("1", 1), report("1.1", "canceled"), order("2", 1)],
        order("9", 1),
        "2",
        "1",
    ),
    Case("max_daily_orders", [order(str(i), 1) for i in range(7)], order("9", 1), "8", "7", warns=True),
    Case("max_position", FILLED, order("9", 60), "80", "79", warns=True),
    Case("max_position_notional", FILLED, order("9", 60), "800", "799", warns=True),
    Case("max_position_notional", FILLED, order("9", 60), "640", "639", warns=True, more={"currency": "EUR"}),
    Case("short_sale", FILLED, order("9", 25, side="sell"), "5", "4"),
    Case("margin", FILLED, order("9", 60), "8", "7", warns=True),
    Case("gross_exposure", FILLED, order("9", 60, side="sell"), "400", "399", warns=True),
    Case("net_exposure", FILLED, order("9", 60), "800", "799", warns=True),
    Case("sector_exposure", FILLED, order("9", 60), "800", "799", warns=True),
    Case("max_daily_qty", FILLED, order("9", 60), "80", "79", warns=True),
    Case("max_daily_notional", FILLED, order("9", 60, "9.00"), "740", "739", warns=True),
    Case(
        "max_daily_notional",
        FILLED,
        order("9", 60, "9.00"),
        "592",
        "591",
        warns=True,
        more={"currency": "EUR"},
    ),
    Case("credit", [*FILLED, order("2", 5, side="sell")], order("9", 60, "9.00"), "740", "739", warns=True),
    Case("credit", FILLED, order("9", 60, "9.00"), "592", "591", warns=True, more=EUR),
    Case("gross_exposure", FILLED, order("9", 60, side="sell"), "320", "319", warns=True, more=EUR),
    Case("net_exposure", FILLED, order("9", 60), "640", "639", warns=True, more=EUR),
    Case("sector_exposure", FILLED, order("9", 60), "640", "639", warns=True, more=EUR),
    Case("min_cash", FILLED, order("9", 60, "9.00"), "9260", "9260.01"),
    Case("min_cash", FILLED, order("9", 60, "9.00"), "7408", "7408.01", more=EUR),
    Case(
        "order_trade_ratio",
        [*(order(f"m{i}", 1, f"{8 + i / 100:.2f}") for i in range(99)), trade("m0.1", "e1", 1, "8.00")],
        order("9", 1),
        "100",
        "99.99",
    ),
]
MONEY = (
    "max_order_notional",
    "max_position_notional",
    "gross_exposure",
    "net_exposure",
    "sector_exposure",
    "max_daily_notional",
    "credit",
    "margin",
    "min_cash",
    "daily_loss",
    "drawdown",
)


def declared(case: Case) -> list[Line]:
    return [
        {**x, "cash": "0"} if case.check in ("margin", "min_cash") and x.get("account") == "A2" else x
        for x in DECLARED
    ]


def limit(case: Case, value: str, scope: Line) -> Line:
    more = dict(case.more)
    if case.check in MONEY and "account" not in scope and scope.get("each") != "account":
        more.setdefault("currency", "USD")
    return {"type": "limit", "check": case.check, "value": value, **scope, **more}


def with_limit(case: Case, value: str, scope: Line, path: Path) -> list[Line]:
    """Set before anything happens: what is counted by day can't be counted afterwards. Margin is of all
    accounts'
    equity, and cash, where the scope doesn't say whose, so that the other account has none then."""
    out = play([*declared(case), limit(case, value, scope), *MARKET, *case.before, case.line], path)
    assert not [x for x in of_type(out, "deny") if x["cl_ord_id"] != "9"], "the lines before must pass"
    return out


def told_scope(scope: Line) -> Line:
    keys = {key: value for key, value in scope.items() if key != "each"}
    return keys | ({scope["each"]: KEYS[scope["each"]]} if "each" in scope else {})


@pytest.mark.parametrize("scope", SCOPES.values(), ids=list(SCOPES))
@pytest.mark.parametrize("case", CASES, ids=[f"{c.check}={c.value}" for c in CASES])
def test_more_is_denied_and_equal_passes(case: Case, scope: Line, tmp_path: Path) -> None:
    out = with_limit(case, case.value, scope, tmp_path)
    assert of_type(out, "deny") == [], "equal passes"
    out = play([*declared(case), limit(case, case.off, scope), *MARKET, *case.before, case.line], tmp_path)
    (denied,) = of_type(out, "deny")
    assert (denied["cl_ord_id"], denied["reason"]) == ("9", case.check)
    assert (denied["limit"], denied["value"]) == (case.off, case.value)
    assert denied["scope"] == told_scope(scope)
    assert "soft" not in denied


@pytest.mark.parametrize("scope", SCOPES.values(), ids=list(SCOPES))
@pytest.mark.parametrize(
    "case", [c for c in CASES if c.warns], ids=[f"{c.check}={c.value}" for c in CASES if c.warns]
)
def test_warns_at_70_and_at_90_percent(case: Case, scope: Line, tmp_path: Path) -> None:
    for part, expected in ((Decimal("0.7"), ["limit_70"]), (Decimal("0.9"), ["limit_70", "limit_90"])):
        bound = Decimal(case.value) / part
        text = format(bound.quantize(Decimal("1")), "f")
        reached = Decimal(case.value) / Decimal(text)
        want = [f"limit_{p}" for p in (70, 90) if reached * 100 >= p]
        out = with_limit(case, text, scope, tmp_path)
        alerts = of_type(out, "alert")
        assert [x["reason"] for x in alerts] == want, (expected, text)
        for alert in alerts:
            assert (alert["level"], alert["check"], alert["limit"]) == ("warn", case.check, text)
            assert alert["scope"] == told_scope(scope)
            if alert["line"] == len(DECLARED) + 1 + len(MARKET) + len(case.before) + 1:
                assert alert["value"] == case.value


@pytest.mark.parametrize("case", CASES, ids=[f"{c.check}={c.value}" for c in CASES])
def test_another_scope_is_left_alone(case: Case, tmp_path: Path) -> None:
    for scope in (
        {"account": "A2"},
        {"symbol": "FUT"},
        {"strategy": "Q"},
        {"session": "Q"},
        {"sector": "oil"},
    ):
        out = play(
            [
                *DECLARED,
                limit(case, "0.000001" if case.check not in COUNTS else "0", scope),
                *MARKET,
                *case.before,
                case.line,
            ],
            tmp_path,
        )
        assert of_type(out, "deny", "alert") == []


COUNTS = ("order_rate", "max_working_orders", "max_daily_orders")


@pytest.mark.parametrize("case", CASES, ids=[f"{c.check}={c.value}" for c in CASES])
def test_soft_says_so_and_an_override_lifts_it_for_a_while(case: Case, tmp_path: Path) -> None:
    soft = {**limit(case, case.off, {"account": "A1"}), "soft": True}
    lift = {
        "type": "override",
        "check": case.check,
        "value": case.value,
        "by": "ann",
        "account": "A1",
        "until": "1970-01-01T00:01:00Z",
    }
    again = {**case.line, "cl_ord_id": "10"}
    lines = [*DECLARED, soft, *MARKET, *case.before, case.line]
    (denied,) = of_type(play(lines, tmp_path), "deny")
    assert denied["soft"] is True
    out = play([*lines, lift, again], tmp_path)
    (alert,) = [x for x in of_type(out, "alert") if x["reason"] == "override"]
    assert (alert["level"], alert["check"], alert["scope"]) == ("warn", case.check, {"account": "A1"})
    assert (alert["limit"], alert["value"]) == (case.off, case.value)
    assert len(of_type(out, "deny")) == 1, "it passes while it is lifted"
    late = {**again, "at": 60 * SECOND}
    if case.check not in ("order_rate", "market_data_age_s"):
        (_, denied) = of_type(play([*lines, lift, late], tmp_path), "deny")
        assert (denied["limit"], denied["value"]) == (case.off, case.value)


def one_deny(lines: list[Any], path: Path) -> Line:
    (denied,) = of_type(play(lines, path), "deny")
    return denied


def test_min_cash_counts_working_buys_and_leaves_sells_alone(tmp_path: Path) -> None:
    """10,000 less 20 x 10 filled, less 60 x 9 working: 9,260 are left."""
    lines = [*FILLED, order("9", 60, "9.00")]
    for value, denies in (("9260", False), ("9260.01", True)):
        cash = {"type": "limit", "check": "min_cash", "value": value, "account": "A1"}
        found = of_type(play([*DECLARED, cash, *MARKET, *lines], tmp_path), "deny")
        assert [(x["limit"], x["value"]) for x in found] == ([(value, "9260")] if denies else [])
    high = {"type": "limit", "check": "min_cash", "value": "20000", "account": "A1"}
    sells = [order("9", 60, side="sell"), order("8", 1, "100.0", symbol="FUT")]
    assert of_type(play([*DECLARED, high, *MARKET, *sells], tmp_path), "deny") == []


def test_a_missing_mark_or_rate_is_denied_and_never_worth_nothing(tmp_path: Path) -> None:
    for check in ("max_position_notional", "margin", "gross_exposure", "net_exposure", "sector_exposure"):
        bound = {"type": "limit", "check": check, "value": "1000000", "account": "A1"}
        denied = one_deny([*DECLARED, bound, order("1", 1)], tmp_path)
        assert (denied["reason"], denied["limit"], denied["value"]) == (check, "1000000", "")
    for check in ("max_order_notional", "max_position_notional", "max_daily_notional", "credit"):
        foreign = {"type": "limit", "check": check, "value": "1000000", "currency": "JPY"}
        denied = one_deny([*DECLARED, foreign, *MARKET, order("1", 1)], tmp_path)
        assert (denied["reason"], denied["limit"], denied["value"]) == ("no_fx_rate", "", "")
    for check in ("spread_bps", "market_data_age_s"):
        bound = {"type": "limit", "check": check, "value": "5", "account": "A1"}
        denied = one_deny([*DECLARED, bound, order("1", 1)], tmp_path)
        assert (denied["reason"], denied["limit"], denied["value"]) == (check, "5", "")


def test_the_first_that_fails_is_the_reason_whatever_was_declared_first(tmp_path: Path) -> None:
    """By the order of the table, then by declaration, over all scopes that the order is in."""
    limits = [
        {"type": "limit", "check": "credit", "value": "1", "account": "A1"},
        {"type": "limit", "check": "max_position", "value": "1", "symbol": "AAA"},
        {"type": "limit", "check": "max_position", "value": "2", "account": "A1"},
        {"type": "limit", "check": "max_order_notional", "value": "3", "account": "A1"},
        {"type": "limit", "check": "max_order_qty", "value": "4"},
    ]
    reasons = []
    while limits:
        reasons.append(one_deny([*DECLARED, *limits, *MARKET, order("9", 10)], tmp_path))
        limits = [
            x for x in limits if (x["check"], x["value"]) != (reasons[-1]["reason"], reasons[-1]["limit"])
        ]
    assert [x["reason"] for x in reasons] == [
        "max_order_qty",
        "max_order_notional",
        "max_position",
        "max_position",
        "credit",
    ]
    assert [x["limit"] for x in reasons][2:4] == ["1", "2"]
