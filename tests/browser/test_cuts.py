"""Cut again and again while orders come: at the end the page has what the core has, each row of it."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from periphery.client import Busy, Client, connect
from tests.browser.browser import go, open_page
from tests.browser.floor import Floor, opened
from tests.browser.load import in_core, on_page, settled
from tests.integration.live_core import until
from tests.support_backend import PASSWORD

WAIT_S = 120.0
ORDERS = 150
RETAINED = 60
"""Changes that the engine can go on from: fewer than come while it is away, so snapshots are taken too."""
STALL_MS = 1500
PAUSE_S = 0.02
NEWEST = 1000
"""Orders that have ended, and are looked at: a page keeps the newest."""
LOST_LEAST = 5
ENDED = """() => [...nacre.store.tables.orders.rows.values()].filter((row) => row.values.done)
  .map((row) => [row.key, row.values.ord_status])"""
KNOWN = """(kind) => [...nacre.store.tables[kind].rows.values()].map((row) => row.values)"""
STATUS = {"filled", "canceled"}


class Trader:
    """Replaces, cancels, sends and trades at random in a thread, until `end`."""

    def __init__(self, floor: Floor) -> None:
        self._client = connect(floor.core.socket, name="trader")
        self._chance = random.Random(7)
        self._ending = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self.sent = 0
        self.ids = [self._order() for _ in range(ORDERS)]
        self._thread = threading.Thread(target=self._run, name="trader")
        self._thread.start()

    def end(self) -> None:
        self._ending.set()
        self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._ending.wait(PAUSE_S):
            n = self._chance.randrange(len(self.ids))
            what = self._chance.random()
            if what < 0.7:
                price = f"{1 + self._chance.randrange(2000) / 1e5:.5f}"
                self.ids[n] = self._said(lambda c: c.replace(self.ids[n], price=price))  # noqa: B023
            elif what < 0.85:
                self._said(lambda c: c.cancel(self.ids[n]))  # noqa: B023
                self.ids[n] = self._order()
            else:
                self._said(lambda c: c.submit("EURUSD", "buy", 1000, account="A1", time_in_force="ioc"))
            self.sent += 1

    def _order(self) -> str:
        qty = self._chance.randrange(1, 900) * 100
        price = f"{1 + self._chance.randrange(2000) / 1e5:.5f}"
        return self._said(lambda c: c.submit("EURUSD", "buy", qty, "limit", price, "A1", time_in_force="gtc"))

    def _said(self, say: Callable[[Client], str]) -> str:
        """The ring may be full: then again, once answers are read."""
        while True:
            while self._client.poll() is not None:
                pass
            try:
                return say(self._client)
            except Busy:
                time.sleep(0.001)


def state_of(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        """() => ({ phase: nacre.store.stream.phase, seq: nacre.store.stream.seq,
                    reconnects: nacre.store.stream.reconnects, ...nacre.store.stream.counts })"""
    )
    return found


def back(page: Page) -> None:
    page.wait_for_function("() => nacre.store.stream.phase === 'open' && !nacre.store.stream.lostAt")


def kill_engine(page: Page, floor: Floor) -> None:
    floor.engine.kill()
    page.wait_for_function("() => nacre.store.stream.phase !== 'open'")
    page.wait_for_timeout(700)
    floor.engine.start()
    back(page)


def drop_socket(page: Page, _floor: Floor) -> None:
    page.evaluate("() => nacre.store.stream.socket.close()")
    page.wait_for_timeout(50)
    back(page)


def stand_still(page: Page, _floor: Floor) -> None:
    """A slow client: the page does nothing, and takes nothing."""
    page.evaluate(
        "(ms) => { const end = performance.now() + ms; while (performance.now() < end); }", STALL_MS
    )
    page.wait_for_timeout(50)
    back(page)


def leave_the_desk(page: Page, _floor: Floor) -> None:
    """The blotter is made anew from what is there, while more comes."""
    go(page, "risk")
    page.get_by_role("region", name="Limits").wait_for()
    go(page, "desk")
    page.get_by_role("grid", name="Orders").wait_for()


def restart_backend(page: Page, floor: Floor) -> None:
    floor.restart_backend()
    page.wait_for_timeout(50)
    back(page)


CUTS = (
    drop_socket, kill_engine, stand_still, leave_the_desk, restart_backend, kill_engine, drop_socket,
)  # fmt: skip


def same(shown: Callable[[], Any], theirs: Any, pause: Callable[[], Any] = lambda: time.sleep(0.05)) -> None:
    """Once it is; else what differs."""
    end = time.monotonic() + WAIT_S
    while shown() != theirs and time.monotonic() < end:
        pause()
    assert shown() == theirs


def alike(page: Page, floor: Floor, since: int) -> None:
    """Every row, once the page has all that the core has. since: the event that the page began after."""
    settled(floor)
    theirs = in_core(floor)
    until(lambda: state_of(page)["phase"] == "open", "the page is connected", WAIT_S)
    same(lambda: on_page(page), theirs)
    ended = ended_in_core(floor)
    same(lambda: {key: value for key, value in page.evaluate(ENDED) if key in ended}, ended)
    fills = floor.backend.must("anna", "GET", f"/orders/fills?after={since}&most=1000")["rows"]
    known = {row["exec_id"]: (row["qty"], row["px"]) for row in page.evaluate(KNOWN, "fills")}
    assert {row["exec_id"]: (row["qty"], row["px"]) for row in fills}.items() <= known.items()
    (position,) = floor.backend.must("anna", "GET", "/positions?account=A1")["positions"]
    same(lambda: [row["qty"] for row in page.evaluate(KNOWN, "positions")], [position["qty"]])


def ended_in_core(floor: Floor) -> dict[str, str]:
    """By the order's first id, which its children are named after."""
    rows = floor.backend.must("anna", "GET", "/orders?live_only=false&most=10000")["orders"]
    return {
        row["children"][0]["child_id"].rpartition(".")[0]: row["ord_status"]
        for row in [row for row in rows if row["ord_status"] in STATUS][:NEWEST]
    }


