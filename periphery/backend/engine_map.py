"""All engines and services on one map: where each runs, how it is, how fast, and what waits before it.

The path goes from the core over the bridge to the periphery, with the infrastructure round it. Times, rings
and cursors are read where the core has them: the core never knows.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from core.board import Board
from core.live.ask import NoCore
from core.live.observe import observe
from core.topology import LIVE_CURSORS, LIVE_STAGES, STAGES

CORE, BRIDGE, PERIPHERY, INFRASTRUCTURE = TIERS = ("core", "bridge", "periphery", "infrastructure")
ABSENT = "absent"
PROBE_S = 1.0
VENUES = "plays the simulated venues"
BESIDE: dict[str, tuple[str, str]] = {
    "bridge": (BRIDGE, "carries the spine to other hosts, and sessions to it"),
    "bars": (PERIPHERY, "market data: bars of what was quoted and traded"),
    "features": (PERIPHERY, "what models are fed with"),
    "ml": (PERIPHERY, "what models say"),
    "factor": (PERIPHERY, "exposures to factors, covariances"),
    "portfolio": (PERIPHERY, "target weights"),
    "risk": (PERIPHERY, "value at risk, stress, exposures"),
    "analytics": (PERIPHERY, "returns and where they come from"),
    "strategy": (PERIPHERY, "strategies, a process each"),
    "websocket": (PERIPHERY, "tells pages and programs what the core does"),
    "recorder": (INFRASTRUCTURE, "the journal into the database"),
    "database": (INFRASTRUCTURE, "PostgreSQL or SQLite: history"),
    "redis": (INFRASTRUCTURE, "the newest of everything, for others to read"),
    "backend": (INFRASTRUCTURE, "this interface"),
    "prometheus": (INFRASTRUCTURE, "metrics and alerts"),
    "grafana": (INFRASTRUCTURE, "dashboards"),
    "pgadmin": (INFRASTRUCTURE, "the database's desk"),
    "nautilus": (INFRASTRUCTURE, "NautilusTrader over this core"),
}
"""What there may be beside the core: which part of the map, and what it does."""


def map_of(core: Mapping[str, Any], others: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row each, in the order of the path. core: stages by name. others: services by their probes."""
    found = {(CORE, name): row for name, row in core.items()}
    for row in others:
        found[tier_of(row["name"]), row["name"]] = {
            key: row.get(key) for key in ("state", "why", "pid", "seq")
        }
    if (CORE, "gateways") in found:  # without a process of their own they are played there
        there = {"state": found[CORE, "gateways"]["state"], "why": "", "where": "in the gateways"}
        found.setdefault((CORE, "venues"), there)
    known = [(CORE, name) for name in LIVE_STAGES] + [(tier, name) for name, (tier, _) in BESIDE.items()]
    keys = [*known, *(key for key in found if key not in known)]
    rows = [
        {"tier": tier, "name": name, "does": _does(tier, name), **(found.get((tier, name)) or _absent(tier))}
        for tier, name in keys
    ]
    return sorted(rows, key=lambda row: TIERS.index(row["tier"]))


def tier_of(name: str) -> str:
    return BESIDE.get(name, (PERIPHERY, ""))[0]


def _does(tier: str, name: str) -> str:
    if tier == CORE:
        return STAGES[name].does if name in STAGES else VENUES
    return BESIDE.get(name, ("", ""))[1]


def _absent(tier: str) -> dict[str, Any]:
    if tier == CORE:
        return {"state": "down", "why": "the core says nothing of it"}
    return {"state": ABSENT, "why": "not configured: name it under engines or infrastructure"}


# ---- the core's memory -------------------------------------------------------------------------------------


def look(path: Path) -> Board | None:
    """The memory of the core at that socket, to read; None: there is none, or it lets nobody."""
    try:
        return observe(path)
    except (NoCore, RuntimeError):
        return None


def times(board: Board) -> dict[str, dict[str, int]]:
    """Of each stage in ns: its hop and its own time; `timed` events are behind them, one in 61."""
    out = {}
    for name, timing in board.timings.items():
        if name in LIVE_CURSORS:
            out[name] = {
                "timed": timing.hop.count,
                "hop_p50_ns": timing.hop.percentile(50),
                "hop_p99_ns": timing.hop.percentile(99),
                "service_p50_ns": timing.service.percentile(50),
                "service_p99_ns": timing.service.percentile(99),
            }
    return out


def rings(board: Board) -> list[dict[str, Any]]:
    """Each ring: who takes from it, what waits, its room, how often it was full; the spine, too."""
    ends = {
        "desk": "sequencer", "feed": "sequencer", "reports": "sequencer", "sends": "gateways",
        "to_venues": "venues", "from_venues": "gateways",
    }  # fmt: skip
    all_rings = [(f"loopback {name}", "sequencer", ring) for name, ring in board.loopbacks.items()]
    all_rings += [(name.replace("_", " "), end, getattr(board, name)) for name, end in ends.items()]
    out: list[dict[str, Any]] = [
        {"ring": name, "taken_by": end, "used": len(ring), "capacity": ring.capacity, "full": ring.fulls}
        for name, end, ring in all_rings
    ]
    used = max(board.seq - min(board.cursors().values()), 0)
    spine = {"ring": "spine", "taken_by": "all", "used": used, "capacity": board.capacity.spine, "full": 0}
    return [spine, *out]


# ---- what has no probes of nacre's own ---------------------------------------------------------------------


def listening(addresses: Mapping[str, str]) -> list[dict[str, Any]]:
    """Whether each takes a connection, asked at the same time, PROBE_S each at the most."""
    if not addresses:
        return []
    with ThreadPoolExecutor(min(len(addresses), 16)) as threads:
        return list(threads.map(_listens, addresses.items()))


def _listens(named: tuple[str, str]) -> dict[str, Any]:
    name, address = named
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), PROBE_S).close()
    except (OSError, ValueError) as error:
        return {"name": name, "state": "down", "why": f"{address}: {error}"}
    return {"name": name, "state": "running", "why": ""}
