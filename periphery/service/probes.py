"""What others ask a service: /live, /ready, /status and /metrics, over HTTP, on a thread of its own.

live: its loop went round within its limit. ready: live, its input is there and it has caught up with it.
"""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from periphery.service.listening import Listening


class Health:
    """How a service is. Written by its loop, read by its probes."""

    def __init__(self, name: str, stale_after_s: float) -> None:
        self.name = name
        self.stale_after_s = stale_after_s
        self.beat_s = time.monotonic()
        self.why = "it has not caught up yet"
        self.inputs = 0
        self.outputs = 0
        self.seq = 0
        self.digest = ""
        self.registry = CollectorRegistry()
        about = {"namespace": "nacre", "subsystem": name, "registry": self.registry}
        self._inputs = Counter("inputs", "Events that it was told of.", **about)  # type: ignore[arg-type]
        self._outputs = Counter("outputs", "What it said.", **about)  # type: ignore[arg-type]
        self._seq = Gauge("last_seq", "The last event that it has read.", **about)  # type: ignore[arg-type]
        self._ready = Gauge("ready", "1: it has caught up.", **about)  # type: ignore[arg-type]

    def beat(self, seq: int, inputs: int, outputs: int, digest: bytes, why: str) -> None:
        """Once a turn of the loop. why: it isn't ready; empty where it is."""
        self._inputs.inc(inputs - self.inputs)
        self._outputs.inc(outputs - self.outputs)
        self._seq.set(seq)
        self._ready.set(not why)
        self.seq, self.inputs, self.outputs, self.digest = seq, inputs, outputs, digest.hex()
        self.why = why
        self.beat_s = time.monotonic()

    @property
    def live(self) -> bool:
        return time.monotonic() - self.beat_s <= self.stale_after_s

    @property
    def status(self) -> dict[str, Any]:
        """All of it."""
        live = self.live
        why = self.why if live else f"it has done nothing for more than {self.stale_after_s:g} s"
        counts = {"inputs": self.inputs, "outputs": self.outputs, "last_seq": self.seq, "digest": self.digest}
        return {"engine": self.name, "live": live, "ready": live and not why, "why": why, **counts}


class Probes(Listening):
    """The HTTP side of a service's health. address: as Listening's. ValueError."""

    def __init__(self, health: Health, address: str) -> None:
        super().__init__(address, _handler(health))


def _handler(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = health.status
            if self.path == "/metrics":
                self._answer(200, generate_latest(health.registry), "text/plain; version=0.0.4")
            elif self.path == "/status":
                self._answer(200, json.dumps(status).encode(), "application/json")
            elif self.path in ("/live", "/ready"):
                well = status[self.path[1:]]
                self._answer(200 if well else 503, (status["why"] or "ok").encode(), "text/plain")
            else:
                self._answer(404, b"there is /live, /ready, /status and /metrics", "text/plain")

        def _answer(self, code: int, body: bytes, kind: str) -> None:
            self.send_response(code)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: Any) -> None:
            """Probes are no news."""

    return Handler
