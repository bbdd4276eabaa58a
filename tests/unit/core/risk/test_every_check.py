"""Every check of the core's table, in every scope that a limit can have, in every unit: none is left out.

Those that deny by a number are in test_checks. Here: those whose limit is a word or a time, and those that
act otherwise than by denying.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from core.scenario.schema import CHECK_WORDS, CHECKS, MONEY_CHECKS, TYPES
from tests.unit.core.risk.desk import DECLARED, MARKET, Line, of_type, order, play, trade
from tests.unit.core.risk.test_checks import CASES, EUR, SCOPES, told_scope

SECOND = 10**9
WARNING = {
    "max_daily_orders", "max_position", "max_position_notional", "margin", "gross_exposure", "net_exposure",
    "sector_exposure", "max_daily_qty", "max_daily_notional", "credit", "daily_loss", "drawdown",
}  # fmt: skip
"""Those with a dagger in SCENARIOS' table."""


class Word(NamedTuple):
    """What a limit lets pass and what it denies; `told`: the denial's value."""

    check: str
    before: list[Line]
    line: Line
    passes: str
    denies: str
    told: str


class Act(NamedTuple):
    """What a limit does when it is exceeded; `equal`: at that value it doesn't yet."""

    check: str
    lines: list[Line]
    equal: str
    beyond: str
    value: str
    level: str
    more: Line = {}  # noqa: RUF012 - of the limit; nobody changes it


MEETS = order("8", 5, "9.90", side="sell")
WORDS = [
    Word("restricted", [], order("9", 1), "0", "1", "1"),
    Word("permission", [], order("9", 1), "buy", "sell", "buy"),
    Word("permission", [], order("9", 1), "buy", "none", "buy"),
    Word("permission", [], order("9", 1, side="sell"), "sell", "buy", "sell"),
    *(Word("self_trade", [MEETS], order("9", 1), "", word, "") for word in ("cancel_newest", "cancel_both")),
    Word("duplicate_content", [order("8", 1)], order("9", 1, at=2 * SECOND), "2", "2.1", "2"),
]
BOUGHT = [order("1", 20, "10.50"), trade("1.1", "e1", 20, "10.50")]
EVEN = [order("1", 20), trade("1.1", "e1", 20, "10.00")]
LOST = [
    *EVEN,
    order("2", 2, "9.50", side="sell"),
    trade("2.1", "e2", 1, "9.50"),
    trade("2.1", "e3", 1, "9.50"),
]
FALLS = {"type": "mark", "symbol": "AAA", "px": "9.50"}
CANCELS = [
    line
    for i in (1, 2)
    for line in (order(str(i), 1), {"type": "cancel", "orig_cl_ord_id": str(i), "cl_ord_id": f"c{i}"})
]
ACTS = [
    Act("repeated_execution", LOST, "3", "2", "3", "halt"),
    Act("cancel_rate", CANCELS, "2", "1", "2", "warn"),
    Act("max_daily_cancels", CANCELS, "2", "1", "2", "warn"),
    Act("daily_loss", BOUGHT, "10", "9.99", "10", "halt"),
    Act("daily_loss", BOUGHT, "8", "7.99", "8", "halt", EUR),
    Act("drawdown", [*EVEN, FALLS], "10", "9.99", "10", "halt"),
    Act("drawdown", [*EVEN, FALLS], "8", "7.99", "8", "halt", EUR),
    Act("losing_streak", LOST, "2", "1", "2", "halt"),
]
PROTECTED = "market_protection_bps"
scopes = pytest.mark.parametrize("scope", SCOPES.values(), ids=list(SCOPES))


def limit(check: str, value: str, scope: Line, more: Line) -> Line:
    line = {"type": "limit", "check": check, "value": value, **scope, **more}
    if check in MONEY_CHECKS and "account" not in scope and scope.get("each") != "account":
        line.setdefault("currency", "USD")
    return line


@scopes
@pytest.mark.parametrize("case", WORDS, ids=[f"{c.check}={c.denies}" for c in WORDS])
def test_a_word_passes_or_denies(case: Word, scope: Line, tmp_path: Path) -> None:
    lines = [*MARKET, *case.before, case.line]
    bound = limit(case.check, case.denies, scope, {})
    (denied,) = of_type(play([*DECLARED, bound, *lines], tmp_path), "deny")
    assert (denied["cl_ord_id"], denied["reason"]) == (case.line["cl_ord_id"], case.check)
    assert (denied["limit"], denied["value"]) == (case.denies, case.told)
    assert denied["scope"] == told_scope(scope)
    if case.passes:
        bound = limit(case.check, case.passes, scope, {})
        assert of_type(play([*DECLARED, bound, *lines], tmp_path), "deny") == []
    else:
        alone = [*MARKET, case.line]
        assert of_type(play([*DECLARED, bound, *alone], tmp_path), "deny") == []


