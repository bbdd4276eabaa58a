"""Pages that ask the backend: each shows what the interface tells, and does one thing that it is for."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.browser import go, open_page
from tests.browser.floor import Floor
from tests.integration.live_core import until
from tests.support_backend import PASSWORD, UNHURRIED_S

QUOTED_S = 60.0
NEWER = "2001-01-01"
SHOWN = ("core sequencer", "core gateways", "periphery websocket", "infrastructure database")


@pytest.fixture(scope="module")
def page(browser: Browser, floor: Floor) -> Iterator[Page]:
    """anna's. The market stands still: what is shown and what is told are of the same event."""
    found = open_page(browser, floor.url, "anna", PASSWORD)
    until(lambda: quoted(floor), "both venues quote", QUOTED_S)
    floor.feed.pause()
    yield found
    floor.feed.go_on()
    found.context.close()


@pytest.fixture(autouse=True)
def nothing_went_wrong(page: Page) -> Iterator[None]:
    yield
    assert page.said == []  # type: ignore[attr-defined]


def quoted(floor: Floor) -> bool:
    told = floor.backend.must("anna", "GET", "/market/levels?symbol=EURUSD")["levels"]
    return {row["venue"] for row in told} == {"FXCM", "OANDA"}


def tell(floor: Floor, path: str, user: str = "anna") -> Any:
    return floor.backend.must(user, "GET", path)


def rows(page: Page, table: str) -> Locator:
    return page.get_by_role("table", name=table).locator("tbody tr")


def cells(row: Locator) -> list[str]:
    return [text.strip() for text in row.locator("td").all_inner_texts()]


def number(text: str) -> float:
    return float(text.replace(",", "").replace("%", "").split()[0])


def order_of(floor: Floor, sent: dict[str, Any]) -> dict[str, Any]:
    """How it is; nothing while the core doesn't say so yet."""
    answer = floor.backend.ask("anna", "GET", f"/orders/{sent['cl_ord_id']}")
    return dict(answer.json()) if answer.ok else {}


def traded(floor: Floor, qty: str) -> dict[str, Any]:
    """An order of B2's that is filled at once."""
    body = {
        "account": "B2", "symbol": "EURUSD", "side": "buy", "order_qty": qty, "ord_type": "market",
        "time_in_force": "ioc",
    }  # fmt: skip
    sent = floor.backend.must("anna", "POST", "/orders", body, Idempotency_Key=f"asking-{qty}")
    told: dict[str, Any] = until(
        lambda: (found := order_of(floor, sent)).get("ord_status") == "filled" and found,
        "the order is filled",
        UNHURRIED_S,
    )
    return told


def hop(floor: Floor, place: str) -> int:
    """The median hop in ns of a place, once an event's was taken: one in 61 is, and not all take every kind,
    so orders come meanwhile."""
    numbers = itertools.count()
    body = {"account": "A1", "symbol": "EURUSD", "side": "buy", "order_qty": "1000", "ord_type": "limit",
            "price": "0.50000", "time_in_force": "ioc"}  # fmt: skip

    def timed() -> dict[str, Any] | bool:
        [row] = [
            row for row in tell(floor, "/engines/map")["places"] if f"{row['tier']} {row['name']}" == place
        ]
        if not row["timed"]:
            key = f"asking-timed-{next(numbers)}"
            floor.backend.ask("anna", "POST", "/orders", body, {"Idempotency-Key": key})
        return row["timed"] > 0 and row

    return int(until(timed, f"an event of {place} is timed", UNHURRIED_S)["hop_p50_ns"])


def test_the_map_has_every_engine_with_its_state(page: Page, floor: Floor) -> None:
    go(page, "engines")
    boxes = page.locator("[data-place]")
    told = {f"{row['tier']} {row['name']}": row for row in tell(floor, "/engines/map")["places"]}
    expect(boxes).to_have_count(len(told))
    assert len(told) >= 25

    def differ() -> list[tuple[str, str, str]]:
        states = {
            f"{row['tier']} {row['name']}": row["state"] for row in tell(floor, "/engines/map")["places"]
        }
        classes = {
            name: page.locator(f"[data-place='{name}']").get_attribute("class") or "" for name in SHOWN
        }
        return [
            (name, classes[name], states[name]) for name in SHOWN if states[name] not in classes[name].split()
        ]

    until(lambda: not differ(), "each is shown in the state that is told", UNHURRIED_S)
    page.locator("[data-place='core router']").click()
    detail = page.get_by_role("region", name="router (core)")
    expect(detail.get_by_text(told["core router"]["does"])).to_be_visible()
    assert hop(floor, "core router") > 0
    rings = {row["ring"]: row for row in tell(floor, "/engines/map")["rings"]}
    expect(rows(page, "Rings")).to_have_count(len(rings))
    for row in rows(page, "Rings").all():
        name, taken_by, _bar, _used, slots, _full = cells(row)
        assert (taken_by, number(slots)) == (rings[name]["taken_by"], rings[name]["capacity"])


