"""Listens to a multicast group as long as the service runs; what stands still or is silent is joined anew."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data.rows import Rows
from periphery.market_data.multicast.follower import Follower
from periphery.market_data.multicast.line import Incoming
from periphery.market_data.settings import Settings
from periphery.market_data.taken import Taken
from periphery.standby import secret

if TYPE_CHECKING:
    from core.data.reader import Place

NAP_S = 0.0005
LOOK_S = 0.05


class Receiver:
    """Runs until it is cancelled. say: of the log."""

    def __init__(
        self, settings: Settings, follower: Follower, say: Callable[..., object], is_open: Callable[[], bool]
    ) -> None:
        """ValueError: Aeron can't have that channel, or there is no such secret."""
        self.settings = settings
        self.follower = follower
        self.say = say
        self.is_open = is_open
        self.silences = 0
        self.line = incoming(settings)
        self.why = "it has not heard anybody yet"
        self._starts = self.line.driver_starts
        self._heard_s = self._looked_s = time.monotonic()

    async def run(self) -> None:
        try:
            while True:
                came = self.line.poll()
                now_s = time.monotonic()
                for message in came:
                    self._heard_s = now_s
                    self.follower.take(message)
                if now_s - self._looked_s >= LOOK_S:
                    self._looked_s = now_s
                    self._look(now_s)
                await asyncio.sleep(0 if came else NAP_S)
        finally:
            self.line.close()
            self.follower.forget()

    def _look(self, now_s: float) -> None:
        if self.line.driver_starts != self._starts:
            self._starts = self.line.driver_starts
            self.say("the media driver is begun anew", starts=self._starts)
        if now_s - self._heard_s > self.settings.silent_after_s and self.is_open():
            self._heard_s = now_s
            if not self.follower.over:
                self.silences += bool(self.follower.session)
                self.follower.forget()
            self.line.again()
        self.why = self._why()

    def _why(self) -> str:
        name = f"{self.follower.rows.venue} over {self.line.channel}"
        if why := self.follower.why if self.line.is_whole else self.line.wrong:
            return f"{name}: {why}"
        lost = self.follower.lost
        more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
        return f"{name}: no whole book of {', '.join(lost[:5])}{more}" if lost else ""

    def counts(self) -> dict[str, Any]:
        counts = self.follower.counts()
        counts["refused_messages"] += self.line.refused
        return counts | {"silences": self.silences, "driver_starts": self.line.driver_starts}


class Multicast(Taken):
    """What a publisher says of one venue."""

    def __init__(
        self, venue: str, symbols: list[str], on_place: Callable[[Place], object] | None = None
    ) -> None:
        rows = Rows(venue, self._take, on_place)
        super().__init__(rows, [rows.named(symbol) for symbol in symbols])
        self.rows = rows


def receiving(
    settings: Settings,
    venue: str,
    say: Callable[..., object],
    is_open: Callable[[], bool],
    on_place: Callable[[Place], object],
) -> tuple[str, Multicast, Receiver]:
    """(venue, what is taken, who takes it). ValueError."""
    taken = Multicast(venue, settings.symbol_list, on_place)
    follower = Follower(taken.rows, settings.symbol_list, settings.channel_list, say)
    return venue, taken, Receiver(settings, follower, say, is_open)


def incoming(settings: Settings) -> Incoming:
    """ValueError."""
    return Incoming(settings.url, settings.aeron_stream, seal(settings.aeron_secret))


def seal(file: str) -> secret.Secret | None:
    """ValueError: there is no such secret."""
    return secret.read(Path(file)) if file else None
