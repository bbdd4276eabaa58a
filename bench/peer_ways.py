"""Ways to another process and back: each opens two ends, one here and one there, that carry bytes whole.

    way = PipeWay(size, folder); process = way.start(); way.end.send(data); way.end.receive(); way.close()

Those over shared memory spin, and yield now and then; the others wait in the kernel, as their libraries do.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from core_ext.region import Region
from core_ext.ring import Ring

SPAWN = multiprocessing.get_context("spawn")
SLOTS = 64
SPINS = 200
PATIENCE_S = 20.0
LAST = b"\xff" * 8
"""How the message begins after which the other side ends."""


class Absent(Exception):
    """A way that can't be had here; the message says what it needs."""


class End(NamedTuple):
    """One side's verbs. receive waits; TimeoutError: nothing came."""

    send: Callable[[bytes], object]
    receive: Callable[[], bytes]
    close: Callable[[], object]


def spinning(take: Callable[[], bytes | None]) -> bytes:
    """What `take` gives once it gives something."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        for _ in range(SPINS):
            found = take()
            if found is not None:
                return found
        os.sched_yield()
    raise TimeoutError("nothing came from the other process")


def need(module: str, remedy: str) -> Any:
    """Absent: it isn't installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        raise Absent(f"{missing.name} is not installed: {remedy}") from missing


class Way:
    """size: bytes of each message. folder: for its files. Raises Absent."""

    name: ClassVar[str]
    package: ClassVar[str] = ""
    """Whose version is told; "": what Python itself brings."""

    server: str = ""
    """What else has a version: the server that it goes through."""

    def __init__(self, size: int, folder: Path, address: str = "") -> None:
        self.size, self.folder, self.address = size, folder, address
        self.process: Any = None
        self.words = self.open()

    def open(self) -> tuple[Any, ...]:
        """Make `self.end`; what `far` needs in the other process, in words that can be sent there."""
        raise NotImplementedError

    end: End

    @staticmethod
    def far(*words: Any) -> End:
        raise NotImplementedError

    def start(self) -> None:
        self.process = SPAWN.Process(target=echo, args=(type(self).far, self.words), daemon=True)
        self.process.start()

    def close(self) -> None:
        if self.process is not None:
            self.end.send(LAST + bytes(self.size - 8))
            self.process.join(PATIENCE_S)
            if self.process.is_alive():
                self.process.kill()
                self.process.join()
            self.process.close()
        self.end.close()

    @classmethod
    def version(cls) -> str:
        """ "": it isn't installed."""
        if not cls.package:
            return f"Python {platform.python_version()}"
        try:
            return version(cls.package)
        except PackageNotFoundError:
            return ""


def echo(far: Callable[..., End], words: tuple[Any, ...]) -> None:
    """The other process: sends back what comes."""
    end = far(*words)
    while not (data := end.receive()).startswith(LAST):
        end.send(data)
    end.close()


class RingWay(Way):
    """nacre's own ring, a segment of shared memory with one each way."""

    name, package = "ring", "nacre"

    def open(self) -> tuple[Any, ...]:
        half = Ring.bytes_needed(SLOTS, self.size)
        region = Region.create(f"nacre-bench-peers-{os.getpid()}", 2 * half, 1)
        whole = memoryview(region)
        there = Ring.format(whole[:half], SLOTS, self.size)
        back = Ring.format(whole[half:], SLOTS, self.size)
        self.end = _ring_end(there, back, region, whole)
        return region.name, half

    @staticmethod
    def far(name: str, half: int) -> End:
        region = Region.attach(name, 1)
        whole = memoryview(region)
        return _ring_end(Ring.attach(whole[half:]), Ring.attach(whole[:half]), region, whole)


def _ring_end(out: Ring, into: Ring, region: Region, whole: memoryview) -> End:
    rings = [out, into]

    def close() -> None:
        rings.clear()
        whole.release()
        region.close()

    return End(lambda data: rings[0].try_push(data), lambda: spinning(rings[1].try_pop), close)