def cost_of(floor: Floor, order: dict[str, Any]) -> dict[str, Any]:
    """Of a filled order, once who reads the journal has all its fills."""

    def whole() -> dict[str, Any] | None:
        for row in tell(floor, "/tca/orders")["orders"]:
            filled = sum(float(leg["filled_qty"]) for leg in row["legs"])
            if row["cl_ord_id"] == order["cl_ord_id"] and filled == float(order["order_qty"]):
                return dict(row)
        return None

    return dict(until(whole, "the order's cost is known", UNHURRIED_S))


def test_costs_are_those_that_the_journal_has(page: Page, floor: Floor) -> None:
    told = cost_of(floor, order := traded(floor, "30000"))
    go(page, "execution")
    row = page.locator(".ag-row", has=page.get_by_text(order["cl_ord_id"], exact=True)).first
    row.wait_for()
    for head, figure in (("Arrival", "arrival_bps"), ("Shortfall", "shortfall_bps")):
        assert number(row.locator(f"[col-id='{head}']").inner_text()) == pytest.approx(
            told[figure], abs=0.006
        )
    row.click()
    page.get_by_role("region", name=f"Routing of {order['cl_ord_id']}").wait_for()
    expect(rows(page, "Routing")).to_have_count(len(told["legs"]))
    went = {cells(each)[0]: number(cells(each)[3]) for each in rows(page, "Routing").all()}
    assert went == {leg["venue"]: leg["filled_qty"] for leg in told["legs"]}
    costs = tell(floor, "/tca")
    [total] = costs["total"]
    shown = page.get_by_test_id("total-USD")
    shown.wait_for()
    facts = dict(
        zip(shown.locator("dt").all_inner_texts(), shown.locator("dd").all_inner_texts(), strict=True)
    )
    assert number(facts["Orders"]) == total["orders"]
    assert number(facts["Arrival slippage"]) == pytest.approx(total["arrival_bps"], abs=0.006)
    by_venue = {row["venue"]: row for row in costs["venue"]}
    expect(rows(page, "Costs by venue")).to_have_count(2)
    for each in rows(page, "Costs by venue").all():
        venue, state, *_ = shown_cells = cells(each)
        assert state == "up"
        if venue in by_venue:
            assert number(shown_cells[5]) == by_venue[venue]["fills"]


def test_an_answer_that_comes_late_does_not_take_a_newer_one_s_place(page: Page) -> None:
    """It was asked before what was done since: the first answer is held until the second one is shown."""
    asked: list[Route] = []

    def answer(route: Route) -> None:
        asked.append(route)
        if len(asked) > 1:
            route.fulfill(json=route.fetch().json() | {"until": f"{NEWER}T00:00:00+00:00"})

    go(page, "audit")
    page.route("**/tca", answer)
    go(page, "execution")
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text(f"until {NEWER}")).to_be_visible()
    with page.expect_response("**/tca"):
        asked[0].fulfill(json=asked[0].fetch().json() | {"until": "2000-01-01T00:00:00+00:00"})
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert page.get_by_text(f"until {NEWER}").count() == 1
    page.unroute("**/tca")


