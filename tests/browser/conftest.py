"""One browser and one trading floor for all tests of the pages that don't stop anything."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.browser import browsing
from tests.browser.floor import Floor, opened


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with browsing() as found:
        yield found


@pytest.fixture(scope="package")
def floor(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    with opened(tmp_path_factory.mktemp("floor"), engines=("risk",)) as found:
        yield found
