"""Debian's Chromium, driven by Playwright; nothing is downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

WAIT_MS = 60_000
SIZE: Any = {"width": 1600, "height": 1000}
TAKEN = ("Failed to load resource",)
"""What the browser says of answers that a test asks for: a denial is status 409."""


def find_chromium() -> str:
    """Its program; without it the test is left out, unless REQUIRE_ALL=1."""
    found = shutil.which("chromium")
    if found is None:
        assert os.environ.get("REQUIRE_ALL") != "1", "no chromium: run `make servers`, as root"
        pytest.skip("no chromium here: run `make servers`, as root")
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    program = find_chromium()
    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        )
        yield browser
        browser.close()


def open_page(browser: Browser, url: str, name: str, password: str, scheme: Any = "dark") -> Page:
    """Somebody's own window, logged in. What goes wrong in it is in `said`."""
    context = browser.new_context(viewport=SIZE, color_scheme=scheme)
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    said: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(TAKEN):
            said.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.said = said  # type: ignore[attr-defined]
    page.goto(url)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_test_id("connection").get_by_text("live", exact=True).wait_for()
    return page


def go(page: Page, path: str) -> None:
    """Another page, once it is the one that is shown and nothing is asked above it."""
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.evaluate(f"location.hash = '#/{path}'")
    expect(page.locator(f"nav a[href='#/{path}']")).to_have_attribute("aria-current", "page")
    page.locator("main section").first.wait_for()
    page.evaluate("() => document.activeElement.blur()")