def test_a_break_is_found_booked_by_two_and_gone(page: Page, floor: Floor) -> None:
    held = next((row["qty"] for row in tell(floor, "/positions?account=B2")["positions"]), "0")
    theirs = f"B2,EURUSD,{int(held) + 700}"
    go(page, "reconciliation")
    page.keyboard.press("n")
    page.get_by_role("textbox", name="Theirs").fill(theirs)
    compare(page)
    page.get_by_role("button", name="Break B2/EURUSD").click()
    [told] = [row for row in tell(floor, "/reconciliation/breaks")["breaks"] if row["id"] == "B2/EURUSD"]
    shown = cells(rows(page, "Breaks").filter(has=page.get_by_role("button", name="Break B2/EURUSD")))
    assert [number(text) for text in shown[3:6]] == [
        float(told[key]) for key in ("ours", "theirs", "difference")
    ]
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("b")
    page.get_by_label("Price").fill("1.38000")
    page.get_by_label("Why").fill("their fill of last night")
    page.get_by_role("button", name="Ask for it").click()
    booking = rows(page, "Bookings").first
    expect(booking.get_by_role("button", name="Approve")).to_be_disabled()
    [asked] = [row for row in tell(floor, "/approvals?state=pending")["approvals"] if row["kind"] == "book"]
    floor.backend.must("bert", "POST", f"/approvals/{asked['id']}/approve", {})
    expect(booking).to_contain_text("bert")
    page.keyboard.press("n")
    page.get_by_role("textbox", name="Theirs").fill(theirs)
    compare(page)
    expect(page.get_by_test_id("breaks-open")).to_contain_text("0 open")


def compare(page: Page) -> None:
    """The statement in the dialog with our books; the dialog goes when that was answered."""
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


STATEMENTS = {
    "A1,EURUSD,250000\nA1,USD,-9.75": "2 rows of A1",
    "account,symbol,quantity\nA1,EURUSD,1": "1 row of A1",
    'Position;Ticker;Account\n"1,250,000";EURUSD;A1\n(300);EURUSD;B2': "2 rows of A1, B2",
    "symbol\tbalance\tcurrency code\tacct\r\nUSD\t+12.5\tUSD\tB2\r\n": "1 row of B2",
    "A1,EURUSD,250000\nA1,EURUSD,many": "can't be read: row 2: A1,EURUSD,many",
    "A1,EURUSD,1,2": "can't be read: row 1: A1,EURUSD,1,2",
    "account,quantity\nA1,1": "can't be read: the head names no symbol: account, quantity",
    "account,symbol,quantity": "can't be read: there are no rows below the head",
}


def test_a_statement_is_read_as_it_comes_and_what_can_t_be_read_is_named(page: Page) -> None:
    go(page, "reconciliation")
    page.keyboard.press("n")
    for text, told in STATEMENTS.items():
        page.get_by_role("textbox", name="Theirs").fill(text)
        expect(page.get_by_test_id("theirs-read")).to_have_text(told)
    page.keyboard.press("Escape")


AUDITED = "/audit/search?path=/reconciliation&refused=false&most=200"


def compared(floor: Floor) -> None:
    """B2's position with itself, once that is in the audit: a request is recorded after its answer."""
    before = len(tell(floor, AUDITED)["rows"])
    held = next((row["qty"] for row in tell(floor, "/positions?account=B2")["positions"]), "0")
    same = {"rows": [{"account": "B2", "symbol": "EURUSD", "qty": held}]}
    floor.backend.must("anna", "POST", "/reconciliation", same, Idempotency_Key="asking-compared")
    until(lambda: len(tell(floor, AUDITED)["rows"]) > before, "the audit has it", UNHURRIED_S)


