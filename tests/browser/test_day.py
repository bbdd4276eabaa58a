"""A desk's day, from the log-in to the books: steps in the browser, each held against the core."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.browser import WAIT_MS, open_page
from tests.browser.floor import Floor, opened
from tests.support_backend import PASSWORD

STEP_S = 30


@pytest.fixture
def floor(browser: Browser, tmp_path: object) -> Iterator[Floor]:
    with opened(tmp_path) as found:  # type: ignore[arg-type]
        yield found


def test_a_desk_s_day(browser: Browser, floor: Floor) -> None:
    anna = open_page(browser, floor.url, "anna", PASSWORD)
    price = see_the_market(anna)
    sell_above(anna, floor, price)
    cancel(anna, floor, replace(anna, floor))
    be_denied_and_see_why(anna, floor)
    take_a_position(anna, floor)
    kill(anna, floor)
    rearm_with_a_second_person(browser, anna, floor)
    reconcile(anna, floor)
    find_it_in_the_audit(anna)
    assert anna.said == []  # type: ignore[attr-defined]


def see_the_market(page: Page) -> float:
    """The best bid that the page shows."""
    quote = page.get_by_test_id("quote")
    expect(quote).to_contain_text(re.compile(r"EURUSD\s*1\.\d{5}\s*/\s*1\.\d{5}"))
    found = re.search(r"1\.\d{5}", quote.inner_text())
    assert found
    expect(
        page.get_by_role("table", name="Ladder of EURUSD").locator("td.bid", has_text=",000").first
    ).to_be_visible()
    return float(found[0])


def fill_ticket(page: Page, side: str, qty: str, price: float) -> None:
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("b" if side == "buy" else "s")
    page.get_by_label("Quantity").fill(qty)
    page.get_by_label("Price", exact=True).fill(f"{price:.5f}")


def the_order(floor: Floor, **fields: str) -> dict[str, object]:
    """The core's newest order with these values, once it has one."""
    end = time.monotonic() + WAIT_MS / 1000
    while time.monotonic() < end:
        for row in floor.backend.must("anna", "GET", "/orders?live_only=false")["orders"]:
            if fields.items() <= row.items():
                found: dict[str, object] = row
                return found
        time.sleep(0.1)
    raise AssertionError(f"no order {fields}")


def sell_above(page: Page, floor: Floor, price: float) -> None:
    """It is previewed, sent by the keyboard, and rests."""
    fill_ticket(page, "sell", "200000", price + 0.01)
    preview = page.get_by_test_id("preview")
    expect(preview).to_contain_text("risk would pass it")
    expect(preview.get_by_role("table", name="Route")).to_contain_text("rests")
    expect(page.get_by_test_id("notional")).to_have_text(f"{200000 * round(price + 0.01, 5):,.2f} USD")
    page.keyboard.press("Control+Enter")
    row = page.get_by_role("grid", name="Orders").get_by_role("row").filter(has_text="200,000").first
    expect(row).to_contain_text("new")
    assert the_order(floor, ord_status="new", order_qty="200000")["side"] == "sell"


def select_first(page: Page) -> None:
    expect(
        page.get_by_role("grid", name="Orders").get_by_role("gridcell", name="EURUSD").first
    ).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    expect(page.locator(".ag-row-selected").first).to_be_visible()


def replace(page: Page, floor: Floor) -> str:
    """Another quantity; its new id."""
    select_first(page)
    page.keyboard.press("r")
    expect(page.get_by_role("region", name="Replace")).to_be_visible()
    page.get_by_label("Quantity").fill("150000")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("region", name="Ticket")).to_be_visible()
    order = the_order(floor, ord_status="new", order_qty="150000")
    expect(page.get_by_role("grid", name="Orders")).to_contain_text("150,000")
    return str(order["cl_ord_id"])


