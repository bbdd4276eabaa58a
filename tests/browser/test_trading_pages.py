"""Desk and risk: what is drawn and summed there is what the core, and the engine beside it, say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from periphery.view.topics import Topic
from periphery.websocket.outputs import Outputs
from tests.browser.browser import go, open_page
from tests.browser.floor import Floor
from tests.browser.test_asking_pages import cells, number, order_of, quoted, rows, tell
from tests.integration.live_core import until
from tests.support_backend import PASSWORD

WAIT_S = 90.0
QTY = 60_000
METHODS = {"historical": "historical", "normal": "normal", "monte carlo": "monte_carlo"}


@pytest.fixture(scope="module")
def page(browser: Browser, floor: Floor) -> Iterator[Page]:
    """anna's; B2 holds something, and an order of its works far below the market."""
    until(lambda: quoted(floor), "both venues quote", WAIT_S)
    send(floor, "buy", QTY, ord_type="market", time_in_force="ioc")
    send(floor, "buy", 12_000, price="1.00000", time_in_force="gtc")
    found = open_page(browser, floor.url, "anna", PASSWORD)
    yield found
    found.context.close()


def send(floor: Floor, side: str, qty: int, **more: str) -> None:
    """An order of B2's, once it works or has ended."""
    body = {"account": "B2", "symbol": "EURUSD", "side": side, "order_qty": str(qty)} | more
    sent = floor.backend.must("anna", "POST", "/orders", body, Idempotency_Key=f"trading-{side}-{qty}")
    became = ("filled", "canceled") if more.get("time_in_force") == "ioc" else ("new",)
    until(
        lambda: order_of(floor, sent).get("ord_status") in became,
        f"the order of {qty} is one of {became}",
        WAIT_S,
    )


def cancel_all(floor: Floor) -> None:
    """B2 has no order any more."""
    floor.backend.must("anna", "POST", "/orders/cancel", {"account": "B2"})
    until(lambda: not tell(floor, "/orders?account=B2")["orders"], "none of B2's orders works", WAIT_S)


def held(floor: Floor) -> dict[str, Any]:
    (row,) = tell(floor, "/positions?account=B2")["positions"]
    return dict(row)


def test_prices_of_the_ladder_stand_still_while_the_market_moves(page: Page) -> None:
    go(page, "desk")
    prices = page.get_by_role("table", name="Ladder of EURUSD").locator("td.px")
    prices.first.wait_for()
    page.keyboard.press("c")
    stood = 0
    before = prices.all_inner_texts(), page.get_by_test_id("quote").inner_text()
    while stood < 3:
        expect(page.get_by_test_id("quote")).not_to_have_text(before[1])
        now = prices.all_inner_texts(), page.get_by_test_id("quote").inner_text()
        stood = stood + 1 if now[0] == before[0] else 0  # it went out of the window: centred anew
        before = now
    steps = {round(float(a) - float(b), 5) for a, b in zip(before[0], before[0][1:], strict=False)}
    assert steps == {0.00001}


def test_own_orders_and_fills_are_in_the_chart_and_in_the_ladder(page: Page, floor: Floor) -> None:
    go(page, "desk")
    chart = page.get_by_role("group", name="Chart of EURUSD")
    expect(chart.locator("canvas").first).to_be_visible()
    expect(chart).to_have_attribute("data-bars", re.compile(r"^[1-9]"))
    expect(chart).to_have_attribute("data-lines", re.compile(r"buy 12,000 at 1(;|$)"))

    def fills() -> bool:
        known = page.evaluate("() => nacre.store.tables.fills.rows.size")
        return known >= 1 and chart.get_attribute("data-fills") == str(known)

    until(fills, "each fill that the page knows is in the chart", WAIT_S)
    with floor.feed.paused():
        _near(page, floor)


def _near(page: Page, floor: Floor) -> None:
    """An order a tick below the best bid stands beside it."""
    levels = tell(floor, "/market/levels?symbol=EURUSD")["levels"]
    bid = max(float(row["px"]) for row in levels if row["side"] == "bid") - 0.00001
    send(floor, "buy", 13_000, price=f"{bid:.5f}", time_in_force="day")
    row = page.locator(".ladder tr", has=page.locator("td.px", has_text=f"{bid:.5f}"))
    page.keyboard.press("c")
    expect(row.locator("td.mine").first).to_have_text("13,000")
    cancel_all(floor)
    expect(row.locator("td.mine").first).to_have_text("")


def test_positions_and_profit_are_the_core_s(page: Page, floor: Floor) -> None:
    go(page, "desk")
    with floor.feed.paused():
        _position_and_equity(page, floor)


