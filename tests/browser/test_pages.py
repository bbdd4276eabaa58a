"""Every page: it shows what it is for, says nothing wrong, and axe finds nothing, dark and light."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from periphery.frontend.bundle import HERE
from tests.browser.browser import go, open_page
from tests.browser.floor import Floor
from tests.browser.test_asking_pages import quoted
from tests.integration.live_core import until
from tests.support_backend import PASSWORD

PATHS = sorted(path.name.removesuffix(".page.tsx") for path in (HERE / "src" / "pages").glob("*.page.tsx"))
WAIT_S = 90.0
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


@pytest.fixture(scope="module")
def page(browser: Browser, floor: Floor) -> Iterator[Page]:
    found = open_page(browser, floor.url, "anna", PASSWORD)
    yield found
    found.context.close()


def test_the_pages_are_those_of_the_registry(page: Page) -> None:
    hrefs = [each.get_attribute("href") for each in page.get_by_role("navigation").get_by_role("link").all()]
    assert {str(href).removeprefix("#/") for href in hrefs} == set(PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_on_it_dark_and_light(page: Page, path: str) -> None:
    go(page, path)
    for theme in ("dark", "light"):
        page.evaluate("() => document.activeElement.blur()")
        if page.evaluate("document.documentElement.dataset.theme") != theme:
            page.keyboard.press("t")
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        found = Axe().run(page, options=RULES).response["violations"]
        told = [
            {"id": each["id"], "at": [node["html"][:160] for node in each["nodes"][:3]]} for each in found
        ]
        assert not told, json.dumps(told, indent=1)
    assert page.said == []  # type: ignore[attr-defined]


def test_axe_finds_nothing_at_the_door_and_in_dialogs(page: Page, browser: Browser, floor: Floor) -> None:
    go(page, "risk")
    page.get_by_role("region", name="Kill").wait_for()
    for key, title in (("k", "Kill"), ("?", "Shortcuts")):
        page.evaluate("() => document.activeElement.blur()")
        page.keyboard.press(key)
        page.get_by_role("dialog", name=title).wait_for()
        assert Axe().run(page, options=RULES).violations_count == 0
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
    door = browser.new_page()
    door.goto(floor.url)
    door.get_by_label("Password").wait_for()
    assert Axe().run(door, options=RULES).violations_count == 0
    door.close()


def test_shortcuts_are_all_shown(page: Page) -> None:
    go(page, "desk")
    page.get_by_role("region", name="Ladder").wait_for()
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("?")
    shown = page.get_by_role("dialog", name="Shortcuts")
    for what in ("kill", "buy", "sell", "replace the selected order", "cancel the selected order", "centre"):
        expect(shown.get_by_text(what, exact=True)).to_have_count(1)
    page.keyboard.press("Escape")


def test_a_simulated_core_is_said_to_be_one(page: Page) -> None:
    expect(page.locator(".mode")).to_have_text("SIM")
    expect(page.locator(".shell")).to_have_class(re.compile(r"\bsim\b"))


def test_no_zero_is_negative(page: Page) -> None:
    both = "nacre.format.fixed(x, 2), nacre.format.digits(x, 2)"
    shown = page.evaluate(f"[0, -0, -0.001, -0.5].flatMap((x) => [{both}])")
    assert shown == ["0.00"] * 6 + ["-0.50"] * 2


def test_no_column_of_the_market_and_of_accounts_is_cut_at_1500(page: Page) -> None:
    go(page, "desk")
    page.set_viewport_size({"width": 1500, "height": 1000})
    for panel, head in (("Market", "Ticks"), ("Positions", "Fees")):
        inside = page.get_by_role("region", name=panel)
        last = inside.get_by_text(head, exact=True).last
        edge = "(node) => node.getBoundingClientRect().right"
        assert last.evaluate(edge) <= inside.evaluate(edge), head
    page.set_viewport_size({"width": 1600, "height": 1000})


def test_quotes_go_on(page: Page) -> None:
    go(page, "desk")
    shown = page.get_by_test_id("quote")
    expect(shown).to_contain_text(re.compile(r"EURUSD\s*1\.\d{5}"))
    before = shown.inner_text()
    expect(shown).not_to_have_text(before)


def test_a_quote_s_age_is_its_event_s_by_the_server_s_clock(browser: Browser, floor: Floor) -> None:
    """The market stands still for as long as the server's clock says, and the browser's is an hour behind."""
    until(lambda: quoted(floor), "both venues quote", WAIT_S)
    with floor.feed.paused():
        page = open_page(browser, floor.url, "anna", PASSWORD)
        page.add_init_script("const now = Date.now; Date.now = () => now() - 3_600_000")
        later_s = 5000
        page.route("**/now", lambda route: route.fulfill(json=at(route.fetch().json(), later_s)))
        page.reload()
        shown = page.get_by_test_id("quote")
        expect(shown).to_contain_text(re.compile(r"5\d{3} s old"))
        later_s = 0
        page.reload()
        expect(shown).to_contain_text(re.compile(r"EURUSD\s*1\.\d{5}"))
        page.wait_for_function("nacre.store.now !== null")
    expect(shown).not_to_contain_text("old")
    page.context.close()


def at(now: dict[str, Any], later_s: int) -> dict[str, Any]:
    return now | {"time_ns": now["time_ns"] + later_s * 10**9}


def test_who_may_only_look_can_do_nothing(browser: Browser, floor: Floor) -> None:
    page = open_page(browser, floor.url, "vera", PASSWORD)
    page.get_by_label("Quantity").fill("1000")
    expect(page.get_by_role("button", name=re.compile("^Buy"))).to_be_disabled()
    go(page, "risk")
    page.get_by_role("region", name="Limits").wait_for()
    expect(page.get_by_role("button", name="New limit")).to_have_count(0)
    page.context.close()


def test_a_wrong_password_is_said(browser: Browser, floor: Floor) -> None:
    page = browser.new_page()
    page.goto(floor.url)
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("no user of that name and password")
    page.close()
