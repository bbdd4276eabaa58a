"""What a running core's memory tells: cursors, rings, times, words; and what its socket says.

The memory is read where it is: no lock, no request, and the core's processes never know. The socket is
answered by the core's server, which stands beside the path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from core.board import Board
from core.topology import LIVE_CURSORS
from core_ext.histogram import Histogram

NS = 1e-9
BOUNDS_NS = tuple((1 << n) - 1 for n in range(7, 27))
"""Upper bounds of the classic buckets: 127 ns to 67 ms, each twice the one before; they fall together with
bounds of the core's own buckets, so the counts are exact."""
FLOWS = {
    "sent": ("nacre_intents", "Sends whose intent a gateway stored."),
    "suppressed": ("nacre_suppressed_sends", "Sends that a gateway held back: a kill was in force."),
    "venue_messages": ("nacre_venue_messages", "Sends that reached simulated venues."),
    "venue_doubled": ("nacre_venue_doubled", "New orders that a simulated venue had had before."),
}


def gauge(name: str, about: str, rows: Iterable[tuple[dict[str, str], float]]) -> GaugeMetricFamily:
    """A gauge with a row for each set of labels; all have the same labels."""
    found = list(rows)
    family = GaugeMetricFamily(name, about, labels=list(found[0][0]) if found else [])
    for labels, value in found:
        family.add_metric(list(labels.values()), value)
    return family


def counter(name: str, about: str, rows: Iterable[tuple[dict[str, str], float]]) -> CounterMetricFamily:
    """The same as a counter."""
    found = list(rows)
    family = CounterMetricFamily(name, about, labels=list(found[0][0]) if found else [])
    for labels, value in found:
        family.add_metric(list(labels.values()), value)
    return family


# ---- the memory --------------------------------------------------------------------------------------------


def of_board(board: Board) -> Iterator[Metric]:
    """Everything that is read from shared memory."""
    seq, cursors, counts = board.seq, board.cursors(), board.counts()
    yield counter("nacre_sequenced_events", "Events on the spine.", [({}, seq)])
    yield counter(
        "nacre_stage_events",
        "Events that the stage is done with, or has passed by.",
        [({"stage": name}, done) for name, done in cursors.items()],
    )
    yield gauge(
        "nacre_stage_behind_events",
        "Events between the last one and the one that the stage is done with.",
        [({"stage": name}, max(seq - done, 0)) for name, done in cursors.items()],
    )
    yield from _rings(board, seq, cursors)
    yield from _times(board)
    yield from _words(seq, cursors, counts)
    yield fault(board)


def fault(board: Board) -> Metric:
    """Whether something has stopped the core that this is the memory of."""
    return gauge("nacre_core_fault", "1: something has stopped the core.", [({}, int(bool(board.faults)))])


def _rings(board: Board, seq: int, cursors: dict[str, int]) -> Iterator[Metric]:
    rings = {f"loopback_{name}": ring for name, ring in board.loopbacks.items()}
    for name in ("desk", "feed", "reports", "sends", "to_venues", "from_venues"):
        rings[name] = getattr(board, name)
    used = {name: len(ring) for name, ring in rings.items()} | {"spine": max(seq - min(cursors.values()), 0)}
    room = {name: ring.capacity for name, ring in rings.items()} | {"spine": board.capacity.spine}
    yield gauge("nacre_ring_used_slots", "What waits.", [({"ring": k}, v) for k, v in used.items()])
    yield gauge("nacre_ring_capacity_slots", "Its room.", [({"ring": k}, v) for k, v in room.items()])
    yield counter(
        "nacre_ring_full",
        "How often its producer found it full.",
        [({"ring": name}, ring.fulls) for name, ring in rings.items()],
    )


def _times(board: Board) -> Iterator[Metric]:
    stages = [name for name in board.timings if name in LIVE_CURSORS]
    for what, about in (
        ("hop", "From when the stage before was done with an event until this one was; one in 61 is timed."),
        ("service", "A stage's own time an event, of batches with a timed one."),
        ("since", "From when the sequencer took an event until the stage was done with it."),
    ):
        family = HistogramMetricFamily(f"nacre_{what}_seconds", about, labels=["stage"])
        for name in stages:
            buckets, total = _buckets(getattr(board.timings[name], what))
            family.add_metric([name], buckets, total)
        yield family


def _buckets(histogram: Histogram) -> tuple[list[tuple[str, float]], float]:
    *below, count = histogram.at_most(BOUNDS_NS)
    found = [(f"{bound * NS:.9g}", float(n)) for bound, n in zip(BOUNDS_NS, below, strict=True)]
    return [*found, ("+Inf", float(count))], histogram.sum * NS


