"""A core that is fed: a session of its own that sends market data, again with the next core when one goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.feed import Feed
from periphery.client.control import Control, dial, hello, read_token
from periphery.client.directory import Directory
from periphery.client.errors import ClientError
from periphery.client.shared_memory import Rings, attach

if TYPE_CHECKING:
    from core.data.reader import Events
    from periphery.market_data.settings import Settings
    from periphery.market_data.taken import Taken

AGAIN_S = 0.5
AGAIN_MOST_S = 15.0
TIMEOUT_S = 5.0
COUNTS = (
    "sent",
    "conflated_quotes",
    "conflated_trades",
    "conflated_books",
    "dropped_trades",
    "unfit",
    "unlisted",
)


class CoreFeed:
    """What the lines say, in a core. `turn` is called often: it connects, and pushes what waits."""

    def __init__(self, settings: Settings, lines: Taken, venue: str, say: Callable[..., object]) -> None:
        self.settings = settings
        self.lines = lines
        self.venue = venue
        self.say = say
        self.path = Path(settings.core)
        self.why = f"no core at {self.path} yet"
        self.connects = 0
        self._past = dict.fromkeys(COUNTS, 0)
        self._control: Control | None = None
        self._rings: Rings | None = None
        self._feed: Feed | None = None
        self._next_s = 0.0
        self._pause_s = AGAIN_S / 2
        lines.sinks.append(self.take)

    def take(self, events: Events) -> None:
        if self._feed is not None:
            self._feed.take(events)

    def turn(self) -> None:
        """Whether the core is there still, or again; what waited goes on."""
        now_s = time.monotonic()
        if self._control is not None and self._feed is not None:
            if self._control.is_hung_up:
                self._leave(f"the core at {self.path} hung up")
            else:
                self._feed.flush()
        elif now_s >= self._next_s:
            self._pause_s = min(2 * self._pause_s, AGAIN_MOST_S)  # each try may hold the messages up
            self._connect()
            self._next_s = time.monotonic() + self._pause_s

    def _connect(self) -> None:
        try:
            sock = dial(self.path, TIMEOUT_S)
        except ClientError as error:
            self._tell(str(error))
            return
        control = Control(sock, self.path, TIMEOUT_S)
        try:
            token = read_token(None, self.path)
            told, fds = hello(control, token, f"feed-{self.venue.lower()}"[:31], False, feeds=True)
            rings = attach(fds)
            feed = self._list(control, rings, Directory(told["directory"], told["accounts"]))
        except (ClientError, ValueError, OSError) as error:
            control.close()
            self._tell(str(error))
            return
        self.connects += 1
        self._pause_s = AGAIN_S / 2
        self._control, self._rings, self._feed = control, rings, feed
        self.why = ""
        self.say("the core is fed", core=str(self.path), venue=self.venue)
        feed.flush()

    def _list(self, control: Control, rings: Rings, names: Directory) -> Feed:
        """A feed of what the core knows of our symbols; it has what the one before it left. ClientError."""
        feed = Feed(
            rings.requests, self.lines.reader.streams.all, names.venue(self.venue), self.settings.depth
        )
        by_name = {}
        for stream in self.lines.streams:
            symbol = names.symbol(self.settings.names.get(stream.symbol, stream.symbol))
            feed.list(stream.index, symbol.index, symbol.price_precision, symbol.qty_precision)
            by_name[symbol.name] = (stream.index, symbol)
        for name, side, px, qty in control.request("levels", {"venue": self.venue})["levels"]:
            if name in by_name:
                index, symbol = by_name[name]
                units = (_units(px, symbol.price_precision), _units(qty, symbol.qty_precision))
                feed.had(index, side == "sell", *units)
        return feed

    def _leave(self, why: str) -> None:
        if self._feed is not None:
            self._past = self.counts()
        if self._control is not None:
            self._control.close()
        self._control = self._rings = self._feed = None
        self._tell(why)

    def _tell(self, why: str) -> None:
        if why != self.why:
            self.say("the core isn't fed", why=why)
        self.why = why

    def counts(self) -> dict[str, int]:
        """Over all cores."""
        feed = self._feed
        return {name: past + (getattr(feed, name) if feed else 0) for name, past in self._past.items()}

    def close(self) -> None:
        """What waits still goes as far as there is room."""
        if self._feed is not None:
            self._feed.flush()
            self._leave("")


def _units(text: str, precision: int) -> int:
    return int(Decimal(text).scaleb(precision))