def cancel(page: Page, floor: Floor, cl_ord_id: str) -> None:
    """It is asked once; then the order is done, and shown among those."""
    select_first(page)
    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Cancel the order")).to_be_focused()
    page.keyboard.press("Enter")
    the_order(floor, ord_status="canceled", order_qty="150000")
    expect(page.get_by_test_id("working")).to_have_text("0 working")
    page.get_by_role("button", name="done", exact=True).click()
    expect(page.get_by_role("grid", name="Orders")).to_contain_text("canceled")
    page.get_by_role("button", name="working", exact=True).click()


def be_denied_and_see_why(page: Page, floor: Floor) -> None:
    """The preview warns, the answer says so, and the denial is kept with limit and value."""
    fill_ticket(page, "buy", "1000001", 1.0)
    expect(page.get_by_test_id("preview")).to_contain_text("would be denied: max order qty")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("region", name="Ticket").get_by_role("alert")).to_contain_text("max order qty")
    page.get_by_role("button", name="Denials").click()
    denial = page.get_by_role("grid", name="Denials").get_by_role("row").filter(has_text="max order qty")
    expect(denial).to_contain_text("1,000,000")
    expect(denial).to_contain_text("1,000,001")
    page.get_by_role("button", name="Orders", exact=True).click()


def take_a_position(page: Page, floor: Floor) -> None:
    """A buy that fills at once, by both venues or one; and an order that rests, for the kill."""
    fill_ticket(page, "buy", "300000", 1.5)
    page.keyboard.press("Control+Enter")
    the_order(floor, ord_status="filled", order_qty="300000")
    positions = page.get_by_role("grid", name="Positions").get_by_role("row").filter(has_text="EURUSD")
    expect(positions).to_contain_text("300,000")
    page.get_by_role("button", name="Fills").click()
    expect(page.get_by_role("grid", name="Fills")).to_contain_text("buy")
    page.get_by_role("button", name="Orders", exact=True).click()
    fill_ticket(page, "buy", "100000", 1.0)
    page.keyboard.press("Control+Enter")
    the_order(floor, ord_status="new", order_qty="100000")
    expect(page.get_by_test_id("working")).to_have_text("1 working")


def kill(page: Page, floor: Floor) -> None:
    """One question, which says what it meets; then nothing works any more, and every page says so."""
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("k")
    expect(page.get_by_label("Scope")).to_be_focused()
    stops = page.get_by_role("button", name="Kill account A1: cancel 1 order")
    for _ in ("which", "don't", "kill"):
        page.keyboard.press("Tab")
    expect(stops).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="What is stopped")).to_contain_text("account A1")
    expect(page.get_by_text("KILLED: 1 kill is in force")).to_be_visible()
    the_order(floor, ord_status="canceled", order_qty="100000")
    (found,) = floor.backend.must("anna", "GET", "/kills")["kills"]
    assert (found["scope"], found["key"], found["by"]) == ("account", "A1", "anna")


