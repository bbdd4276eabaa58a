"""How long do the same bytes take to another process and back, by each way that Python has?

The same work for all: a message of `size` bytes, numbered, one under way; the other process sends it back as
it came, and each is compared. Ways take turns, a block each; a way's process lives for its blocks alone.
Python is in every one of them: what the core's engines do among each other is `nacre bench hop`.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.machine import machine
from bench.peer_ways import WAYS, Absent, Way
from bench.postgres import find_tools, postgres_server
from core_ext.histogram import Histogram

WARM = 20
OWN = "own"


def run(
    rounds: int = 10,
    messages: int = 500,
    size: int = 320,
    postgres: str = "",
    ways: Sequence[type[Way]] = WAYS,
) -> dict[str, Any]:
    """ok: every message came back as it was sent. size is rounded up to whole words. postgres: a database's
    address; OWN: of a server that runs meanwhile."""
    with _database(postgres) as address:
        return _run(rounds, messages, size, address, ways)


@contextmanager
def _database(asked: str) -> Iterator[str]:
    """The address; "": there is none."""
    if asked != OWN:
        yield asked
        return
    tools = find_tools()
    if tools is None:
        yield ""
        return
    with postgres_server(tools) as server:
        yield server.address


def _run(rounds: int, messages: int, size: int, postgres: str, ways: Sequence[type[Way]]) -> dict[str, Any]:
    size = -(-size // 8) * 8
    found = {way.name: Histogram() for way in ways}
    wrong = dict.fromkeys(found, 0)
    absent: dict[str, str] = {}
    servers: dict[str, str] = {}
    for turn in range(rounds):
        for way in ways if turn % 2 == 0 else ways[::-1]:
            if way.name in absent:
                continue
            try:
                wrong[way.name] += _block(way, size, messages, postgres, found[way.name], servers)
            except Absent as why:
                absent[way.name] = str(why)
    told = {name: histogram for name, histogram in found.items() if name not in absent}
    return {
        "ok": not any(wrong.values()) and all(each.count == rounds * messages for each in told.values()),
        "peers": [_row(way, found, absent, servers) for way in ways],
        "size": size,
        "wrong": sum(wrong.values()),
        "machine": machine(),
        "placement": {"here": "anywhere", "there": "anywhere", "processes": 2},
        "wait": "ring and Aeron spin, the others wait in the kernel",
    }


def _row(
    way: type[Way], found: dict[str, Histogram], absent: dict[str, str], servers: dict[str, str]
) -> dict[str, Any]:
    version = ", ".join(each for each in (way.version(), servers.get(way.name, "")) if each)
    row: dict[str, Any] = {"peer": way.name, "version": version}
    if way.name in absent:
        return row | {"why_not": absent[way.name]}
    row["round_trip_ns"] = found[way.name].to_dict()
    ring = found.get(WAYS[0].name)
    if ring is not None and ring.count:
        row["of_ring_p50"] = round(found[way.name].percentile(50) / ring.percentile(50), 2)
    return row


def _block(
    way: type[Way], size: int, messages: int, address: str, into: Histogram, servers: dict[str, str]
) -> int:
    """How many came back otherwise. servers: by a way's name, what it went through."""
    with tempfile.TemporaryDirectory(prefix="nacre-bench-") as folder:
        link = way(size, Path(folder), address)
        try:
            servers[way.name] = link.server
            link.start()
            _trips(link.end.send, link.end.receive, size, WARM, Histogram())
            return _trips(link.end.send, link.end.receive, size, messages, into)
        finally:
            link.close()


def _trips(
    send: Callable[[bytes], object], receive: Callable[[], bytes], size: int, count: int, into: Histogram
) -> int:
    wrong = 0
    tail = bytes(range(256)) * (size // 256 + 1)
    for number in range(count):
        data = number.to_bytes(8, "little") + tail[: size - 8]
        began = time.perf_counter_ns()
        send(data)
        came = receive()
        into.add(time.perf_counter_ns() - began)
        wrong += came != data
    return wrong
