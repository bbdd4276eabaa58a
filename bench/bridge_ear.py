"""The process of `bench bridge` that hears: `python -m bench.bridge_ear STREAM AFTER RAW`.

Commands come as lines of JSON: what to wait for, and how many; a line says that it waits, another what came.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import zmq

from core import messages as m
from periphery.stream.subscriber import Subscriber
from periphery.stream.topics import NAMES, rows_in
from periphery.stream.wire import Hello

QUOTES = NAMES.index("quotes")
PATIENCE_S = 30.0
LATE, LATE_0_NS = "ask_qty", 1
"""Where a quote of the open loop says how late it was written: its ask's quantity, which is never 0."""


class Hearing:
    """The subscriber and the bare socket, and what both have heard."""

    def __init__(self, stream: str, after: int, raw: str) -> None:
        self.subscriber = Subscriber(stream, Hello(("quotes",), after))
        self.raw: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PULL)
        self.raw.connect(raw)
        self.events = self.bid_sum = self.last = self.raw_missing = self.came_ns = 0
        self.in_order = True
        end = time.monotonic() + PATIENCE_S
        while not self.subscriber.is_welcome and time.monotonic() < end:
            self.subscriber.next(0.05)

    def hear_raw(self, count: int) -> dict[str, Any]:
        found: list[int] = []
        while len(found) < count and self.raw.poll(int(PATIENCE_S * 1000)):
            row = self.raw.recv()
            found.append(time.monotonic_ns() - int(np.frombuffer(row, m.HEADER, 1)["time_ns"][0]))
        self.raw_missing += count - len(found)
        return told(np.array(found))

    def hear_stream(self, count: int, since: list[Any] | None = None) -> dict[str, Any]:
        """Each event from its own time to when its row is there; as a raw row, it is looked at afterwards.
        since: takes the time since it was written.
        """
        found: list[Any] = []
        messages = 0
        while count > 0 and (rows := self._next()) is not None:
            messages += 1
            found.append(self.came_ns - rows["header"]["time_ns"])
            if since is not None:
                since.append(found[-1] - (rows["request"][LATE] - LATE_0_NS))
            self._count(rows)
            count -= len(rows)
        return {**told(np.concatenate(found) if found else np.array([])), "messages": messages}

    def hear_loop(self, count: int) -> dict[str, Any]:
        """As `hear_stream`; `added`: from when each was written."""
        since: list[Any] = []
        answer = self.hear_stream(count, since)
        return {**answer, "added": told(np.concatenate(since) if since else np.array([]))}

    def hear_flow(self, count: int) -> dict[str, Any]:
        """As fast as they come, from the first batch to the last."""
        began = messages = 0
        left = count
        while left > 0 and (rows := self._next()) is not None:
            began = began or time.monotonic_ns()
            messages += 1
            self._count(rows)
            left -= len(rows)
        elapsed_ns = max(time.monotonic_ns() - began, 1)
        return {
            "count": count - left,
            "messages": messages,
            "per_s": round((count - left) * 1e9 / elapsed_ns),
        }

    def _next(self) -> Any:
        """The quotes of the next batch; None: none has come for long."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            batch = self.subscriber.next(PATIENCE_S)
            self.came_ns = time.monotonic_ns()
            if batch is not None and len(rows := rows_in(batch, QUOTES)):
                return rows
        return None

    def _count(self, rows: Any) -> None:
        seq = rows["header"]["seq"]
        self.in_order = self.in_order and int(seq[0]) > self.last and bool((seq[1:] > seq[:-1]).all())
        self.last = int(seq[-1])
        self.events += len(rows)
        self.bid_sum += int(rows["request"]["bid_px"].sum())

    def heard(self) -> dict[str, Any]:
        names = ("events", "bid_sum", "in_order", "raw_missing")
        counts = {name: getattr(self, name) for name in names}
        return {**counts, "gaps": self.subscriber.gaps, "left_out": self.subscriber.left_out}


_PARTS = ("p10", "p50", "p99", "p99_9")


def told(ns: Any) -> dict[str, Any]:
    if not len(ns):
        return {"count": 0, "p10_ns": 0, "p50_ns": 0, "p99_ns": 0, "p99_9_ns": 0, "max_ns": 0}
    found = {f"{name}_ns": int(np.percentile(ns, float(name[1:].replace("_", ".")))) for name in _PARTS}
    return {"count": len(ns), **found, "max_ns": int(ns.max())}


def main() -> None:
    hearing = Hearing(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    print(json.dumps({"welcome": hearing.subscriber.is_welcome}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        print("{}", flush=True)
        if asked["do"] == "end":
            answer = hearing.heard()
        else:
            answer = getattr(hearing, f"hear_{asked['do']}")(asked["count"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
