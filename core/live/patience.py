"""How long somebody is waited for."""

from __future__ import annotations

import time

STEP_S = 0.25


class Patience:
    """Ends after so many seconds of looking: time in which this process itself stood still doesn't count."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.renew()

    def renew(self) -> None:
        """There was a sign of life."""
        self.left = self.seconds
        self.looked = time.monotonic()

    def ends(self) -> bool:
        """Looks; whether it is over."""
        now = time.monotonic()
        self.left -= min(now - self.looked, STEP_S)
        self.looked = now
        return self.left <= 0
