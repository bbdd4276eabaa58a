"""A Redis server of a test's own: in a folder, on a UNIX socket alone, stopped by its pid."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis

from periphery.cache.address import Client, open_redis

START_S = 60.0


def find_server() -> str:
    """Its program; without it the test is left out, unless REQUIRE_ALL=1."""
    found = shutil.which("redis-server")
    if found is None:
        assert os.environ.get("REQUIRE_ALL") != "1", "no redis-server: run `make servers`, as root"
        pytest.skip("no redis-server here: run `make servers`, as root")
    return found


class Redis:
    """One server. `start` and `stop` as often as a test wants; what it has synced stays in its folder."""

    def __init__(self, program: str, folder: Path, *, keeps: bool) -> None:
        """keeps: every write is on the disk before it is answered."""
        self.program = program
        self.folder = folder
        self.socket = folder / "redis.sock"
        self.address = f"unix://{self.socket}"
        self.keeps = ["--appendonly", "yes", "--appendfsync", "always"] if keeps else ["--appendonly", "no"]
        self._server: subprocess.Popen[bytes] | None = None
        self._clients: list[Client] = []

    def start(self) -> None:
        """Until it takes commands."""
        words = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder), "--save", ""]
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen([self.program, *words, *self.keeps], stdout=log, stderr=log)
        end = time.monotonic() + START_S
        while not self._answers():
            assert self._server.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < end, "it doesn't start"
            time.sleep(0.01)

    def _answers(self) -> bool:
        client = redis.Redis(unix_socket_path=str(self.socket))
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def client(self) -> Client:
        made = open_redis(self.address)
        self._clients.append(made)
        return made

    def stop(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self._server is not None:
            self._server.send_signal(number)
            self._server.wait(START_S)
            self._server = None

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.stop()


@contextmanager
def redis_server(*, keeps: bool = False) -> Iterator[Redis]:
    """A server that runs; afterwards nothing is left of it."""
    program = find_server()
    with tempfile.TemporaryDirectory(prefix="nacre-redis-") as folder:
        server = Redis(program, Path(folder), keeps=keeps)
        server.start()
        try:
            yield server
        finally:
            server.close()
