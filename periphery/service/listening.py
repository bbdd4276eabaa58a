"""An HTTP server on a thread of its own."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from periphery.service.addresses import why_not


class Listening:
    """address: HOST:PORT; without a host this machine alone, port 0 is any that is free. ValueError."""

    def __init__(self, address: str, handler: type[BaseHTTPRequestHandler]) -> None:
        host, _, port = address.rpartition(":")
        try:
            self._server = ThreadingHTTPServer((host or "127.0.0.1", int(port)), handler)
        except (OSError, ValueError, OverflowError) as error:
            raise ValueError(why_not("http", address, error)) from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
