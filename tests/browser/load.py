"""Many updates into a blotter that is sorted and filtered meanwhile: is any missed, how late is each shown?

make browser-load ARGS="--seconds 60 --rate 1000 --orders 5000"

Updates are changes of orders and child orders. What came is held against the recorder's rows, an account of
its own of the same events; what the blotter shows at the end against the core's answer.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from periphery.client import Busy, Client, connect
from tests.browser.browser import browsing, open_page
from tests.browser.floor import CORE, Floor, opened
from tests.browser.market import DECLARED
from tests.integration.live_core import until
from tests.support_backend import PASSWORD

WAIT_S = 300.0
QUIET_S = 20.0
TURN_S = 0.4
TURNS_LEAST = 4
EACH = 4
"""Updates of a replace: its order and its child, asked and done; of one that changes nothing fewer."""
CHANGES = (
    """() => (nacre.store.stream.receivedOf.orders ?? 0) + (nacre.store.stream.receivedOf.children ?? 0)"""
)
MEASURED = """() => ({
  lost: nacre.store.stream.counts.lost, reconnects: nacre.store.stream.reconnects,
  frames: nacre.frames.counts.frames,
  slow_frames: nacre.frames.counts.slow, longest_frame_ms: Math.round(nacre.frames.counts.longestMs),
  p50_ms: nacre.frames.stalenessMs(0.5), p99_ms: nacre.frames.stalenessMs(0.99)})"""
SHOWN = """() => nacre.blotter.current.rows().map((row) =>
  [row.values.cl_ord_id, row.values.price, row.values.leaves_qty, row.values.ord_status])"""


@dataclass(frozen=True)
class Result:
    """updates: rows of the recorder; received: of these, what came to the page. lost: what the stream left
    out. shown: orders in the blotter; equal: of these, as the core has them. turns: sorts and filters.
    slow_frames: over 50 ms. p*_ms: of staleness, from the core's time of an event to the frame that shows it.
    """

    orders: int
    seconds: float
    updates: int
    received: int
    shown: int
    equal: int
    turns: int
    load: float
    lost: int
    reconnects: int
    frames: int
    slow_frames: int
    longest_frame_ms: int
    p50_ms: int
    p99_ms: int


class Driver:
    """Orders that rest far below the market, replaced one after the other at a rate."""

    def __init__(self, client: Client, orders: int) -> None:
        self._client = client
        self.ids = [self._said(lambda n=n: self._submit(n)) for n in range(orders)]
        self._next = 0

    @property
    def last(self) -> str:
        """Of the replace that was sent last."""
        return self.ids[(self._next - 1) % len(self.ids)]

    def _submit(self, n: int) -> str:
        return self._client.submit(
            "EURUSD", "buy", 100 + n, "limit", f"{1 + n % 1000 / 1e5:.5f}", "A1", time_in_force="gtc"
        )

    def replace(self) -> None:
        n = self._next % len(self.ids)
        price = f"{1 + (self._next * 7 + n) % 2000 / 1e5:.5f}"
        self.ids[n] = self._said(lambda: self._client.replace(self.ids[n], price=price))
        self._next += 1

    def replace_all(self, per_s: float, count: int) -> None:
        """Each at its planned time, or as soon as it can be after it."""
        began = time.monotonic()
        for n in range(count):
            time.sleep(max(began + n / per_s - time.monotonic(), 0))
            self.replace()

    def _said(self, say: Any) -> str:
        """The ring may be full: then again, once answers are read."""
        while True:
            self._listen()
            try:
                found: str = say()
                return found
            except Busy:
                time.sleep(0.001)

    def _listen(self) -> None:
        while self._client.poll() is not None:
            pass


def rows_of(floor: Floor) -> int:
    """What the recorder has of orders and children."""
    with sqlite3.connect(floor.core.folder / "nacre.db", timeout=WAIT_S) as store:
        (orders,) = store.execute("SELECT count(*) FROM order_events").fetchone()
        (children,) = store.execute("SELECT count(*) FROM child_events").fetchone()
    store.close()
    return int(orders) + int(children)


def settled(floor: Floor) -> int:
    """The recorder's rows, once it has all that the core has."""
    seq = floor.core.ask("status")["seq"]
    until(lambda: floor.recorded() >= seq, "the recorder has all of it", WAIT_S)
    return rows_of(floor)