def _words(seq: int, cursors: dict[str, int], counts: dict[str, int]) -> Iterator[Metric]:
    yield counter("nacre_session_requests", "Requests taken from sessions.", [({}, counts["inputs"])])
    yield counter(
        "nacre_repeated_events", "Inputs that came again, and were dropped.", [({}, counts["repeated"])]
    )
    yield counter(
        "nacre_spilled_events", "Derived events that waited outside their ring.", [({}, counts["spilled"])]
    )
    yield gauge("nacre_timers", "Timers that wait.", [({}, counts["timers"])])
    yield gauge("nacre_under_way", "Messages to and from simulated venues.", [({}, counts["under_way"])])
    for key, (name, about) in FLOWS.items():
        yield counter(name, about, [({}, counts[key])])
    lags = {"recorded": cursors["journal"], "durable": counts["durable"]}
    yield gauge(
        "nacre_journal_lag_events",
        "Events that aren't recorded yet; that aren't known to be on the disk yet.",
        [({"what": what}, max(seq - done, 0)) for what, done in lags.items()],
    )
    yield gauge(
        "nacre_journal_short_of_space", "1: only the reserve is left.", [({}, counts["short_of_space"])]
    )


# ---- the socket --------------------------------------------------------------------------------------------

OF_SESSIONS = {
    "waiting": ("nacre_session_waiting_requests", "Requests that wait in the session's ring.", False),
    "capacity": ("nacre_session_capacity_requests", "Room in the session's ring.", False),
    "busy": ("nacre_session_busy", "How often the session found its ring full.", True),
    "lapped": ("nacre_session_lapped", "How often the session lost answers, and asked for them again.", True),
    "responses": ("nacre_session_responses", "Answers told to it.", True),
}


def of_status(told: dict[str, Any]) -> Iterator[Metric]:
    """What the core's server says of it."""
    about = {key: str(told[key]) for key in ("name", "placement", "wait", "durability")}
    yield gauge("nacre_core_info", "What runs.", [(about | {"live": str(told["live"]).lower()}, 1)])
    yield gauge("nacre_core_uptime_seconds", "Since it began.", [({}, told["uptime_ns"] * NS)])
    yield gauge("nacre_journal_bytes", "Of all its segments.", [({}, told["journal"]["bytes"])])
    yield gauge("nacre_sessions", "Sessions that are open.", [({}, len(told["sessions"]))])
    yield gauge("nacre_kills", "Kills in force.", [({}, len(told["kills"]))])
    yield gauge("nacre_kill_in_force", "A kill in force.", _unique(
        ({"scope": row["scope"], "key": row["key"] or ""}, 1.0) for row in told["kills"]
    ))  # fmt: skip
    yield gauge("nacre_halt_in_force", "A halt; reason: of a venue that broke with the core.", _unique(
        ({"scope": row["scope"], "key": row["key"] or "", "reason": row["reason"]}, 1.0)
        for row in told["halts"]
    ))  # fmt: skip
    unknown = told["sends"]["unknown"] + told["sends"]["unknown_at_start"]
    yield counter(
        "nacre_unknown_intents", "Intents without done, found when gateways came back.", [({}, unknown)]
    )
    yield counter("nacre_worker_restarts", "Processes brought back.", [({}, told["restarts"]["count"])])
    for key, (name, text, counts) in OF_SESSIONS.items():
        yield (counter if counts else gauge)(
            name, text, [({"session": row["name"]}, row[key]) for row in told["sessions"]]
        )
    yield from _workers(told["workers"])


def _workers(rows: list[dict[str, Any]]) -> Iterator[Metric]:
    for name, about, of in (
        ("nacre_worker_going", "1: the process takes its turns.", lambda row: int(row["going"])),
        ("nacre_worker_silent_seconds", "Since its last turn.", lambda row: row["silent_ns"] * NS),
    ):
        yield gauge(name, about, [({"worker": row["name"]}, of(row)) for row in rows])
    for key in ("taken", "turns", "naps"):
        yield counter(
            f"nacre_worker_{key}",
            f"The process's {key}.",
            [({"worker": row["name"]}, row[key]) for row in rows],
        )


def _unique(rows: Iterable[tuple[dict[str, str], float]]) -> list[tuple[dict[str, str], float]]:
    """Of the same labels, one row: a scope may be killed twice."""
    return list({tuple(labels.items()): (labels, value) for labels, value in rows}.values())
