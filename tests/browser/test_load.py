"""The load of `make browser-load` in its short form: nothing is missed, and the core has what is shown."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.load import measured


def test_no_update_is_missed_while_the_blotter_is_sorted_and_filtered(
    browser: Browser, tmp_path: Path
) -> None:
    found = measured(browser, tmp_path, orders=500, rate=300, seconds=3)
    assert found.updates >= 450  # of a replace two at the least
    assert found.received == found.updates
    assert found.lost == 0
    assert found.shown == found.equal == 500
    assert found.turns >= 2
