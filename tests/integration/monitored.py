"""A core, its exporter and a real Prometheus over both, as processes of their own; and what the core says."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core import messages as m
from core.live.observe import observe
from core.live.sample import EURUSD
from core.scenario.printer import Printer
from periphery.client import Client, connect
from periphery.monitoring.stream_metrics import COSTS, SCOPES
from periphery.service.source import JournalSource
from tests.integration.live_core import Process
from tests.integration.told_host import Host
from tests.support_prometheus import Prometheus, free_port, until

DECLARED: list[dict[str, Any]] = [
    EURUSD,
    {"type": "venue", "venue": "V1", "mode": "match", "symbols": ["EURUSD"], "taker_fee_bps": "0.2"},
    {"type": "account", "account": "A", "currency": "USD", "cash": "1000000"},
    {"type": "limit", "check": "max_order_qty", "account": "A", "value": "10000"},
    {"type": "limit", "check": "max_position", "account": "A", "symbol": "EURUSD", "value": "1000"},
]
QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_qty": "1000000", "ask_qty": "1000000"}
type Rows = dict[frozenset[tuple[str, str]], float]


class Monitored:
    """`watch`, then `end`. A service is declared, and isn't there until `service_begins`."""

    def __init__(self, folder: Path, *options: str, more: Sequence[dict[str, Any]] = ()) -> None:
        """options: of the core. more: declared besides."""
        self.folder = folder
        self.core = Process(folder, *options, declared=[*DECLARED, *more])
        self.breaks = folder / "breaks.json"
        self.host = Host(folder / "host.json")
        self.service, self.port = free_port(), 0
        self._processes: list[subprocess.Popen[str]] = []
        self.core.start()
        self.targets = folder / "prometheus" / "targets"
        self.targets.mkdir(parents=True)

    def watch(self, alertmanager: int = 1, **more: str) -> Prometheus:
        """Starts the exporter and Prometheus."""
        self.begin_exporter()
        self.prometheus = Prometheus(self.folder / "prometheus", self.port, alertmanager, **more)
        until(lambda: self.prometheus.query("nacre_core_up"), lambda: self.prometheus.log.read_text())
        return self.prometheus

    def begin_exporter(self) -> None:
        """At its port, once it has one.

        It sees the disks and the clock that `host` says: sound ones at first.
        """
        self.host.say()
        words = ["metrics", "run", "--socket", str(self.core.socket), "--http", f"127.0.0.1:{self.port}"]
        words += ["--breaks", str(self.breaks), "--targets", str(self.targets / "services.json")]
        words += ["--service", f"risk=127.0.0.1:{self.service}"]
        self.exporter, told = self._started("tests.integration.told_host", str(self.host.file), *words)
        self.port = told["port"]

    def end_exporter(self) -> None:
        self._end(self.exporter)

    def service_begins(self) -> None:
        """The engine risk, where the exporter says it is."""
        words = [
            "engine",
            "run",
            "risk",
            "--journal",
            str(self.core.journal),
            "--state",
            str(self.folder / "risk"),
        ]
        self.nacre(*words, "--http", f"127.0.0.1:{self.service}")

    def nacre(self, *words: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        """Starts a command; its process, and the first line of its log."""
        return self._started("core.cli", *words)

    def _started(self, *words: str) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self._processes.append(process)
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("{"), line + process.stderr.read()
        return process, json.loads(line)

    def client(self, **more: Any) -> Client:
        return connect(self.core.socket, name="mine", cancel_on_disconnect=False, **more)

    def pid_of(self, stage: str) -> int:
        return int(next(each["pid"] for each in self.core.workers() if stage in each["stages"]))

    def end(self) -> None:
        """In order, whatever a test did."""
        try:
            if hasattr(self, "prometheus"):
                self.prometheus.stop()
            for process in list(self._processes):
                self._end(process)
        finally:
            self.core.end()

    def _end(self, process: subprocess.Popen[str]) -> None:
        self._processes.remove(process)
        process.send_signal(signal.SIGTERM)
        _out, said = process.communicate(timeout=60)
        assert process.returncode == 0, said


def labelled(rows: Mapping[tuple[str, ...], float], *names: str) -> Rows:
    """Rows by the values of these labels; an empty label is none to Prometheus."""
    return {
        frozenset((name, value) for name, value in zip(names, key, strict=True) if value): float(n)
        for key, n in rows.items()
    }


def one(value: float) -> Rows:
    return {frozenset(): float(value)}


class Truth:
    """What the core says itself, in another way than the exporter: its journal as lines, its answers to
    a client, its memory. Of a core where nothing moves.
    """

    def __init__(self, core: Process, client: Client) -> None:
        self.board, self.told = observe(core.socket), client.status()
        self.money, self.risk = client.positions(), client.risk_status()
        self.lines: list[dict[str, Any]] = []
        self.kinds: Counter[str] = Counter()
        self.source = JournalSource(core.journal, self._page)
        self.printer = Printer(self.source.book.directory, self.source.id_text, self.lines.append)
        while self.source.poll():
            pass
        self.printer.flush()

    def _page(self, raw: bytes) -> None:
        self.kinds[m.Kind(int.from_bytes(raw[40:42], "little")).name.lower()] += 1
        self.printer.page(raw)

    def count(self, line_type: str, *keys: str) -> Rows:
        """Lines of a type by these of their values."""
        found = Counter(
            tuple(str(row[key]) for key in keys) for row in self.lines if row["type"] == line_type
        )
        return labelled(found, *keys)

    def session(self, key: str) -> Rows:
        return labelled({(row["name"],): row[key] for row in self.told["sessions"]}, "session")

    def accounts(self, key: str) -> Rows:
        rows = {(row["account"], row["currency"]): float(row[key]) for row in self.money["accounts"]}
        return labelled(rows, "account", "currency")

    def limits(self) -> Rows:
        rows = {}
        for row in self.risk["limits"]:
            if row["percent"] is not None:
                scope = ",".join(f"{key}={row[key]}" for key in SCOPES if row.get(key)) or "all"
                rows[row["check"], scope] = row["percent"] / 100
        return labelled(rows, "check", "scope")

    def stages(self, behind: bool) -> Rows:
        rows = {(k,): self.board.seq - v if behind else v for k, v in self.board.cursors().items()}
        return labelled(rows, "stage")

    def rings(self, full: bool) -> Rows:
        rings = {f"loopback_{name}": ring for name, ring in self.board.loopbacks.items()}
        names = ("desk", "feed", "reports", "sends", "to_venues", "from_venues")
        rings |= {name: getattr(self.board, name) for name in names}
        rows = {(name,): ring.fulls if full else len(ring) / ring.capacity for name, ring in rings.items()}
        return labelled(rows if full else rows | {("spine",): 0.0}, "ring")

    def workers(self, key: str) -> Rows:
        return labelled({(row["name"],): float(row[key]) for row in self.told["workers"]}, "worker")

    def states(self) -> Rows:
        rows = {(row["scope"], row["key"]): m.RiskState[row["state"].upper()] for row in self.risk["states"]}
        return labelled(rows, "scope", "key")

    def reports(self) -> Rows:
        """Each report of a venue, out of the journal."""
        found: Counter[tuple[str, str]] = Counter()
        for row in self.lines:
            if row["type"] == "child" and row["exec_type"] not in (
                "pending_new",
                "pending_cancel",
                "pending_replace",
            ):
                found[row["venue"], row["exec_type"]] += 1
        return labelled(found, "venue", "exec_type")

    def values(self) -> dict[str, Rows]:
        """By a panel's query, what it must give."""
        told, counts, sends = self.told, self.board.counts(), self.told["sends"]
        kinds = labelled({(k,): n for k, n in self.kinds.items()}, "kind")
        denials, trades = (
            self.count("deny", "reason"),
            [row for row in self.lines if row["type"] == "position"],
        )
        kills = {(row["scope"], row["key"] or ""): 1.0 for row in told["kills"]}
        limits = self.limits()
        return {
            "sum(nacre_sequenced_events_total)": one(told["seq"]),
            "sum by (kind) (nacre_events_total)": kinds,
            "sum(nacre_denials_total)": one(sum(denials.values())),
            "sum by (reason) (nacre_denials_total)": denials,
            "sum(nacre_fills_total)": one(len(trades)),
            "sum by (venue) (nacre_fills_total)": labelled({("V1",): len(trades)}, "venue"),
            "sum by (exec_type) (nacre_order_events_total)": self.count("order", "exec_type"),
            "sum by (venue, action) (nacre_sends_total)": self.count("send", "venue", "action"),
            "sum by (venue, exec_type) (nacre_reports_total)": self.reports(),
            "sum by (venue, what) (nacre_odd_reports_total)": {},
            "sum by (level, check) (nacre_risk_alerts_total)": self.count("alert", "level", "check"),
            "sum(nacre_session_requests_total)": one(told["inputs"]),
            "sum(nacre_intents_total)": one(sends["intents"]),
            "sum(nacre_suppressed_sends_total)": one(sends["suppressed"]),
            "sum(nacre_unknown_intents_total)": one(sends["unknown"] + sends["unknown_at_start"]),
            "sum(nacre_repeated_events_total)": one(told["repeated"]),
            "sum(nacre_kills)": one(len(told["kills"])),
            "max by (scope, key) (nacre_kill_in_force)": labelled(kills, "scope", "key"),
            "max(nacre_limit_used_ratio)": one(max(limits.values())),
            "max by (check, scope) (nacre_limit_used_ratio)": limits,
            "max by (scope, key) (nacre_risk_state)": self.states(),
            "sum by (account, currency) (nacre_account_equity)": self.accounts("equity"),
            "sum by (account, currency) (nacre_account_realized_pnl)": self.accounts("realized_pnl"),
            "sum by (account, currency) (nacre_account_unrealized_pnl)": self.accounts("unrealized_pnl"),
            "sum by (account, currency) (nacre_account_fees)": self.accounts("fees"),
            "sum by (account, symbol) (nacre_position_qty)": labelled(
                {(row["account"], row["symbol"]): float(row["qty"]) for row in self.money["positions"]},
                "account",
                "symbol",
            ),
            "sum by (status) (nacre_breaks)": labelled(
                {(name,): 0.0 for name in ("open", "explained", "booked", "closed")}, "status"
            ),
            "max by (venue, symbol) (nacre_venue_state)": labelled({("V1",): 0.0}, "venue"),
            "min(nacre_core_up)": one(1),
            "sum(nacre_worker_restarts_total)": one(told["restarts"]["count"]),
            "sum(nacre_sessions)": one(len(told["sessions"])),
            "max by (stage) (nacre_stage_behind_events)": self.stages(behind=True),
            "max by (stage) (nacre_stage_events_total)": self.stages(behind=False),
            "min by (worker) (nacre_worker_going)": self.workers("going"),
            "sum by (worker) (nacre_worker_taken_total)": self.workers("taken"),
            'min by (service) (up{job="nacre-services"})': labelled({("risk",): 0.0}, "service"),
            "max(nacre_observer_lag_events)": one(0),
            "nacre:ring_occupancy:ratio": self.rings(full=False),
            "sum by (ring) (nacre_ring_full_total)": self.rings(full=True),
            "max by (what) (nacre_journal_lag_events)": labelled(
                {("recorded",): 0.0, ("durable",): told["seq"] - counts["durable"]}, "what"
            ),
            "sum(nacre_journal_bytes)": one(told["journal"]["bytes"]),
            "max(nacre_journal_short_of_space)": one(0),
            "sum(nacre_timers)": one(counts["timers"]),
            "nacre:session_occupancy:ratio": self.session("waiting"),
            "sum by (session) (nacre_session_busy_total)": self.session("busy"),
            "sum by (session) (nacre_session_lapped_total)": self.session("lapped"),
            "sum by (session) (nacre_session_responses_total)": self.session("responses"),
            "sum(nacre_spilled_events_total)": one(counts["spilled"]),
            "sum(nacre_under_way)": one(0),
        }


MOVING = {
    "nacre:events:rate1m",
    "sum(nacre:denials:rate1m)",
    "sum (rate(nacre_session_requests_total[1m]))",
    "sum by (worker) (rate(nacre_worker_naps_total[1m]))",
    "max by (worker) (nacre_worker_silent_seconds)",
    "nacre:hop_seconds:p99_1m",
    "nacre:service_seconds:p99_1m",
    "nacre:since_seconds:p99_1m",
    *(f"nacre_tca_{key}" for key in COSTS),
}
"""Queries of panels whose value depends on when they are asked, or on a clock."""


def panels() -> list[tuple[str, str]]:
    """(dashboard: panel, query) of every panel there is."""
    folder = Path(__file__).resolve().parents[2] / "deploy" / "grafana" / "dashboards"
    return [
        (f"{path.stem}: {panel['title']}", target["expr"])
        for path in sorted(folder.glob("*.json"))
        for panel in json.loads(path.read_text())["panels"]
        for target in panel["targets"]
    ]


def agree(found: Rows, wanted: Rows) -> bool:
    """To what a float holds of a decimal; what isn't there is 0."""
    return all(
        abs(found.get(key, 0.0) - value) <= 1e-9 * max(1.0, abs(value)) + 5e-5 * (0 < abs(value) < 1)
        for key, value in (dict.fromkeys(found, 0.0) | wanted).items()
    )


__all__ = ["MOVING", "QUOTE", "Monitored", "Truth", "agree", "panels", "until"]
