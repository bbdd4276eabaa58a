"""Writes the dashboards: `python -m deploy.grafana.generate`. They are made by grafana-foundation-sdk.

A panel is a line below: its title, its unit, and what it asks of Prometheus. A test makes them again and
compares; another one runs each query against a real Prometheus over a running core.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from grafana_foundation_sdk.builders import common, dashboard, heatmap, prometheus, stat, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import LegendDisplayMode, TooltipDisplayMode
from grafana_foundation_sdk.models.dashboard import DataSourceRef
from grafana_foundation_sdk.models.heatmap import HeatmapColorMode
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

FOLDER = Path(__file__).with_name("dashboards")
SOURCE = DataSourceRef(type_val="prometheus", uid="prometheus")
WIDE, HALF, THIRD = 24, 12, 8


@dataclass(frozen=True, slots=True)
class P:
    """A panel. queries: (legend, PromQL). kind: lines, number, heat."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "lines"
    span: int = HALF


def rate(name: str, *labels: str) -> str:
    """A second's growth of a counter over the last minute, by these labels."""
    by = f" by ({', '.join(labels)})" if labels else ""
    return f"sum{by} (rate({name}[1m]))"


def line(title: str, unit: str, query: str, legend: str = "", span: int = HALF) -> P:
    return P(title, unit, ((legend, query),), "lines", span)


def number(title: str, unit: str, query: str) -> P:
    return P(title, unit, (("", query),), "number", THIRD)


def heat(title: str, metric: str, stage: str) -> P:
    query = f'sum by (le) (rate({metric}_bucket{{stage="{stage}"}}[1m]))'
    return P(title, "s", (("{{le}}", query),), "heat", HALF)


STAGES = ("resolve", "risk", "orders", "router", "execution", "positions", "journal", "egress", "gateways")

BOARDS: dict[str, tuple[P, ...]] = {
    "latency": (
        line("p99 of a hop", "s", "nacre:hop_seconds:p99_1m", "{{stage}}"),
        line("p99 of an engine's own time", "s", "nacre:service_seconds:p99_1m", "{{stage}}"),
        line("p99 since the sequencer", "s", "nacre:since_seconds:p99_1m", "{{stage}}", WIDE),
        *(heat(f"Hop to {stage}", "nacre_hop_seconds", stage) for stage in STAGES),
        heat("From sequencer to answer", "nacre_since_seconds", "egress"),
    ),
    "order_flow": (
        number("Events", "short", "sum(nacre_sequenced_events_total)"),
        number("Orders denied", "short", "sum(nacre_denials_total)"),
        number("Fills", "short", "sum(nacre_fills_total)"),
        line("Events by kind", "ops", "nacre:events:rate1m", "{{kind}}"),
        line("Events so far", "short", "sum by (kind) (nacre_events_total)", "{{kind}}"),
        line(
            "What happened to orders",
            "short",
            "sum by (exec_type) (nacre_order_events_total)",
            "{{exec_type}}",
        ),
        line("Sends by venue", "short", "sum by (venue, action) (nacre_sends_total)", "{{venue}} {{action}}"),
        line("Requests of sessions", "ops", rate("nacre_session_requests_total")),
        line("Requests so far", "short", "sum(nacre_session_requests_total)"),
        line("Intents and sends held back", "short", "sum(nacre_intents_total)", "intents"),
        line("Sends held back by a kill", "short", "sum(nacre_suppressed_sends_total)"),
        line("Intents without done", "short", "sum(nacre_unknown_intents_total)"),
        line("Inputs that came again", "short", "sum(nacre_repeated_events_total)"),
    ),
    "risk": (
        number("Kills in force", "short", "sum(nacre_kills)"),
        number("Most used limit", "percentunit", "max(nacre_limit_used_ratio)"),
        number("Denials a second", "ops", "sum(nacre:denials:rate1m)"),
        line(
            "Limits used",
            "percentunit",
            "max by (check, scope) (nacre_limit_used_ratio)",
            "{{check}} {{scope}}",
        ),
        line("Denials by reason", "short", "sum by (reason) (nacre_denials_total)", "{{reason}}"),
        line(
            "Alerts of limits",
            "short",
            "sum by (level, check) (nacre_risk_alerts_total)",
            "{{level}} {{check}}",
        ),
        line(
            "Scopes that aren't active",
            "short",
            "max by (scope, key) (nacre_risk_state)",
            "{{scope}} {{key}}",
        ),
        line("Kills", "short", "max by (scope, key) (nacre_kill_in_force)", "{{scope}} {{key}}"),
    ),
    "pnl": (
        line(
            "Equity", "short", "sum by (account, currency) (nacre_account_equity)", "{{account}} {{currency}}"
        ),
        line(
            "Realized",
            "short",
            "sum by (account, currency) (nacre_account_realized_pnl)",
            "{{account}} {{currency}}",
        ),
        line(
            "Unrealized",
            "short",
            "sum by (account, currency) (nacre_account_unrealized_pnl)",
            "{{account}} {{currency}}",
        ),
        line("Fees", "short", "sum by (account, currency) (nacre_account_fees)", "{{account}} {{currency}}"),
        line(
            "Positions",
            "short",
            "sum by (account, symbol) (nacre_position_qty)",
            "{{account}} {{symbol}}",
            WIDE,
        ),
        line("Breaks", "short", "sum by (status) (nacre_breaks)", "{{status}}", WIDE),
    ),
    "venues_tca": (
        line(
            "State (0 up, 1 down, 2 halted, 3 auction, 4 closed)",
            "short",
            "max by (venue, symbol) (nacre_venue_state)",
            "{{venue}} {{symbol}}",
        ),
        line(
            "Reports", "short", "sum by (venue, exec_type) (nacre_reports_total)", "{{venue}} {{exec_type}}"
        ),
        line("Fills", "short", "sum by (venue) (nacre_fills_total)", "{{venue}}"),
        line("Odd reports", "short", "sum by (venue, what) (nacre_odd_reports_total)", "{{venue}} {{what}}"),
        line("Slippage from arrival, bps", "short", "nacre_tca_arrival_bps", "{{venue}} {{currency}}"),
        line("Effective spread, bps", "short", "nacre_tca_effective_spread_bps", "{{venue}} {{currency}}"),
        line("Fees, bps", "short", "nacre_tca_fees_bps", "{{venue}} {{currency}}"),
        line("Fill rate", "percentunit", "nacre_tca_fill_rate", "{{venue}} {{currency}}"),
        line("Acknowledged in, median", "µs", "nacre_tca_ack_p50_us", "{{venue}} {{currency}}"),
        line("Rejected", "percentunit", "nacre_tca_reject_ratio", "{{venue}} {{currency}}"),
    ),
    "engines": (
        number("Core", "short", "min(nacre_core_up)"),
        number("Restarts", "short", "sum(nacre_worker_restarts_total)"),
        number("Sessions", "short", "sum(nacre_sessions)"),
        line(
            "Events that a stage is behind",
            "short",
            "max by (stage) (nacre_stage_behind_events)",
            "{{stage}}",
        ),
        line(
            "Events that a stage is done with",
            "short",
            "max by (stage) (nacre_stage_events_total)",
            "{{stage}}",
        ),
        line("Since its last turn", "s", "max by (worker) (nacre_worker_silent_seconds)", "{{worker}}"),
        line("Takes its turns", "short", "min by (worker) (nacre_worker_going)", "{{worker}}"),
        line("Events taken", "short", "sum by (worker) (nacre_worker_taken_total)", "{{worker}}"),
        line("Naps", "ops", rate("nacre_worker_naps_total", "worker"), "{{worker}}"),
        line("Services", "short", 'min by (service) (up{job="nacre-services"})', "{{service}}"),
        line("Events that aren't counted yet", "short", "max(nacre_observer_lag_events)"),
    ),
    "infrastructure": (
        line("Rings", "percentunit", "nacre:ring_occupancy:ratio", "{{ring}}"),
        line("A ring was full", "short", "sum by (ring) (nacre_ring_full_total)", "{{ring}}"),
        line("Journal: events that wait", "short", "max by (what) (nacre_journal_lag_events)", "{{what}}"),
        line("Journal: bytes", "bytes", "sum(nacre_journal_bytes)"),
        line("Journal: short of space", "short", "max(nacre_journal_short_of_space)"),
        line("Timers", "short", "sum(nacre_timers)"),
        line("Sessions' rings", "percentunit", "nacre:session_occupancy:ratio", "{{session}}"),
        line(
            "Sessions found their ring full",
            "short",
            "sum by (session) (nacre_session_busy_total)",
            "{{session}}",
        ),
        line(
            "Sessions lost answers", "short", "sum by (session) (nacre_session_lapped_total)", "{{session}}"
        ),
        line("Answers told", "short", "sum by (session) (nacre_session_responses_total)", "{{session}}"),
        line("Derived events that waited outside their ring", "short", "sum(nacre_spilled_events_total)"),
        line("Under way to and from simulated venues", "short", "sum(nacre_under_way)"),
    ),
}
TITLES = {"pnl": "P&L", "venues_tca": "Venues and TCA"}


