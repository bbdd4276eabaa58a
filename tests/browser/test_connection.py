"""The stream dies and comes back; the core dies: the page says so, and misses nothing."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.browser import open_page
from tests.browser.floor import Floor, opened
from tests.support_backend import PASSWORD

RESUMED = "nacre.store.stream.counts"


def send(floor: Floor, n: int, **more: str) -> None:
    body = {
        "account": "A1", "symbol": "EURUSD", "side": "buy", "order_qty": str(1000 * n), "ord_type": "limit",
        "price": "1.00000", "time_in_force": "gtc",
    }  # fmt: skip
    floor.backend.must("anna", "POST", "/orders", body | more, **{"Idempotency-Key": f"order-{n:06}"})


def test_what_happens_while_the_page_is_cut_off_is_there_afterwards(browser: Browser, tmp_path: Path) -> None:
    with opened(tmp_path) as floor:
        page = open_page(browser, floor.url, "anna", PASSWORD)
        send(floor, 1)
        expect(page.get_by_test_id("working")).to_have_text("1 working")
        floor.engine.kill()
        expect(page.get_by_role("alert").filter(has_text="STALE: connection lost")).to_be_visible()
        send(floor, 2)
        send(floor, 3, price="1.50000", time_in_force="day")
        expect(page.get_by_test_id("working")).to_have_text("1 working")
        floor.engine.start()
        expect(page.get_by_text("STALE")).to_have_count(0)
        expect(page.get_by_test_id("working")).to_have_text("2 working")
        page.get_by_role("button", name="Fills").click()
        expect(page.get_by_role("grid", name="Fills")).to_contain_text("3,000")
        assert page.evaluate(f"{RESUMED}.lost") == 0
        assert page.evaluate(f"{RESUMED}.resumed") > 0
        without_core(floor, page)


def without_core(floor: Floor, page: Page) -> None:
    """Its journal stays as it is, so only the backend can tell."""
    floor.feed.pause()
    floor.core.stop()
    expect(page.get_by_role("alert").filter(has_text="STALE: no core")).to_be_visible()
    expect(page.locator(".mode")).to_have_text("NO CORE")
    page.context.close()
