"""What messages of a multicast group come to: rows in their order, books that are whole, gaps by their place.

It follows one session: from its first row on, or from where it came to it, with the images of books as they
stand then. A newer session takes the place of an older one. What is missing empties each book until its image
comes, as a lost message of a venue's own feed does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core import messages as m
from core.data.reader import EVENT
from core.data.rows import Rows, fit
from periphery.market_data.multicast import wire

if TYPE_CHECKING:
    from core.data.reader import Events

KINDS = {"book": m.Kind.DEPTH, "trades": m.Kind.TRADE, "quotes": m.Kind.QUOTE}
"""Kinds of rows by the channel that they are of."""
UNWANTED, UNNAMED = -1, -2
PLACES = 100
"""Gaps that are told in the log; all are counted."""


class Follower:
    """rows: takes what is wanted; its streams are the wanted symbols."""

    def __init__(
        self, rows: Rows, symbols: Sequence[str], channels: Sequence[str], say: Callable[..., object]
    ) -> None:
        self.rows = rows
        self.say = say
        self.wanted = {symbol: rows.named(symbol) for symbol in symbols}
        self.books = "book" in channels
        rows.without = sum(1 << kind for channel, kind in KINDS.items() if channel not in channels)
        self.session = self._left = 0
        self.at = 0
        self.over = False
        self.messages = self.refused = self.strays = self.doubled = 0
        self.sessions = self.missing_rows = self.late_rows = self.images = self.broken_images = 0
        self._gaps = 0
        self._wrong = ""
        self._why = ""
        self._to: npt.NDArray[np.int32] = np.empty(0, np.int32)
        self._parts: list[bytes] = []
        self._image: wire.Image | None = None

    def take(self, message: bytes) -> None:
        """One message; what isn't one, or isn't of the session, is counted."""
        self.messages += 1
        try:
            got = wire.read(message)
        except ValueError as error:
            self._refuse(str(error))
            return
        if got.session != self.session and not self._begin(got):
            self.strays += 1
            return
        if self._wrong or not self._reach(got):
            return
        if isinstance(got.words, wire.Image):
            self._part(got.words, got.rows)
        elif isinstance(got.words, wire.Beat):
            self._why = got.words.why
            if got.words.over:
                self.forget()
                self._left, self.over = 0, True
                self.say("the publisher ended", rows=self.at)
        else:
            self._play(got)

    def _play(self, got: wire.Message) -> None:
        unnamed = self.rows.unnamed
        if not self.rows.play(got.rows, self._to):
            self._refuse("rows that can be none")
            return
        self.at = got.through
        self._image = None
        if self.rows.unnamed > unnamed:
            self.rows.lose(f"row {self.at:,} or before it is of a symbol that wasn't named")

    def _refuse(self, why: str) -> None:
        self.refused += 1
        if self.refused <= PLACES:
            self.say("a message is refused", why=why)

    # ---- sessions and positions ----------------------------------------------------------------------------

    def _begin(self, got: wire.Message) -> bool:
        """By a beat of a newer session, or of any where there is none."""
        known = self.session and not self.over
        if not isinstance(got.words, wire.Beat) or got.words.over or (known and got.session < self.session):
            return False
        if got.session == self._left and got.through >= self.at:  # what went by meanwhile is a gap
            self.session = got.session
            self.say("the publisher is heard again", session=self.session)
            return True
        self.session, self.at, self.over = got.session, got.through, False
        self.sessions += 1
        self._to = np.empty(0, np.int32)
        self._image = None
        venue = got.words.venue
        self._wrong = (
            "" if venue == self.rows.venue else f"it is {venue}'s market data, not {self.rows.venue}'s"
        )
        self.rows.begin(not self.at and not self._wrong)
        self.late_rows += self.at
        self.say("a publisher is followed", session=self.session, after_rows=self.at, wrong=self._wrong)
        return True

    def forget(self) -> None:
        """Nobody is followed any more: whoever is heard next will be, from here on if it is the same one."""
        self.rows.forget_all()
        self._left, self.session = self.session or self._left, 0

    def _reach(self, got: wire.Message) -> bool:
        """Whether it goes on from where we are, at least after a gap that is told."""
        if got.after < self.at:
            self.doubled += 1
            return False
        if got.after > self.at:
            self._gaps += 1
            self.missing_rows += got.after - self.at
            reason = f"rows {self.at + 1:,} to {got.after:,} of session {self.session} are missing"
            self.rows.lose(reason)
            if self._gaps <= PLACES:
                self.say("a gap", first=self.at + 1, last=got.after, session=self.session)
            self.at = got.after
            self._image = None
        return True

    # ---- images --------------------------------------------------------------------------------------------

    def _part(self, image: wire.Image, rows: Events) -> None:
        """The next part of an image; the last one makes it whole."""
        before = self._image
        if image == before:
            self.doubled += 1
            return
        if image.part == 0:
            self._parts = []
        elif before is None or (before.symbol, before.part + 1) != (image.symbol, image.part):
            self.broken_images += 1
            self._image = None
            return
        self._image = image
        self._parts.append(rows.tobytes())
        if image.part + 1 == image.parts:
            self._image = None
            whole = np.frombuffer(b"".join(self._parts), EVENT)
            if not fit(whole):
                self._refuse("an image that can be none")
                return
            self._name(image)
            if self._to[image.symbol] >= 0 and self.books:
                self.images += 1
                self.rows.image(int(self._to[image.symbol]), whole)

    def _name(self, image: wire.Image) -> None:
        """Keeps the session's number of a symbol."""
        if image.symbol >= len(self._to):
            grown = np.full(image.symbol + 1, UNNAMED, np.int32)
            grown[: len(self._to)] = self._to
            self._to = grown
        stream = self.wanted.get(image.name)
        self._to[image.symbol] = UNWANTED if stream is None else stream.index

    @property
    def lost(self) -> list[str]:
        """Symbols whose book isn't whole."""
        return [name for name, stream in self.wanted.items() if not stream.synced] if self.books else []

    @property
    def why(self) -> str:
        """Why it isn't all there; empty where it is."""
        if not self.session:
            return "the publisher ended" if self.over else "no publisher is heard"
        if self._wrong:
            return self._wrong
        return f"the publisher: {self._why}" if self._why else ""

    def counts(self) -> dict[str, Any]:
        return {
            "messages": self.messages,
            "sessions": self.sessions,
            "at_row": self.at,
            "late_rows": self.late_rows,
            "missing_rows": self.missing_rows,
            "unnamed_rows": self.rows.unnamed,
            "doubled_messages": self.doubled,
            "refused_messages": self.refused,
            "stray_messages": self.strays,
            "images": self.images,
            "broken_images": self.broken_images,
        }