def turns(page: Page) -> Iterator[None]:
    """Sorts and filters, one after the other."""
    heads, words = ("Price", "Qty", "Leaves", "Status", "Time"), ("1.0", "new", "", "7", "")
    n = 0
    while True:
        if n % 2:
            page.get_by_label("Filter", exact=True).fill(words[n // 2 % len(words)])
        else:
            page.get_by_role("grid", name="Orders").get_by_role(
                "columnheader", name=heads[n // 2 % len(heads)]
            ).click()
        n += 1
        yield


def press(driver: Driver, page: Page, per_s: float, count: int) -> int:
    """So many replaces, so many a second; the turns that the blotter was given meanwhile."""
    sending = threading.Thread(target=driver.replace_all, args=(per_s, count))
    sending.start()
    turning, done = turns(page), 0
    while sending.is_alive() or done < TURNS_LEAST:
        next(turning)
        done += 1
        sending.join(TURN_S)
    return done


def measured(browser: Browser, folder: Path, orders: int, rate: float, seconds: float) -> Result:
    """rate: of updates a second."""
    declared = [*(line for line in DECLARED if line["type"] != "limit")]
    declared.append({"type": "limit", "check": "max_order_qty", "account": "A1", "value": "1000000"})
    with opened(folder, declared, CORE) as floor, connect(floor.core.socket, name="load") as client:
        driver = Driver(client, orders)
        settled(floor)
        page = open_page(browser, floor.url, "anna", PASSWORD)
        page.get_by_text(f"{orders:,} working", exact=True).wait_for(timeout=WAIT_S * 1000)
        before, already = settled(floor), page.evaluate(CHANGES)
        page.evaluate("nacre.frames.forget()")
        count = press(driver, page, rate / EACH, ceil(rate * seconds / EACH))
        page.get_by_label("Filter", exact=True).fill("")
        until(lambda: driver.last in in_core(floor), "the core has taken the last of them", WAIT_S)
        updates = settled(floor) - before
        received = drained(page, already, updates)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        theirs, shown, told = in_core(floor), on_page(page), page.evaluate(MEASURED)
        page.context.close()
        return Result(
            orders=orders,
            seconds=seconds,
            updates=updates,
            received=received,
            shown=len(shown),
            equal=sum(shown.get(key) == value for key, value in theirs.items()),
            turns=count,
            load=round(os.getloadavg()[0], 1),
            **told,
        )


def drained(page: Page, already: int, wanted: int) -> int:
    """How many updates came, once all did or nothing has come for a while."""
    came, end = -1, time.monotonic() + QUIET_S
    while came < wanted and time.monotonic() < end:
        found = page.evaluate(CHANGES) - already
        if found > came:
            came, end = found, time.monotonic() + QUIET_S
        time.sleep(0.1)
    return came


def in_core(floor: Floor) -> dict[str, tuple[str, str, str]]:
    """Price, open quantity and status of each working order."""
    rows = floor.backend.must("anna", "GET", "/orders?most=10000")["orders"]
    return {row["cl_ord_id"]: (row["price"], row["leaves_qty"], row["ord_status"]) for row in rows}


def on_page(page: Page) -> dict[str, tuple[str, str, str]]:
    return {key: (price, leaves, status) for key, price, leaves, status in page.evaluate(SHOWN)}


def main() -> None:
    """Prints what was measured as JSON; exits with 1 where updates are missing or a value is another one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=5000)
    parser.add_argument("--rate", type=float, default=1000)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nacre-load-") as folder, browsing() as browser:
        found = measured(browser, Path(folder), given.orders, given.rate, given.seconds)
    print(json.dumps(asdict(found), indent=1))
    ok = found.received >= 0.999 * found.updates and found.equal == found.shown == found.orders
    raise SystemExit(0 if ok else 1)


if __name__ == "__main__":
    main()
