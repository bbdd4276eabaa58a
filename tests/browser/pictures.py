"""Pictures of the pages over the recorded market, with something on each.

make picture                                        # docs/desk.png, for the README
make picture ARGS="--all /tmp/pictures"             # every page in both themes and sizes, and what goes wrong
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.browser import browsing, go, open_page
from tests.browser.engines import FOLLOWING
from tests.browser.floor import Floor, opened
from tests.browser.staged import Stage
from tests.integration.live_core import ROOT
from tests.support_backend import PASSWORD

DESK = ROOT / "docs" / "desk.png"
DESK_SIZE = {"width": 1360, "height": 800}
DESK_MOST_BYTES = 200_000
SIZES = {"narrow": (1280, 800, ("dark", "light")), "wide": (1920, 1080, ("dark",))}
PAGES = (
    "desk", "risk", "engines", "execution", "reconciliation", "strategies", "backtests", "portfolio", "audit",
)  # fmt: skip
MARKET_MS = 45_000
"""Of recorded market before the first picture: a chart with bars in it."""


def fill_desk(page: Page) -> None:
    """An order with its children, and one in the ticket with its preview."""
    go(page, "desk")
    page.get_by_role("button", name="all", exact=True).click()
    row = page.get_by_role("grid", name="Orders").get_by_role("row").filter(has_text="330,000").first
    row.get_by_role("gridcell", name="EURUSD").click()
    page.keyboard.press("Enter")
    page.evaluate("() => document.activeElement.blur()")
    page.keyboard.press("b")
    page.get_by_label("Quantity").fill("250000")
    page.get_by_test_id("preview").wait_for()


def take(page: Page, to: Path) -> None:
    page.evaluate("() => document.activeElement.blur()")
    page.wait_for_timeout(1500)  # what is asked every so often has come
    page.screenshot(path=to)


def take_desk(page: Page) -> None:
    """The one that the README shows."""
    page.set_viewport_size(DESK_SIZE)  # type: ignore[arg-type]
    fill_desk(page)
    take(page, DESK)
    assert DESK.stat().st_size <= DESK_MOST_BYTES, f"{DESK} is larger than {DESK_MOST_BYTES:,} bytes"


def choose(page: Page, path: str) -> None:
    """The first row of what a page lists, so that its detail is shown."""
    first = {
        "engines": "[data-place='core risk']",
        "reconciliation": "table[aria-label='Breaks'] button.link",
        "strategies": "table[aria-label='Strategies'] button.link",
        "execution": ".execution .ag-row",
        "audit": "table[aria-label='Audit'] button.link",
    }.get(path)
    if first:
        page.locator(first).first.click()


def take_all(page: Page, floor: Floor, to: Path) -> None:
    for width, (w, h, themes) in SIZES.items():
        page.set_viewport_size({"width": w, "height": h})
        for path in PAGES:
            if path == "desk":
                fill_desk(page)
            else:
                go(page, path)
                choose(page, path)
            for theme in themes:
                page.evaluate("() => document.activeElement.blur()")
                if page.evaluate("document.documentElement.dataset.theme") != theme:
                    page.keyboard.press("t")
                take(page, to / f"{path}-{theme}-{width}.png")
    take_states(page, floor, to)


def take_states(page: Page, floor: Floor, to: Path) -> None:
    """Shortcuts, a kill before and after, a live core, a cut connection, no core."""
    go(page, "desk")
    page.keyboard.press("t")
    page.keyboard.press("?")
    take(page, to / "state-shortcuts.png")
    page.keyboard.press("Escape")
    for tab in ("Fills", "Denials"):
        page.get_by_role("button", name=tab, exact=True).click()
        take(page, to / f"state-{tab.lower()}.png")
    page.get_by_role("button", name="Orders", exact=True).click()
    page.keyboard.press("k")
    take(page, to / "state-kill.png")
    page.get_by_role("button", name="Kill account A1").click()
    expect(page.get_by_role("table", name="What is stopped")).to_contain_text("account A1")
    take(page, to / "state-killed.png")
    page.route("**/now", lambda route: route.fulfill(json=route.fetch().json() | {"live": True}))
    go(page, "desk")
    expect(page.locator(".mode")).to_have_text("LIVE")
    take(page, to / "state-live.png")
    page.unroute("**/now")
    floor.engine.kill()
    expect(page.get_by_role("alert").filter(has_text="STALE")).to_be_visible()
    take(page, to / "state-cut.png")
    floor.engine.start()
    expect(page.get_by_text("STALE")).to_have_count(0)
    floor.feed.pause()
    floor.core.stop()
    expect(page.locator(".mode")).to_have_text("NO CORE")
    take(page, to / "state-no-core.png")


def run(browser: Browser, folder: Path, everything: Path | None) -> None:
    engines = tuple(FOLLOWING) if everything else ()
    with opened(folder, engines=engines) as floor:
        Stage(floor).set()
        page = open_page(browser, floor.url, "anna", PASSWORD)
        page.wait_for_timeout(MARKET_MS)
        if everything is None:
            take_desk(page)
        else:
            everything.mkdir(parents=True, exist_ok=True)
            take_all(page, floor, everything)
        page.context.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page into that folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nacre-picture-") as folder, browsing() as browser:
        run(browser, Path(folder), given.all)


if __name__ == "__main__":
    main()