class PipeWay(Way):
    """multiprocessing.Pipe, with send_bytes."""

    name = "multiprocessing pipe"

    def open(self) -> tuple[Any, ...]:
        near, far = SPAWN.Pipe()
        self.end = PipeWay.far(near)
        return (far,)

    @staticmethod
    def far(pipe: Any) -> End:
        return End(pipe.send_bytes, pipe.recv_bytes, pipe.close)


class QueueWay(Way):
    """multiprocessing.Queue, one each way."""

    name = "multiprocessing queue"

    def open(self) -> tuple[Any, ...]:
        there, back = SPAWN.Queue(), SPAWN.Queue()
        self.end = QueueWay.far(there, back)
        return back, there

    @staticmethod
    def far(out: Any, into: Any) -> End:
        def close() -> None:
            out.close()
            out.join_thread()
            into.close()

        return End(out.put, lambda: bytes(into.get(timeout=PATIENCE_S)), close)


class ZmqWay(Way):
    """pyzmq, a pair of sockets over ipc://."""

    name, package = "pyzmq ipc", "pyzmq"

    def open(self) -> tuple[Any, ...]:
        need("zmq", "pip install pyzmq")
        address = f"ipc://{self.folder}/zmq"
        self.end = _zmq_end(address, binds=True)
        return (address,)

    @staticmethod
    def far(address: str) -> End:
        return _zmq_end(address, binds=False)


def _zmq_end(address: str, binds: bool) -> End:
    import zmq

    context: Any = zmq.Context()
    socket = context.socket(zmq.PAIR)
    socket.setsockopt(zmq.RCVTIMEO, int(PATIENCE_S * 1000))
    (socket.bind if binds else socket.connect)(address)

    def close() -> None:
        socket.close()
        context.term()

    return End(socket.send, socket.recv, close)


class AeronWay(Way):
    """Aeron's IPC by pyaeron, with a media driver of its own."""

    name, package = "Aeron ipc", "pyaeron"

    def open(self) -> tuple[Any, ...]:
        aeron = need("pyaeron", "make bench-peers (x86_64)").Aeron(embedded=True)
        self.end = _aeron_end(aeron, 10, 11)
        return (aeron.dir,)

    @staticmethod
    def far(folder: str) -> End:
        return _aeron_end(importlib.import_module("pyaeron").Aeron(dir=folder), 11, 10)


def _aeron_end(aeron: Any, out: int, into: int) -> End:
    subscription = aeron.add_subscription("aeron:ipc", into)
    publication = aeron.add_publication("aeron:ipc", out)
    came: list[bytes] = []

    def take() -> bytes | None:
        subscription.poll(lambda data, _header: came.append(bytes(data)))
        return came.pop(0) if came else None

    def send(data: bytes) -> None:
        spinning(lambda: b"" if publication.offer(data) is True else None)

    def close() -> None:
        publication.close()
        subscription.close()
        aeron.close()

    return End(send, lambda: spinning(take), close)


class RedisWay(Way):
    """Redis streams, XADD and a waiting XREAD, over a UNIX socket to a server of its own."""

    name, package = "Redis streams", "redis"

    def open(self) -> tuple[Any, ...]:
        need("redis", "pip install redis")
        program = shutil.which("redis-server")
        if program is None:
            raise Absent("there is no redis-server: deploy/setup/servers.sh installs it")
        path = str(self.folder / "redis.sock")
        words = [program, "--port", "0", "--unixsocket", path, "--save", "", "--dir", str(self.folder)]
        server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        try:
            _await_file(Path(path))
            self.end = _redis_end(path, "there", "back", server)
            self.server = f"server {_redis_version(path)}"
        except BaseException:
            server.kill()
            server.wait()
            raise
        return path, "back", "there"

    @staticmethod
    def far(path: str, out: str, into: str) -> End:
        return _redis_end(path, out, into)


def _redis_version(path: str) -> str:
    import redis

    client: Any = redis.Redis(unix_socket_path=path)
    with client:
        return str(client.info("server")["redis_version"])