class Device:
    """What gives codes of one time; each holds once."""

    def __init__(self, page: Page) -> None:
        page.locator(".top .icon").first.click()
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Add a device").click()
        self._totp = pyotp.TOTP(page.get_by_test_id("totp-secret").inner_text())
        self._step = int(time.time()) // STEP_S - 2
        page.get_by_label("Code").fill(self.code())
        page.get_by_role("button", name="Use this device").click()
        expect(page.get_by_text("a device gives them")).to_be_visible()
        page.keyboard.press("Escape")

    def code(self) -> str:
        """Of a step that wasn't used, and that is taken now: the one before, this one, the next."""
        self._step = max(self._step + 1, int(time.time()) // STEP_S - 1)
        while self._step > int(time.time()) // STEP_S + 1:
            time.sleep(0.5)
        return self._totp.at(self._step * STEP_S)


def rearm_with_a_second_person(browser: Browser, anna: Page, floor: Floor) -> None:
    """Who asks can't approve; somebody else does, with a code of their own; then it trades again."""
    device = Device(anna)
    anna.evaluate("() => document.activeElement.blur()")
    anna.keyboard.press("r")
    expect(anna.get_by_role("dialog", name="Re-arm account A1").get_by_label("Why")).to_be_focused()
    anna.keyboard.type("the feed was wrong")
    anna.keyboard.press("Tab")
    anna.keyboard.type(device.code())
    anna.keyboard.press("Enter")
    anna.get_by_role("button", name="Take back…").wait_for()
    assert floor.backend.must("anna", "GET", "/kills")["kills"]
    bert = open_page(browser, floor.url + "/#/risk", "bert", PASSWORD)
    second = Device(bert)
    bert.get_by_role("button", name="Decide…").wait_for()
    bert.evaluate("() => document.activeElement.blur()")
    bert.keyboard.press("d")
    expect(bert.get_by_role("dialog")).to_contain_text("the feed was wrong")
    expect(bert.get_by_label("Your code")).to_be_focused()
    bert.keyboard.type(second.code())
    bert.keyboard.press("Enter")
    expect(bert.get_by_text("nothing is killed or halted")).to_be_visible()
    expect(anna.get_by_text("KILLED:")).to_have_count(0)
    assert bert.said == []  # type: ignore[attr-defined]
    bert.context.close()
    anna.keyboard.press("Alt+1")
    anna.get_by_role("region", name="Ticket").wait_for()
    fill_ticket(anna, "buy", "110000", 1.0)
    anna.keyboard.press("Control+Enter")
    the_order(floor, ord_status="new", order_qty="110000")


def statement(floor: Floor, qty: str) -> Any:
    """A broker's file of A1: its own columns in its own order, the cash as we have it, so many EURUSD."""
    (row,) = [row for row in floor.backend.must("anna", "GET", "/pnl")["accounts"] if row["account"] == "A1"]
    text = (
        "Date;Instrument;ISIN;Net Position;Account\r\n"
        f"20140502;EURUSD;;{qty};A1\r\n"
        f"20140502;USD;;{row['cash']['USD']};A1\r\n"
    )
    return {"name": "statement.csv", "mimeType": "text/csv", "buffer": text.encode()}


def compare(page: Page, floor: Floor, qty: str) -> None:
    page.get_by_role("button", name="Compare with theirs").wait_for()  # keys work once it is seen
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("n")
    page.get_by_label("File").set_input_files([statement(floor, qty)])
    expect(page.get_by_test_id("theirs-read")).to_have_text("2 rows of A1")
    page.get_by_role("button", name="Compare", exact=True).click()


def reconcile(page: Page, floor: Floor) -> None:
    """Their file says more than our books: the break is seen and explained; their next file agrees."""
    page.keyboard.press("Alt+5")
    compare(page, floor, "301,000")
    row = page.get_by_role("table", name="Breaks").locator("tbody tr")
    expect(row).to_have_count(1)
    for text in ("A1", "EURUSD", "300,000", "301,000", "open"):
        expect(row).to_contain_text(text)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("region", name="Break A1/EURUSD")).to_be_visible()
    page.keyboard.press("e")
    page.get_by_label("Why").fill("their fill of 1,000 is of the day before")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("their fill of 1,000 is of the day before (anna)")
    expect(page.get_by_test_id("breaks-open")).to_contain_text("0 open")
    compare(page, floor, "300,000")
    expect(page.get_by_text("No break is unsettled.")).to_be_visible()
    (kept,) = floor.backend.must("anna", "GET", "/reconciliation/breaks")["breaks"]
    assert (kept["id"], kept["status"]) == ("A1/EURUSD", "closed")


def find_it_in_the_audit(page: Page) -> None:
    """Who explained it, and in which words."""
    page.keyboard.press("Alt+9")
    page.get_by_label("Sent has").fill("of the day before")
    page.keyboard.press("Enter")
    row = page.get_by_role("table", name="Audit").locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("/reconciliation/breaks/explain")
    expect(row).to_contain_text("anna")
