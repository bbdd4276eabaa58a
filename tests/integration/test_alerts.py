"""Alerts that are seldom: each brought about in a running core, seen by a real Prometheus, and cleared; and
one that a real Alertmanager takes to `nacre metrics act`, which acts in the core.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core.capacity import Capacity
from core.live.intents import DONE, INTENDED, Intents
from core.live.observe import observe
from periphery.client import Client, DenyEvent, Gap
from periphery.client.errors import Busy
from tests.integration.live_core import INPUT, Client as Raw
from tests.integration.monitored import QUOTE, Monitored, until
from tests.integration.test_monitoring import clears, fires, trade
from tests.support_prometheus import DEPLOY, Alertmanager, need

TOKEN = "a token that only this test knows"
MANUAL = {"type": "venue", "venue": "V2", "mode": "manual", "symbols": ["EURUSD"]}


def monitored(folder: Path, *options: str, more: tuple[dict[str, Any], ...] = ()) -> Iterator[Monitored]:
    need("prometheus")
    made = Monitored(folder, "--wait", "sleep", *options, more=more)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Monitored]:
    """A core with a venue whose reports come from outside."""
    yield from monitored(tmp_path, "--placement", "pinned", more=(MANUAL,))


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Monitored]:
    """A core whose journal is in small segments."""
    (tmp_path / "core.toml").write_text("segment_mb = 1\n")
    yield from monitored(tmp_path, "--placement", "fused", "--config", str(tmp_path / "core.toml"))


# ---- an alert that acts ------------------------------------------------------------------------------------


@pytest.fixture
def acting(system: Monitored, tmp_path: Path) -> Iterator[Alertmanager]:
    """Alertmanager, and `nacre metrics act` with the rules that nacre brings, switched on."""
    need("prometheus-alertmanager")
    rules = (DEPLOY / "alertmanager" / "act.toml").read_text()
    (tmp_path / "act.toml").write_text(rules.replace("enabled = false", "enabled = true"))
    (tmp_path / "alerts.token").write_text(TOKEN)
    words = ["metrics", "act", "--rules", str(tmp_path / "act.toml"), "--http", "127.0.0.1:0"]
    _process, told = system.nacre(*words, "--socket", str(system.core.socket))
    made = Alertmanager(tmp_path / "alertmanager", told["port"], TOKEN)
    try:
        yield made
    finally:
        made.stop()


def kills(client: Client) -> list[tuple[str, str, str]]:
    return [(row["scope"], row["key"], row["by"]) for row in client.status()["kills"]]


def reason(client: Client) -> str:
    """Why an order is denied now."""
    name = client.submit("EURUSD", "buy", 1, account="A", venue="V1")
    for event in client.events(timeout=60):
        if isinstance(event, DenyEvent) and event.cl_ord_id == name:
            return event.reason
    raise AssertionError("not denied")


def test_an_alert_acts_in_the_core_once_each_time_it_fires(system: Monitored, acting: Alertmanager) -> None:
    prometheus = system.watch(acting.port)
    with system.client() as client:
        for _ in range(2):
            client.market({"type": "venue_state", "venue": "V1", "state": "down"})
            fires(prometheus, "NacreVenueDown")
            until(lambda: "NacreVenueDown" in acting.active(), acting.active)
            until(
                lambda: kills(client) == [("venue", "V1", "robot.alerts")], lambda: client.status()["kills"]
            )
            client.market({"type": "venue_state", "venue": "V1", "state": "up"})
            client.market(QUOTE | {"bid_px": "1.10000", "ask_px": "1.10010"})
            assert "kill" in reason(client)
            fires(prometheus, "NacreKilled")
            clears(prometheus, "NacreVenueDown")
            until(lambda: "NacreVenueDown" not in acting.active(), acting.active)
            assert len(kills(client)) == 1  # it is cleared for Alertmanager; the kill remains with people
            client.rearm("venue", "V1", "anna", second="boris")
            clears(prometheus, "NacreKilled")
            assert kills(client) == []
        trade(client)


# ---- sessions and venues -----------------------------------------------------------------------------------


def reads_too_slowly(client: Client) -> bool:
    """More answers than there is room for, before it reads one; whether it saw that."""
    try:
        for _ in range(5000):
            client.submit("EURUSD", "buy", 20_000, account="A")
    except Busy:
        pass
    return any(isinstance(event, Gap) for event in client.events(timeout=1))


def test_alerts_of_sessions_and_venues_fire_and_clear(system: Monitored) -> None:
    prometheus = system.watch()
    with system.client() as client:
        trade(client)
        until(lambda: prometheus.query("nacre_odd_reports_total"), lambda: "nothing is counted yet")
        until(lambda: reads_too_slowly(client), lambda: client.status()["sessions"])
        fires(prometheus, "NacreGaps")
        report = {"venue": "V2", "symbol": "EURUSD", "child_id": "nobody.1", "exec_id": "E1"}
        report |= {"exec_type": "trade", "last_qty": "1", "last_px": "1.1"}
        client.request("report", report=report)
        fires(prometheus, "NacreOddReports")
        fires(prometheus, "NacreVenueHalted")
        assert [row for row in client.status()["halts"] if row["reason"] == "venue_unknown"]
        client.rearm("venue", "V2", "anna", second="boris")
        died_before_it_was_done(system)
        fires(prometheus, "NacreUnknownIntents")
        clears(prometheus, "NacreGaps", "NacreOddReports", "NacreUnknownIntents", "NacreVenueHalted")
        trade(client)


def died_before_it_was_done(system: Monitored) -> None:
    """The gateways' process as if it had died between a write to a venue and its note that it was done."""
    pid = system.pid_of("gateways")
    os.kill(pid, signal.SIGSTOP)
    intents = Intents(system.core.journal, Capacity(), 1 << 62)
    (at,) = np.flatnonzero(intents.rows["seq"] == intents.sent_through)
    assert intents.rows["state"][at] == DONE
    intents.rows["state"][at] = INTENDED
    os.kill(pid, signal.SIGKILL)


