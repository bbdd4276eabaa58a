"""Market data over multicast for tests: a made recording, what its rows come to, a group in memory."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.reader import EVENT, Reader
from core.data.recording import Options, open_all
from core.data.rows import Rows
from periphery.market_data.multicast.follower import Follower
from periphery.market_data.multicast.publisher import Offer, Publisher
from tests.support_market_data import books

if TYPE_CHECKING:
    from core.data.reader import Events

VENUE = "XTST"
SYMBOLS = ("A", "B", "C")
COLUMNS = "recv_ts_ns,exchange_ts_ns,kind,venue,symbol,side,px,qty,bid_px,bid_qty,ask_px,ask_qty,last"
CHANNELS = ("book", "trades", "quotes")


def made(path: Path, count: int, seed: int = 1) -> Path:
    """A CSV of so many rows, as `nacre data convert` writes it: levels, quotes, trades of three symbols."""
    rng = random.Random(seed)
    lines = [COLUMNS]
    for i in range(count):
        head = f"{1_700_000_000_000_000_000 + i * 1_000_000},,"
        symbol, side = rng.choice(SYMBOLS), rng.choice(("buy", "sell"))
        px = 100 + rng.randint(1, 40) * (1 if side == "sell" else -1) / 4
        kind = rng.choice(("depth", "depth", "depth", "quote", "trade"))
        if kind == "quote":
            row = f"quote,{VENUE},{symbol},,,,{px - 1},{rng.randint(1, 9)},{px + 1},{rng.randint(1, 9)},1"
        else:
            qty = rng.randint(int(kind == "trade"), 9)
            row = f"{kind},{VENUE},{symbol},{side},{px},{qty},,,,,{int(rng.random() < 0.8 or i + 1 == count)}"
        lines.append(head + row)
    path.write_text("\n".join(lines) + "\n")
    return path


def read(path: Path) -> tuple[Reader, list[Events]]:
    """(its reader at the end, its rows in batches)."""
    found: list[Events] = []
    recordings, _ = open_all([path], Options(), lambda _n: lambda rows: found.append(rows.copy()))
    recordings[0].run()
    return recordings[0].readers[0], found


def flat(batches: list[Any], streams: list[Any]) -> list[tuple[Any, ...]]:
    """Each row by its symbol's name, without its place in the file."""
    names = [stream.symbol for stream in streams]
    rows: Iterator[tuple[Any, ...]] = (row for batch in batches for row in batch.tolist())
    return [(names[row[7]], *row[:2], *row[3:7], *row[8:]) for row in rows]


class Heard:
    """A follower and what it was told. lost: whether the next message is."""

    def __init__(self, symbols: tuple[str, ...] = SYMBOLS, channels: tuple[str, ...] = CHANNELS) -> None:
        self.batches: list[Events] = []
        self.said: list[tuple[str, dict[str, Any]]] = []
        self.rows = Rows(VENUE, lambda rows: self.batches.append(rows.copy()))
        self.follower = Follower(
            self.rows, symbols, channels, lambda what, **more: self.said.append((what, more))
        )
        self.rng = random.Random(7)
        self.loss = self.doubling = 0.0
        self.deaf = False

    def take(self, message: bytes) -> None:
        if self.deaf or self.rng.random() < self.loss:
            return
        self.follower.take(message)
        if self.rng.random() < self.doubling:
            self.follower.take(message)

    @property
    def counts(self) -> dict[str, Any]:
        return self.follower.counts()

    @property
    def books(self) -> dict[str, Any]:
        return books(self.rows)

    @property
    def flat(self) -> list[tuple[Any, ...]]:
        return flat(self.batches, self.rows.streams.all)


class Group:
    """A line that hands each message to all who listen."""

    def __init__(self, *heard: Heard) -> None:
        self.heard = list(heard)
        self.offer_is = Offer.TAKEN
        self.sent: list[bytes] = []

    def offer(self, message: bytes) -> Offer:
        if self.offer_is is Offer.TAKEN:
            self.sent.append(message)
            for each in self.heard:
                each.take(message)
        return self.offer_is


def publisher(group: Group, session: int = 1) -> Publisher:
    return Publisher(group, VENUE, lambda *_what, **_more: None, session)


def play(published: Publisher, path: Path, step: int = 100, images_every: int = 0) -> Reader:
    """All of it, by so many rows; images: of all books after so many steps."""
    reader, batches = read(path)
    rows = np.frombuffer(b"".join(batch.tobytes() for batch in batches), EVENT)
    for n, start in enumerate(range(0, len(rows), step)):
        published.take(reader.streams.all, rows[start : start + step])
        if images_every and n % images_every == 0:
            images(published)
    return reader


def images(published: Publisher) -> None:
    """Time goes on until each book has been told."""
    for second in range(len(SYMBOLS)):
        published.turn(published._image_due_s + second)