def test_the_audit_is_searched(page: Page, floor: Floor) -> None:
    compared(floor)
    go(page, "audit")
    page.get_by_label("Path has").fill("/reconciliation")
    page.get_by_label("Became").select_option("done")
    page.get_by_role("button", name="Search").click()
    told = tell(floor, AUDITED)["rows"]
    expect(rows(page, "Audit")).to_have_count(len(told))
    for row, said in zip(rows(page, "Audit").all(), told, strict=True):
        n, at, who, _via, address, action, path, status, _sent = cells(row)
        assert (int(n), who, address, action, path, int(status)) == tuple(
            said[key] for key in ("n", "who", "address", "action", "path", "status")
        )
        assert at == datetime.fromtimestamp(said["time_ns"] // 10**9).strftime("%Y-%m-%d %H:%M:%S")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("v")
    expect(page.get_by_text("every row is what was written")).to_be_visible()


def test_a_strategy_is_started_told_and_stopped(page: Page, floor: Floor) -> None:
    go(page, "strategies")
    page.keyboard.press("n")
    page.get_by_label("File").select_option("hears.py")
    page.get_by_role("dialog").get_by_label("Parameters").fill("qty=3")
    page.get_by_role("button", name="Start", exact=True).click()
    row = rows(page, "Strategies").filter(has=page.get_by_role("button", name="Strategy hears"))
    expect(row).to_contain_text("connected")
    page.get_by_label("Parameters").fill("qty=7")
    page.get_by_role("button", name="Set", exact=True).click()
    log = page.get_by_role("region", name="Log")
    expect(log).to_contain_text(re.compile(r"^\d\d:\d\d:\d\d\.\d{3}  hears  qty=7$", re.MULTILINE))

    def alike() -> bool:
        [told] = [each for each in tell(floor, "/strategies")["strategies"] if each["session"] == "hears"]
        said = [str(json.loads(line).get("message", "")) for line in told["log"]]
        shown = log.inner_text().strip().splitlines()
        return len(shown) == len(said) and all(map(str.__contains__, shown, said))

    until(alike, "the log is the strategy's, line by line", UNHURRIED_S)
    page.get_by_label("Signal's name").fill("target")
    page.get_by_label("Signal's value").fill("0.25")
    page.get_by_role("button", name="Say", exact=True).click()
    said = rows(page, "Signals").first
    expect(said).to_contain_text("target")
    assert number(cells(said)[3]) == 0.25
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("button", name="Stop it").click()
    expect(row).to_contain_text("ended")


def test_a_backtest_is_queued_and_its_result_shown(page: Page, floor: Floor) -> None:
    go(page, "backtests")
    page.keyboard.press("n")
    page.get_by_label("Strategy").select_option("ema_cross.py")
    page.get_by_label("Recordings").select_option("waves.csv")
    page.get_by_role("dialog").get_by_label("Parameters").fill("fast=3 slow=9 qty=1000")
    page.get_by_role("button", name="Put it into the queue").click()
    page.get_by_test_id("backtest-fills").wait_for()
    [run] = tell(floor, "/backtests")["backtests"]
    assert run["state"] == "done"
    told = tell(floor, f"/backtests/{run['id']}/result")
    assert told["fills"] > 10
    assert len(told["curve"]["equity"]) == len(told["curve"]["time_ns"]) > 100
    figures = page.get_by_role("region", name="Figures").first
    facts = dict(
        zip(figures.locator("dt").all_inner_texts(), figures.locator("dd").all_inner_texts(), strict=True)
    )
    assert number(facts["P&L"]) == pytest.approx(float(told["pnl"]), abs=0.006)
    assert number(facts["Fills"]) == told["fills"]
    assert number(facts["Deepest drawdown"].split(", ")[0]) == pytest.approx(
        told["statistics"]["max_drawdown"], abs=0.006
    )
    expect(page.locator(".course canvas")).to_have_count(2)
    first = page.locator(".ag-row[row-index='0'] [col-id='Price']")
    assert number(first.inner_text()) == float(told["fills_shown"][0]["px"])


def test_a_portfolio_is_previewed_approved_by_another_and_sent(page: Page, floor: Floor) -> None:
    go(page, "portfolio")
    page.get_by_label("Account").select_option("B2")
    page.get_by_role("textbox", name="Weights").fill("EURUSD 3%")
    page.get_by_role("button", name="Preview orders").click()
    rows(page, "Proposals").first.wait_for()
    [told] = tell(floor, "/portfolio")["proposals"]
    assert told["weights"] == {"EURUSD": "0.03"}
    [order], shown = told["orders"], rows(page, "Proposed orders")
    expect(shown).to_have_count(1)
    assert cells(shown)[0] == order["side"].replace("_", " ")
    assert number(cells(shown)[1]) == float(order["order_qty"])
    assert [number(text) for text in cells(shown)[6:8]] == [
        float(told["prices"]["EURUSD"][k]) for k in ("bid", "ask")
    ]
    expect(page.get_by_role("button", name="Approve")).to_be_disabled()
    floor.backend.must("bert", "POST", f"/portfolio/{told['id']}/approve")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Send").click()
    expect(rows(page, "Proposed orders").first).to_contain_text("filled")
    [sent] = tell(floor, "/portfolio")["proposals"]
    assert sent["state"] == "sent"
    assert cells(rows(page, "Proposed orders").first)[9] == sent["became"][0]["became"].replace("_", " ")