def build(name: str, panels: Sequence[P]) -> str:
    """A dashboard as JSON."""
    title = TITLES.get(name, name.replace("_", " ").capitalize())
    made = dashboard.Dashboard(f"nacre: {title}").uid(f"nacre-{name.replace('_', '-')}").tags(["nacre"])
    made.refresh("5s").time("now-30m", "now").timezone("utc").readonly()
    for panel in panels:
        made.with_panel(_panel(panel))
    return JSONEncoder(sort_keys=True, indent=1).encode(made.build()) + "\n"


def _panel(panel: P) -> timeseries.Panel | stat.Panel | heatmap.Panel:
    made = {"lines": timeseries.Panel, "number": stat.Panel, "heat": heatmap.Panel}[panel.kind]()
    made.title(panel.title).unit(panel.unit).datasource(SOURCE).span(panel.span).height(8)
    for at, (legend, expr) in enumerate(panel.queries):
        query = (
            prometheus.Dataquery().expr(expr).legend_format(legend or panel.title).ref_id(chr(ord("A") + at))
        )
        made.with_target(query.format(PromQueryFormat.HEATMAP) if panel.kind == "heat" else query)
    if isinstance(made, timeseries.Panel):
        made.legend(common.VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST))
        made.tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
    if isinstance(made, heatmap.Panel):
        made.calculate(False).color(
            heatmap.HeatmapColorOptions().mode(HeatmapColorMode.SCHEME).scheme("Spectral")
        )
        made.y_axis(heatmap.YAxisConfig().unit(panel.unit))
    return made


def main() -> None:
    """Writes them all."""
    FOLDER.mkdir(exist_ok=True)
    for name, panels in BOARDS.items():
        (FOLDER / f"{name}.json").write_text(build(name, panels))
    print(f"{len(BOARDS)} dashboards in {FOLDER}", file=sys.stderr)


if __name__ == "__main__":
    main()