# ---- the journal -------------------------------------------------------------------------------------------


def blocked(journal: Path) -> Path:
    """Something that has the name of the segment after those that there are: the disk gives no more."""
    last = max(journal.glob("*.nacre"))
    number = int(last.stem) + 1
    path = last.with_name(f"{number:0{len(last.stem)}d}{last.suffix}")
    path.touch()
    return path


def denied(feed: Raw, count: int) -> None:
    """Orders that are too large: events that the journal takes, too."""
    for _ in range(count):
        feed.order(f"o{feed.sent}", 100_000, 20_000)


def test_alerts_of_the_journal_fire_and_clear(small: Monitored) -> None:
    prometheus = small.watch()
    feed = Raw(small.core, "feed")
    in_the_way = blocked(small.core.journal)
    board = observe(small.core.socket)

    def is_short(count: int) -> bool:
        denied(feed, count)
        return bool(board.counts()["short_of_space"])

    until(lambda: is_short(200), lambda: sorted(small.core.journal.iterdir()))
    with small.client() as client:
        assert reason(client) == "journal_full"
        fires(prometheus, "NacreJournalShort")
        in_the_way.unlink()
        until(lambda: not is_short(1), lambda: sorted(small.core.journal.iterdir()))
        clears(prometheus, "NacreJournalShort")
        trade(client)
    stops(small, feed)
    fires(prometheus, "NacreCoreFault", "NacreCoreDown")
    small.core.start()
    clears(prometheus, "NacreCoreFault", "NacreCoreDown")


def stops(system: Monitored, feed: Raw) -> None:
    """No room comes any more, and events go on until the reserve is used up, too."""
    in_the_way = blocked(system.core.journal)
    process = system.core.process
    assert process is not None

    def ended() -> bool:
        denied(feed, 200)
        return process.poll() is not None

    until(ended, lambda: sorted(system.core.journal.iterdir()))
    code, _, said = system.core.reap()
    assert code != 0
    assert "journal" in said
    in_the_way.unlink()


# ---- the host ----------------------------------------------------------------------------------------------


def test_alerts_of_the_disks_and_the_clock_fire_and_clear(small: Monitored) -> None:
    prometheus = small.watch()
    disks, clock = ("NacreDiskUsed70", "NacreDiskUsed90"), ("NacreClockUnkept", "NacreClockOff")
    clears(prometheus, *disks, *clock, "NacreClockStepped")
    small.host.say(used=0.75, kept=False)
    fires(prometheus, "NacreDiskUsed70", "NacreClockUnkept")
    small.host.say(used=0.95, kept=True, offset_ns=5_000_000)
    fires(prometheus, "NacreDiskUsed90", "NacreClockOff")
    clears(prometheus, "NacreDiskUsed70", "NacreClockUnkept")
    small.host.say(used=0.5, offset_ns=-900_000, ahead_ns=2_000_000_000)
    fires(prometheus, "NacreClockStepped")
    clears(prometheus, *disks, *clock, "NacreClockStepped")


# ---- the observer ------------------------------------------------------------------------------------------


def test_an_observer_that_is_behind_is_told_of(small: Monitored) -> None:
    prometheus = small.watch(step="3s")  # a scrape of one that is behind takes a second and more
    clears(prometheus, "NacreObserverBehind")
    with feeding(small):
        fires(prometheus, "NacreObserverBehind")
    clears(prometheus, "NacreObserverBehind")


@contextmanager
def feeding(system: Monitored) -> Iterator[None]:
    """Quotes all the while: whoever reads what was there when it began to read is behind by those since."""
    feed = Raw(system.core, "feed", feeds=True)
    over = threading.Event()

    def feeds() -> None:
        while not over.wait(0.005):
            quotes(feed, 2_000)

    with ThreadPoolExecutor(1) as pool:
        fed = pool.submit(feeds)
        try:
            yield
        finally:
            over.set()
        fed.result()


def quotes(feed: Raw, count: int) -> None:
    """So many, as fast as they go."""
    rows = np.zeros(1_000, INPUT)
    quote = np.zeros((), m.QUOTE_EVENT)
    quote["bid_px"], quote["ask_px"], quote["bid_qty"], quote["ask_qty"] = 110_000, 110_010, 1000, 1000
    rows["kind"] = m.Kind.QUOTE
    rows["request"] = np.void(quote.tobytes().ljust(256, b"\0"))
    for _ in range(count // len(rows)):
        rows["source_seq"] = feed.sent + 1 + np.arange(len(rows))
        raw = rows.tobytes()
        for at in range(0, len(raw), 50 * INPUT.itemsize):
            slots = [raw[i : i + INPUT.itemsize] for i in range(at, at + 50 * INPUT.itemsize, INPUT.itemsize)]
            until(lambda slots=slots: feed.requests.try_push_all(slots), lambda: "the core takes nothing")
        feed.sent += len(rows)