def _redis_end(path: str, out: str, into: str, server: subprocess.Popen[bytes] | None = None) -> End:
    import redis

    client: Any = redis.Redis(unix_socket_path=path)
    last = [b"0"]

    def receive() -> bytes:
        found = client.xread({into: last[0]}, count=1, block=int(PATIENCE_S * 1000))
        if not found:
            raise TimeoutError("nothing came from the other process")
        streams = found.items() if isinstance(found, dict) else found
        ((_, items),) = streams
        ((last[0], fields),) = items[0] if items and isinstance(items[0], list) else items
        return bytes(fields[b"d"])

    def close() -> None:
        client.close()
        if server is not None:
            server.terminate()
            server.wait()

    return End(lambda data: client.xadd(out, {"d": data}, maxlen=1000), receive, close)


def _await_file(path: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while not path.exists():
        if time.monotonic() > end:
            raise Absent(f"{path}: the server doesn't start")
        time.sleep(0.01)


class PostgresWay(Way):
    """PostgreSQL: a row inserted and notified, read by the other side; a commit each way."""

    name, package = "PostgreSQL rows", "psycopg"

    def open(self) -> tuple[Any, ...]:
        psycopg = need("psycopg", "pip install 'nacre[periphery]'")
        if not self.address:
            raise Absent("name a database: --postgres postgresql://..., or own, with PostgreSQL installed")
        try:
            with psycopg.connect(self.address, autocommit=True) as made:
                for table in TABLES:
                    made.execute(f"DROP TABLE IF EXISTS {table}")
                    made.execute(f"CREATE TABLE {table} (id bigserial PRIMARY KEY, data bytea NOT NULL)")
                about, fsync = (
                    made.execute(f"SHOW {it}").fetchone()[0] for it in ("server_version", "fsync")
                )
        except psycopg.Error as wrong:
            raise Absent(str(wrong).splitlines()[0]) from wrong
        self.server = f"server {about.split()[0]}, fsync {fsync}"
        self.end = Rows(self.address, *TABLES, drops=True).end
        return self.address, *TABLES[::-1]

    @staticmethod
    def far(address: str, out: str, into: str) -> End:
        return Rows(address, out, into).end


TABLES = ("nacre_bench_there", "nacre_bench_back")


class Rows:
    """PostgreSQL's verbs: rows go out into one table and come in from another."""

    def __init__(self, address: str, out: str, into: str, drops: bool = False) -> None:
        import psycopg

        self.out, self.into, self.drops, self.last = out, into, drops, 0
        self.reader, self.writer = (psycopg.connect(address, autocommit=True) for _ in range(2))
        self.reader.execute(f"LISTEN {into}")
        self.end = End(self.send, self.receive, self.close)

    def send(self, data: bytes) -> None:
        with self.writer.transaction():
            self.writer.execute(f"INSERT INTO {self.out} (data) VALUES (%s)", (data,))
            self.writer.execute(f"NOTIFY {self.out}")

    def receive(self) -> bytes:
        """What was notified before this is a row already, so it looks first."""
        end = time.monotonic() + PATIENCE_S
        while (found := self._look()) is None:
            for _ in self.reader.notifies(timeout=1.0, stop_after=1):
                pass
            if time.monotonic() > end:
                raise TimeoutError("nothing came from the other process")
        return found

    def _look(self) -> bytes | None:
        asked = f"SELECT id, data FROM {self.into} WHERE id > %s ORDER BY id LIMIT 1"
        row = self.reader.execute(asked, (self.last,)).fetchone()
        if row is None:
            return None
        self.last = row[0]
        return bytes(row[1])

    def close(self) -> None:
        if self.drops:
            for table in (self.out, self.into):
                self.writer.execute(f"DROP TABLE {table}")
        self.reader.close()
        self.writer.close()


WAYS: tuple[type[Way], ...] = (RingWay, PipeWay, QueueWay, ZmqWay, AeronWay, RedisWay, PostgresWay)
