"""A real Prometheus over a running core: every panel's query against the core's own words,
before and after events are injected; alerts fire and clear.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from periphery.client import Client, DenyEvent, OrderEvent
from tests.integration.live_core import Client as Raw
from tests.integration.monitored import MOVING, QUOTE, Monitored, Truth, agree, panels, until
from tests.support_prometheus import Prometheus, need

PANELS = panels()


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Monitored]:
    need("prometheus")
    made = Monitored(tmp_path, "--placement", "pinned", "--wait", "sleep")
    try:
        yield made
    finally:
        made.end()


def trade(client: Client, qty: int = 100) -> None:
    """An order that fills, and one that is denied."""
    client.market(QUOTE | {"bid_px": "1.10000", "ask_px": "1.10010"})
    ids = {
        client.submit("EURUSD", "buy", qty, account="A"),
        client.submit("EURUSD", "buy", 20_000, account="A"),
    }
    for event in client.events(timeout=60):
        if isinstance(event, DenyEvent) or (isinstance(event, OrderEvent) and event.ended):
            ids.discard(event.cl_ord_id)
        if not ids:
            return


def compare(system: Monitored, client: Client) -> dict[str, float]:
    """Every panel's query is what the core says; their sums by query."""
    until(lambda: client.status()["cursors"]["gateways"] == client.status()["seq"], lambda: client.status())
    truth = Truth(system.core, client).values()
    asked = system.prometheus.query
    sums = {}
    for panel, query in PANELS:
        if query in MOVING or "_bucket" in query:
            asked(query)  # it must be one that Prometheus takes
            continue
        assert query in truth, f"{panel}: nothing says what {query} must give"
        until(
            lambda query=query: agree(asked(query), truth[query]),
            lambda panel=panel, query=query: (panel, query, asked(query), truth[query]),
        )
        sums[query] = sum(truth[query].values())
    return sums


def test_each_panel_is_what_the_core_says(system: Monitored) -> None:
    prometheus = system.watch()
    with system.client() as client:
        trade(client)
        before = compare(system, client)
        for _ in range(3):
            trade(client)
        after = compare(system, client)
        for query in (
            "sum(nacre_sequenced_events_total)",
            "sum by (kind) (nacre_events_total)",
            "sum(nacre_denials_total)",
            "sum by (reason) (nacre_denials_total)",
            "sum(nacre_intents_total)",
            "sum(nacre_session_requests_total)",
            "sum by (exec_type) (nacre_order_events_total)",
            "sum by (venue, action) (nacre_sends_total)",
            "sum by (venue, exec_type) (nacre_reports_total)",
            "max(nacre_limit_used_ratio)",
            "sum by (account, symbol) (nacre_position_qty)",
            "sum by (account, currency) (nacre_account_fees)",
            "sum by (session) (nacre_session_responses_total)",
            "max by (stage) (nacre_stage_events_total)",
        ):
            assert after[query] > before[query], query
        assert after["sum(nacre_fills_total)"] == before["sum(nacre_fills_total)"] + 3
        moving(prometheus, client)


def moving(prometheus: Prometheus, client: Client) -> None:
    """Rates, quantiles and heat maps say something once events flow, and what executions cost is there."""
    silent = {query for _, query in PANELS if query in MOVING or "_bucket" in query}
    clock = 'nacre_tca_arrival_bps{venue="V1"}'

    def asked() -> bool:
        for side in 10 * ("buy", "sell"):
            client.submit("EURUSD", side, 1, account="A")
        trade(client, 1)
        silent.difference_update(
            [query for query in silent if any(v > 0 for v in prometheus.query(shorter(query)).values())]
        )
        return not silent - {
            "nacre_tca_reject_ratio",
            "nacre_tca_cancel_ratio",
            "nacre_tca_realized_spread_bps",
        }

    until(asked, lambda: silent)
    until(lambda: prometheus.query(clock), lambda: f"nothing is known of {clock}")


def shorter(query: str) -> str:
    """Over a window in which a test can wait."""
    return query.replace("[1m]", "[8s]")


# ---- alerts ------------------------------------------------------------------------------------------------