def test_whatever_cuts_it_the_page_has_each_row_of_the_core(browser: Browser, tmp_path: Path) -> None:
    with opened(tmp_path, retained=RETAINED, core_text="") as floor:
        trader = Trader(floor)
        try:
            page = open_page(browser, floor.url, "anna", PASSWORD)
            since = state_of(page)["seq"]
            for n, cut in enumerate(CUTS):
                before = trader.sent
                cut(page, floor)
                until(lambda: trader.sent > before + 20, f"orders go on after cut {n}", WAIT_S)  # noqa: B023
        finally:
            trader.end()
        alike(page, floor, since)
        told = state_of(page)
        assert told["reconnects"] >= 5
        assert told["snapshots"] > 0
        page.context.close()


class Between:
    """Stands between page and backend, and leaves out or changes what the page is told."""

    def __init__(self, page: Page) -> None:
        self.drops = False
        self.stream = ""
        self.dropped = 0
        self._seen = 0
        self._sockets: list[WebSocketRoute] = []
        page.route_web_socket("**/stream", self._opened)

    def cut(self) -> None:
        self._sockets[-1].close()

    def _opened(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        self._sockets.append(socket)
        server.on_message(lambda text: self._told(socket, json.loads(text)))

    def _told(self, socket: WebSocketRoute, message: dict[str, Any]) -> None:
        if message["type"] == "deltas" and self.drops:
            self._seen += 1
            if self._seen % 5 == 0:
                self.dropped += 1
                return
        if message["type"] == "welcome" and self.stream:
            message["stream"] = self.stream
        socket.send(json.dumps(message))


def log_in(page: Page, floor: Floor) -> None:
    page.goto(floor.url)
    page.get_by_label("Name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_test_id("connection").get_by_text("live", exact=True).wait_for()


def test_changes_that_are_lost_on_the_way_are_asked_for_again(browser: Browser, tmp_path: Path) -> None:
    with opened(tmp_path, core_text="") as floor:
        page = browser.new_page()
        between = Between(page)
        log_in(page, floor)
        trader = Trader(floor)
        between.drops = True
        try:
            while between.dropped < LOST_LEAST:
                page.wait_for_timeout(50)  # messages are passed on meanwhile
        finally:
            trader.end()
        between.drops = False
        floor.feed.pause()
        page.wait_for_timeout(200)
        floor.backend.must("anna", "POST", "/orders", BODY, Idempotency_Key="the-last-order")
        alike_through(page, floor)
        assert state_of(page)["lost"] > 0
        page.close()


BODY = {"account": "A1", "symbol": "EURUSD", "side": "buy", "order_qty": "700", "price": "1.00000"}


def alike_through(page: Page, floor: Floor) -> None:
    """As `alike` for the orders: the page's messages are passed on only while Playwright is asked."""
    settled(floor)
    same(lambda: on_page(page), in_core(floor), lambda: page.wait_for_timeout(20))


GHOST = """() => nacre.store.tables.orders.set({ key: "ghost", topic: "orders:A1", seq: 1, timeNs: "", at: 0,
  values: { cl_ord_id: "ghost", account: "A1", symbol: "EURUSD", side: "buy", order_qty: "1", price: "1",
            leaves_qty: "1", ord_status: "new" } })"""


def test_another_journal_s_rows_are_not_kept(browser: Browser, tmp_path: Path) -> None:
    """What an order of the core before is, the one that runs now doesn't say."""
    with opened(tmp_path, core_text="") as floor:
        page = browser.new_page()
        between = Between(page)
        log_in(page, floor)
        floor.backend.must("anna", "POST", "/orders", BODY, Idempotency_Key="the-first-order")
        expect(page.get_by_test_id("working")).to_have_text("1 working")
        page.evaluate(GHOST)
        floor.backend.must("anna", "POST", "/orders", BODY, Idempotency_Key="the-second-order")
        expect(page.get_by_test_id("working")).to_have_text("3 working")
        between.stream = "another"
        between.cut()
        expect(page.get_by_test_id("working")).to_have_text("2 working")
        expect(page.get_by_role("grid", name="Orders")).not_to_contain_text("ghost")
        page.close()