def _position_and_equity(page: Page, floor: Floor) -> None:
    row = page.get_by_role("grid", name="Positions").get_by_role("row").filter(has_text="B2")

    def shown() -> dict[str, float]:
        of = {"Qty": "qty", "Unrealized": "unrealized_pnl", "Realized": "realized_pnl", "Fees": "fees"}
        return {key: number(row.locator(f"[col-id='{head}']").inner_text()) for head, key in of.items()}

    until(
        lambda: all(abs(value - float(held(floor)[key])) < 0.006 for key, value in shown().items()),
        "the position is the core's",
        WAIT_S,
    )

    account = rows(page, "Accounts").filter(has_text="B2")
    account.wait_for()

    def equities() -> tuple[float, float]:
        told = {each["account"]: each["equity"] for each in tell(floor, "/pnl")["accounts"]}
        return number(cells(account)[1]), float(told["B2"])

    def agree() -> bool:
        shown_equity, told_equity = equities()
        return abs(shown_equity - told_equity) < 0.006

    until(agree, "the account's equity is the core's", WAIT_S)


def used_of(floor: Floor) -> dict[str, Any]:
    """What is used of B2's limit of its position: working orders count, too."""
    told = tell(floor, "/limits")["usage"]
    return next(row for row in told if (row["check"], row.get("account")) == ("max_position", "B2"))


@pytest.mark.parametrize(("part", "tone"), [(0.5, "bar"), (0.75, "bar warn"), (0.95, "bar bad")])
def test_a_limit_s_bar_says_what_is_used_of_it(page: Page, floor: Floor, part: float, tone: str) -> None:
    go(page, "risk")
    limit = {"check": "max_position", "account": "B2", "symbol": "EURUSD", "why": "a test"}
    known = [row for row in tell(floor, "/limits")["usage"] if row.get("account") == "B2"]
    used = next((row["used"] for row in known if row["check"] == "max_position"), held(floor)["qty"])
    floor.backend.must("anna", "POST", "/limits", limit | {"value": str(round(float(used) / part))})
    bar = page.get_by_role("meter", name="max position, account B2, symbol EURUSD")
    expect(bar).to_have_class(tone)

    def right() -> bool:
        told = used_of(floor)["percent"]
        return (
            abs(float(str(bar.get_attribute("aria-valuenow"))) - told) < 0.01 and abs(told - part * 100) < 1
        )

    until(right, "the bar is as full as the limit is used", WAIT_S)


def test_exposures_are_positions_at_the_mid(page: Page, floor: Floor) -> None:
    go(page, "risk")
    row = rows(page, "Exposures").filter(has_text="B2").first
    row.wait_for()

    def right() -> bool:
        levels = tell(floor, "/market/levels?symbol=EURUSD")["levels"]
        bid = max(float(each["px"]) for each in levels if each["side"] == "bid")
        ask = min(float(each["px"]) for each in levels if each["side"] == "ask")
        return abs(number(cells(row)[3]) - float(held(floor)["qty"]) * (bid + ask) / 2) < 0.01

    with floor.feed.paused():
        until(right, "the exposure is the position at the mid", WAIT_S)


def test_value_at_risk_is_what_the_engine_said_last(page: Page, floor: Floor) -> None:
    go(page, "risk")
    table = rows(page, "Value at risk").filter(has_text="B2")
    expect(table).to_have_count(3, timeout=WAIT_S * 1000)
    outputs = Outputs("risk", floor.said["risk"], lambda change: None)

    def right() -> bool:
        while outputs.poll():
            pass
        (said,) = outputs.now[Topic("engine", "risk:B2")].values()
        told = {cells(each)[1]: each for each in table.all()}
        return all(
            abs(number(cells(told[shown])[4]) - said[name]["var"]) < 0.006 for shown, name in METHODS.items()
        )

    with floor.feed.paused():
        until(right, "it shows the engine's figures", WAIT_S)


def test_what_a_kill_would_meet_is_counted_by_account(page: Page, floor: Floor) -> None:
    send(floor, "sell", 14_000, price="1.90000", time_in_force="gtc")
    go(page, "risk")
    live = tell(floor, "/orders?account=B2")["orders"]
    row = rows(page, "What a kill would meet").filter(has_text="B2")
    expect(row.locator("td").nth(1)).to_have_text(str(len(live)))
    page.get_by_role("button", name="Kill B2…").click()
    count = f"{len(live)} order" + ("" if len(live) == 1 else "s")
    expect(page.get_by_role("button", name=f"Kill account B2: cancel {count}")).to_be_enabled()
    page.keyboard.press("Escape")
    cancel_all(floor)


@pytest.mark.parametrize(
    ("live", "name", "colour"), [(True, "LIVE", "rgb(179, 33, 28)"), (False, "SIM", "rgb(29, 79, 145)")]
)
def test_live_is_red_and_simulated_blue(page: Page, live: bool, name: str, colour: str) -> None:
    page.route("**/now", lambda route: route.fulfill(json=route.fetch().json() | {"live": live}))
    mode = page.locator(".mode")
    expect(mode).to_have_text(name)
    expect(mode).to_have_css("background-color", colour)
    expect(page.locator(".shell")).to_have_css("border-top-color", colour)
    page.unroute("**/now")