@scopes
@pytest.mark.parametrize("word", ["cancel_oldest", "decrement"])
def test_a_word_that_lets_pass_acts_on_the_other(word: str, scope: Line, tmp_path: Path) -> None:
    bound = limit("self_trade", word, scope, {})
    out = play([*DECLARED, bound, *MARKET, MEETS, order("9", 1)], tmp_path)
    assert of_type(out, "deny") == []
    (other,) = [x for x in of_type(out, "order") if x["cl_ord_id"] == "8"][1:]
    assert other["exec_type"] == ("pending_cancel" if word == "cancel_oldest" else "pending_replace")


@scopes
@pytest.mark.parametrize("case", ACTS, ids=[f"{c.check}={c.value}" for c in ACTS])
def test_what_acts_does_so_beyond_its_limit_and_not_at_it(case: Act, scope: Line, tmp_path: Path) -> None:
    def heard(value: str) -> list[Line]:
        out = play([*DECLARED, limit(case.check, value, scope, case.more), *MARKET, *case.lines], tmp_path)
        assert of_type(out, "deny") == []
        return out

    equal = heard(case.equal)
    assert of_type(equal, "risk_state") == []
    assert [x for x in of_type(equal, "alert") if x["reason"] == case.check] == []
    warned = [x["reason"] for x in of_type(equal, "alert")]
    assert warned == (["limit_70", "limit_90"] if case.check in WARNING else [])
    beyond = heard(case.beyond)
    (alert,) = [x for x in of_type(beyond, "alert") if x["reason"] == case.check]
    assert (alert["level"], alert["check"], alert["limit"]) == (case.level, case.check, case.beyond)
    assert (alert["value"], alert["scope"]) == (case.value, told_scope(scope))
    states = [x["state"] for x in of_type(beyond, "risk_state")]
    assert states == (["halted"] if case.level == "halt" else [])


@scopes
def test_protection_is_of_the_scopes_market_orders(scope: Line, tmp_path: Path) -> None:
    market = order("9", 1, None, ord_type="market")
    (sent,) = of_type(play([*DECLARED, limit(PROTECTED, "50", scope, {}), *MARKET, market], tmp_path), "send")
    assert (sent["ord_type"], sent["time_in_force"], sent["price"]) == ("limit", "ioc", "10.15")
    for other in ({"account": "A2"}, {"symbol": "FUT"}, {"strategy": "Q"}, {"session": "Q"}):
        lines = [*DECLARED, limit(PROTECTED, "50", other, {}), *MARKET, market]
        (sent,) = of_type(play(lines, tmp_path), "send")
        assert (sent["ord_type"], "price" in sent) == ("market", False)


# ---- none is left out ------------------------------------------------------------------------------------


def test_every_check_has_a_case() -> None:
    here = [case.check for case in (*CASES, *WORDS, *ACTS)] + [PROTECTED]
    assert set(here) == set(CHECKS)


def test_every_scope_that_a_limit_can_have_is_played() -> None:
    keys = TYPES["limit"]
    alone = {next(iter(scope)) for scope in SCOPES.values() if len(scope) == 1}
    assert alone >= {"account", "strategy", "symbol", "venue", "session", "sector"}
    assert alone - {"each"} <= set(keys)
    each = {scope["each"] for scope in SCOPES.values() if "each" in scope}
    assert each == set(keys["each"].kind.choices)
    named = {key for key, key_ in keys.items() if key_.default is None and key in ("account", *KEYS)}
    assert named == {key for scope in SCOPES.values() for key in scope} - {"each"}


KEYS = ("strategy", "symbol", "venue", "session", "sector")


def test_every_word_is_played() -> None:
    played = {(case.check, word) for case in WORDS for word in (case.passes, case.denies)}
    played |= {("self_trade", word) for word in ("cancel_oldest", "decrement")}
    assert played >= {(check, word) for check, words in CHECK_WORDS.items() for word in words}


def test_all_money_is_played_in_the_accounts_currency_and_in_another() -> None:
    for other in (False, True):
        found = {c.check for c in (*CASES, *ACTS) if (c.more.get("currency") == "EUR") is other}
        assert found >= MONEY_CHECKS


def test_all_that_warns_is_seen_to_warn() -> None:
    seen = {case.check for case in CASES if case.warns}
    assert seen | {case.check for case in ACTS if case.check in WARNING} == WARNING
