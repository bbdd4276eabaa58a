"""What a core's journal came to, as metrics: see periphery.monitoring.stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client.core import Metric

from core import messages as m
from core.positions.reconcile import Breaks
from periphery.monitoring.core_metrics import counter, gauge
from periphery.monitoring.stream import Stream

SCOPES = ("account", "strategy", "symbol", "venue", "session", "sector", "group")
COSTS = (
    "arrival_bps",
    "effective_spread_bps",
    "realized_spread_bps",
    "fees_bps",
    "fill_rate",
    "reject_ratio",
    "cancel_ratio",
    "ack_p50_us",
)


def of_stream(stream: Stream) -> Iterator[Metric]:
    """Everything that follows from the journal, as far as it is read."""
    yield from _counts(stream)
    yield from _risk(stream)
    yield from _money(stream)
    yield counter("nacre_observed_events", "Events of the journal that are counted here.", [({}, stream.seq)])
    yield gauge(
        "nacre_tape_full", "1: what newer executions cost isn't measured.", [({}, int(stream.tape_full))]
    )


def _counts(stream: Stream) -> Iterator[Metric]:
    counts, venue = stream.counts, stream.venue
    yield counter(
        "nacre_events",
        "Events by kind.",
        [({"kind": m.Kind(kind).name.lower()}, n) for kind, n in sorted(counts.kinds.items())],
    )
    denied = {("order", reason.name.lower()): 0 for reason in m.Reason if reason} | counts.denials
    denials = [({"request": what, "reason": why}, n) for (what, why), n in sorted(denied.items())]
    yield counter("nacre_denials", "Requests that risk denied.", denials)
    orders = [({"exec_type": what}, n) for what, n in sorted(counts.orders.items())]
    yield counter("nacre_order_events", "What happened to orders.", orders)
    for name, about, label, found in (
        ("nacre_sends", "What venues were sent.", "action", counts.sends),
        ("nacre_reports", "What venues said.", "exec_type", counts.reports),
        (
            "nacre_odd_reports",
            "Reports of no order of ours, and reports that came again.",
            "what",
            _odd(stream),
        ),
    ):
        rows = [({"venue": venue(at), label: what}, n) for (at, what), n in sorted(found.items())]
        yield counter(name, about, rows)
    fills = [({"venue": venue(at)}, n) for at, n in sorted(counts.fills.items())]
    yield counter("nacre_fills", "Executions that were booked.", fills)
    alerts = [({"level": level, "check": what}, n) for (level, what), n in sorted(counts.alerts.items())]
    yield counter("nacre_risk_alerts", "Warnings and halts of limits.", alerts)
    yield gauge("nacre_venue_state", "0 up, 1 down, 2 halted, 3 auction, 4 closed.", _venue_states(stream))


def _odd(stream: Stream) -> dict[tuple[int, str], int]:
    """With zeros, as denials: a rate sees the first one only where there was a number before."""
    venues = range(len(stream.book.directory.venue_list))
    return {(venue, what): 0 for venue in venues for what in ("unknown", "duplicate")} | stream.counts.odd


def _venue_states(stream: Stream) -> list[tuple[dict[str, str], float]]:
    """Venues that nothing was said of are up."""
    found = {(name, ""): 0 for name in stream.book.directory.venue_list}
    for (venue, symbol), state in stream.counts.venue_states.items():
        found[stream.venue(venue), stream.symbol(symbol)] = state
    return [({"venue": venue, "symbol": symbol}, state) for (venue, symbol), state in found.items()]


def _risk(stream: Stream) -> Iterator[Metric]:
    used: dict[tuple[str, str], float] = {}
    for row in stream.limits():
        key = (row["check"], _scope(row))
        used[key] = max(row["ratio"], used.get(key, 0.0))
    yield gauge(
        "nacre_limit_used_ratio",
        "How much of a limit is used: 1 is all.",
        [({"check": check, "scope": scope}, ratio) for (check, scope), ratio in used.items()],
    )
    yield gauge(
        "nacre_risk_state",
        "A scope that isn't active: 1 reducing, 2 halted, 3 killed.",
        [
            ({"scope": row["scope"], "key": row["key"] or ""}, m.RiskState[row["state"].upper()])
            for row in stream.states()
        ],
    )


def _scope(row: dict[str, Any]) -> str:
    """As "account=A1,symbol=AAPL"; "all" for everything."""
    return ",".join(f"{key}={row[key]}" for key in SCOPES if row.get(key)) or "all"


def _money(stream: Stream) -> Iterator[Metric]:
    told = stream.money()
    rows = [({key: row[key] for key in ("account", "symbol")}, row) for row in told["positions"]]
    yield gauge("nacre_position_qty", "What is held.", [(labels, float(row["qty"])) for labels, row in rows])
    accounts = [({key: row[key] for key in ("account", "currency")}, row) for row in told["accounts"]]
    for key in ("equity", "realized_pnl", "unrealized_pnl", "fees"):
        yield gauge(
            f"nacre_account_{key}",
            "In the account's currency; not there while a rate is missing.",
            [(labels, float(row[key])) for labels, row in accounts if row[key] is not None],
        )


def of_executions(rows: list[dict[str, Any]]) -> Iterator[Metric]:
    """What executions cost, by venue. rows: of Stream.executions."""
    for key in COSTS:
        yield gauge(
            f"nacre_tca_{key}",
            "See docs/analytics.md.",
            [
                ({"venue": row["venue"], "currency": row["currency"]}, float(row[key]))
                for row in rows
                if row.get(key) is not None
            ],
        )


def of_breaks(breaks: Breaks) -> Metric:
    """Differences to statements, by what became of them."""
    found = dict.fromkeys(("open", "explained", "booked", "closed"), 0)
    for row in breaks.rows.values():
        found[row.status] += 1
    return gauge("nacre_breaks", "Breaks by their status.", [({"status": k}, n) for k, n in found.items()])
