"""The process that Prometheus asks: the metrics of one core over HTTP, and the file of its services."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, start_http_server

from periphery.monitoring.collector import CoreCollector
from periphery.monitoring.targets import TargetsFile
from periphery.service.addresses import why_not

TARGETS_EVERY_S = 1.0


class Exporter:
    """address: HOST:PORT; port 0 is any that is free. ValueError: it can't be had."""

    def __init__(self, collector: CoreCollector, address: str, targets: TargetsFile | None = None) -> None:
        self.collector = collector
        self.targets = targets
        registry = CollectorRegistry()
        registry.register(collector)
        host, _, port = address.rpartition(":")
        try:
            self._server, self._thread = start_http_server(int(port), host or "127.0.0.1", registry)
        except (OSError, ValueError, OverflowError) as error:
            raise ValueError(why_not("http", address, error)) from error
        self.port = int(self._server.server_port)

    def run(self, stopped: Callable[[], bool]) -> None:
        """Follows the journal and the services until it is stopped."""
        writer = threading.Thread(target=self._write_targets, args=(stopped,), daemon=True)
        writer.start()
        self.collector.read_on(stopped)
        writer.join()
        self.close()

    def _write_targets(self, stopped: Callable[[], bool]) -> None:
        due = 0.0
        while self.targets is not None and not stopped():
            if time.monotonic() >= due:
                self.targets.write()
                due = time.monotonic() + TARGETS_EVERY_S
            time.sleep(0.05)

    def close(self) -> None:
        """Answers no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
