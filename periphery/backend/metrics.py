"""What the backend counts of its own: requests by operation and status, how long they took, what was refused.

Told at `http`, an address of its own, as those of the other services are: whoever may use the backend may not
see them for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client import Counter, Gauge, Histogram

from periphery.service.probes import Health, Probes

if TYPE_CHECKING:
    from periphery.backend.services import Backend

STALE_S = 5.0
BEAT_S = 0.5
BUCKETS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
NO_ROUTE = "none"
"""The operation of a path that there isn't: its name would be whatever anybody asks for."""


class Metrics:
    """`answered` and `refused` are called for each request, `beat` by the loop that serves them."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._probes: Probes | None = None
        self._asked = self._done = 0
        self.health = Health("backend", STALE_S)
        about: dict[str, Any] = {
            "namespace": "nacre",
            "subsystem": "backend",
            "registry": self.health.registry,
        }
        self._requests = Counter("requests", "Answered requests.", ["operation", "status"], **about)
        self._seconds = Histogram(
            "request_seconds", "From a request to its answer.", ["operation"], buckets=BUCKETS_S, **about
        )
        self._refused = Counter("refused", "Problems that were told, by their code.", ["code"], **about)
        peers = Gauge("websockets", "Who follows over a websocket.", **about)
        peers.set_function(lambda: len(backend.peers))
        sessions = Gauge("core_session", "1: the session with the core is there.", **about)
        sessions.set_function(lambda: int(not backend.link.why))

    def begin(self, address: str) -> int:
        """Answers at HOST:PORT; the port. ValueError: it can't be had."""
        self._probes = Probes(self.health, address)
        return self._probes.port

    def asked(self) -> None:
        self._asked += 1

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """route: its path with names in place of values; "": there is none."""
        self._done += 1
        operation = f"{method} {route}" if route else NO_ROUTE
        self._requests.labels(operation, status).inc()
        self._seconds.labels(operation).observe(seconds)

    def refused(self, code: str) -> None:
        self._refused.labels(code).inc()

    def beat(self) -> None:
        """It takes turns; why it isn't ready is that the core isn't there."""
        self.health.beat(0, self._asked, self._done, b"", self._backend.link.why)

    def close(self) -> None:
        if self._probes is not None:
            self._probes.close()
