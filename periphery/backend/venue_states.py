"""What a journal says of venues: up, or not, each alone and by instrument."""

from __future__ import annotations

import numpy as np

from core import messages as m
from core.analytics.names import Names
from core.analytics.observer import Observer

_HEADER = m.HEADER.itemsize
_KIND_AT = slice(40, 42)


class VenueStates:
    """Hears each page, and keeps what was said of venues: by (venue, symbol), NONE is all of them."""

    def __init__(self, observer: Observer) -> None:
        self.states: dict[tuple[int, int], int] = {}
        self._tape = observer.tape
        observer._replay.on_page = self.page

    def page(self, raw: bytes) -> None:
        self._tape.page(raw)
        if int.from_bytes(raw[_KIND_AT], "little") == m.Kind.VENUE_STATE:
            row = np.frombuffer(raw, m.VENUE_STATE_EVENT, 1, _HEADER)[0]
            self.states[int(row["venue"]), int(row["symbol"])] = int(row["state"])

    def told(self, names: Names) -> list[dict[str, str]]:
        """By venue; one that nothing was said of is up."""
        found = {(venue, m.NONE): int(m.VenueState.UP) for venue in names.venues} | self.states
        return [
            {
                "venue": names.venues.get(venue, ""),
                "symbol": names.symbols.get(symbol, ""),
                "state": m.VenueState(state).name.lower(),
            }
            for (venue, symbol), state in sorted(found.items())
        ]
