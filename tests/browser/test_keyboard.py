"""Main actions by the keyboard alone: nothing here is clicked. Orders, kill, re-arming are in test_day."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.floor import Floor
from tests.support_backend import PASSWORD

TAKES_THE_KEYBOARD = "each => each.focus()"  # as a grid does that is drawn anew
PAGES = (
    "desk", "risk", "engines", "execution", "reconciliation", "strategies", "backtests", "portfolio", "audit",
)  # fmt: skip


@pytest.fixture(scope="module")
def page(browser: Browser, floor: Floor) -> Iterator[Page]:
    """bert, logged in by the keyboard."""
    found = browser.new_page()
    found.goto(floor.url)
    expect(found.get_by_label("Name")).to_be_focused()
    press(found, *"bert", "Tab")
    found.keyboard.type(PASSWORD)
    press(found, "Enter")
    found.get_by_test_id("connection").get_by_text("live", exact=True).wait_for()
    yield found
    found.close()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def open_by_key(page: Page, path: str) -> None:
    press(page, f"Alt+{PAGES.index(path) + 1}")
    expect(page.locator("nav a[aria-current='page']")).to_have_attribute("href", f"#/{path}")
    press(page, "Escape")
    page.evaluate("() => document.activeElement.blur()")


def test_every_page_theme_and_the_shortcuts(page: Page) -> None:
    for path in PAGES:
        open_by_key(page, path)
        page.locator("main section").first.wait_for()
    theme = page.locator("html")
    before = theme.get_attribute("data-theme")
    press(page, "t")
    expect(theme).not_to_have_attribute("data-theme", str(before))
    press(page, "t", "?")
    expect(page.get_by_role("dialog", name="Shortcuts")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def send(page: Page, side: str, qty: str, price: str) -> None:
    page.evaluate("() => document.activeElement.blur()")
    press(page, "b" if side == "buy" else "s")
    expect(page.get_by_label("Quantity")).to_be_focused()
    press(page, "Control+a")
    page.keyboard.type(qty)
    press(page, "Tab", "Control+a")
    page.keyboard.type(price)
    press(page, "Control+Enter")


def test_a_price_of_the_ladder_into_the_ticket(page: Page) -> None:
    open_by_key(page, "desk")
    page.get_by_role("table", name="Ladder of EURUSD").locator("td.px").first.wait_for()
    press(page, "c", "ArrowDown", "ArrowDown", "ArrowUp", "p")
    chosen = page.locator(".ladder tr.chosen td.px").inner_text()
    expect(page.get_by_label("Price", exact=True)).to_have_value(chosen)


def test_an_order_is_found_opened_and_all_are_cancelled(page: Page) -> None:
    open_by_key(page, "desk")
    page.get_by_label("Quantity").wait_for()
    send(page, "buy", "41000", "1.00000")
    orders = page.get_by_role("grid", name="Orders")
    expect(orders).to_contain_text("41,000")
    press(page, "Escape")
    page.evaluate("() => document.activeElement.blur()")
    press(page, "/", *"41,000", "Escape", "o")
    expect(page.locator(".ag-row-selected")).to_contain_text("41,000")
    press(page, "e")
    expect(page.locator(".ag-row.child")).to_have_count(1)
    press(page, "e")
    expect(page.locator(".ag-row.child")).to_have_count(0)
    press(page, "X")
    cancels = page.get_by_role("button", name="Cancel 1 order")
    expect(cancels).to_be_focused()
    page.locator(".ag-row-selected [role=gridcell]").first.evaluate(TAKES_THE_KEYBOARD)
    expect(cancels).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_test_id("working")).to_have_text("0 working")
    press(page, "/", "Control+a", "Delete", "Escape")


def test_a_limit_is_set(page: Page, floor: Floor) -> None:
    open_by_key(page, "risk")
    page.get_by_role("region", name="Limits").wait_for()
    press(page, "l")
    expect(page.get_by_role("textbox", name="Value")).to_be_focused()
    page.keyboard.type("450000")
    press(page, "Tab")
    page.keyboard.type("less is enough")
    press(page, "Shift+Tab", "Shift+Tab", "Shift+Tab")
    expect(page.get_by_role("textbox", name="Account")).to_be_focused()
    page.keyboard.type("B2")
    press(page, "Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    limits = floor.backend.must("anna", "GET", "/limits")["limits"]
    assert any((row["account"], row["value"]) == ("B2", "450000") for row in limits if row.get("account"))


def test_an_engine_a_strategy_a_backtest_a_row_are_chosen(page: Page) -> None:
    open_by_key(page, "engines")
    page.locator("[data-place='core sequencer'][aria-pressed='true']").wait_for()
    press(page, "ArrowDown")
    expect(page.locator("[data-place][aria-pressed='true']")).not_to_have_attribute(
        "data-place", "core sequencer"
    )
    open_by_key(page, "strategies")
    page.get_by_role("region", name="Strategies").first.wait_for()
    press(page, "n")
    expect(page.get_by_role("dialog").get_by_label("File")).to_be_focused()
    press(page, "Escape")
    open_by_key(page, "backtests")
    page.get_by_role("region", name="Backtests").first.wait_for()
    press(page, "n")
    expect(page.get_by_role("dialog").get_by_label("Strategy")).to_be_focused()
    press(page, "Escape")
    open_by_key(page, "portfolio")
    page.get_by_role("region", name="Target weights").wait_for()
    press(page, "w")
    expect(page.get_by_role("textbox", name="Weights")).to_be_focused()
    press(page, "Escape")


def test_a_break_is_explained(page: Page) -> None:
    open_by_key(page, "reconciliation")
    page.get_by_test_id("breaks-open").wait_for()
    press(page, "n")
    expect(page.get_by_role("textbox", name="Theirs")).to_be_focused()
    page.keyboard.type("B2,EURUSD,123456789\n")
    compares = page.get_by_role("button", name="Compare", exact=True)
    for _ in range(12):  # a day has several places to stop at
        if compares.evaluate("each => each === document.activeElement"):
            break
        press(page, "Tab")
    expect(compares).to_be_focused()
    press(page, "Enter")
    page.get_by_role("button", name="Break B2/EURUSD").wait_for()
    breaks = page.get_by_role("table", name="Breaks").locator("tbody tr")
    chosen = page.locator("tr.chosen", has=page.get_by_role("button", name="Break B2/EURUSD"))
    for _ in range(breaks.count()):
        if chosen.count():
            break
        press(page, "ArrowDown")
    expect(chosen).to_have_count(1)
    press(page, "e")
    expect(page.get_by_label("Why")).to_be_focused()
    page.keyboard.type("a typing error of theirs")
    press(page, "Enter")
    expect(page.get_by_role("table", name="Breaks")).to_contain_text("a typing error of theirs (bert)")