def fires(prometheus: Prometheus, *names: str) -> None:
    until(lambda: prometheus.firing() >= set(names), lambda: (names, prometheus.firing()))


def clears(prometheus: Prometheus, *names: str) -> None:
    until(lambda: not prometheus.firing() & set(names), lambda: (names, prometheus.firing()))


def test_alerts_of_trading_fire_and_clear(system: Monitored) -> None:
    prometheus = system.watch()
    with system.client() as client:
        trade(client, 750)
        fires(prometheus, "NacreLimitUsed70")
        for _ in range(20):
            client.submit("EURUSD", "buy", 20_000, account="A")
        fires(prometheus, "NacreDenials")
        trade(client, 200)
        fires(prometheus, "NacreLimitUsed90")
        clears(prometheus, "NacreLimitUsed70")
        client.submit("EURUSD", "sell", 800, account="A")
        clears(prometheus, "NacreLimitUsed90", "NacreDenials")
        client.market({"type": "venue_state", "venue": "V1", "state": "down"})
        client.kill("account", "A", "anna")
        row = {
            "id": "A/EURUSD",
            "account": "A",
            "what": "EURUSD",
            "kind": "quantity",
            "ours": "1",
            "theirs": "2",
            "difference": "1",
            "first_seen": "2026-01-02",
            "last_seen": "2026-01-02",
            "status": "open",
        }
        system.breaks.write_text(json.dumps({"breaks": [row]}))
        fires(prometheus, "NacreVenueDown", "NacreKilled", "NacreBreaksOpen")
        client.market({"type": "venue_state", "venue": "V1", "state": "up"})
        client.rearm("account", "A", "anna", second="boris")
        system.breaks.write_text(json.dumps({"breaks": [row | {"status": "closed"}]}))
        clears(prometheus, "NacreVenueDown", "NacreKilled", "NacreBreaksOpen")


def test_alerts_of_a_core_that_stands_still_fire_and_clear(system: Monitored) -> None:
    prometheus = system.watch()
    raw = Raw(system.core, cancels=False)
    raw.quote("1.10000", "1.10010")

    def stands() -> bool:
        """One that is silent for long is replaced: then the next one is stopped."""
        stopped.add(system.pid_of("journal"))
        os.kill(system.pid_of("journal"), signal.SIGSTOP)
        while raw.order(f"o{raw.sent}", 100_000, 1):
            pass
        return prometheus.firing() >= {"NacreRingFilling", "NacreJournalLag"}

    stopped: set[int] = set()
    until(stands, prometheus.firing)
    for pid in stopped & {system.pid_of("journal")}:
        os.kill(pid, signal.SIGCONT)
    fires(prometheus, "NacreHopSlow")
    clears(prometheus, "NacreRingFilling", "NacreJournalLag", "NacreHopSlow")


def test_alerts_of_processes_fire_and_clear(system: Monitored) -> None:
    prometheus = system.watch()
    fires(prometheus, "NacreServiceDown")
    system.service_begins()
    clears(prometheus, "NacreServiceDown")
    away = system.core.journal.rename(system.core.journal.with_name("away"))
    fires(prometheus, "NacreServiceBehind")  # the service's input is gone
    away.rename(system.core.journal)
    clears(prometheus, "NacreServiceBehind")
    os.kill(system.pid_of("positions"), signal.SIGKILL)
    fires(prometheus, "NacreEngineRestarted")
    clears(prometheus, "NacreEngineRestarted")

    def is_down() -> bool:
        """Silent, until it is taken for dead and replaced: then the next one is stopped."""
        stopped.add(pid := system.pid_of("router"))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
        return "NacreEngineDown" in prometheus.firing()

    stopped: set[int] = set()
    until(is_down, prometheus.firing)
    for pid in stopped & {system.pid_of("router")}:
        os.kill(pid, signal.SIGCONT)
    clears(prometheus, "NacreEngineDown")
    system.core.stop()
    fires(prometheus, "NacreCoreDown")
    system.core.start()
    clears(prometheus, "NacreCoreDown")
    system.end_exporter()
    fires(prometheus, "NacreExporterDown")
    system.begin_exporter()
    clears(prometheus, "NacreExporterDown")
