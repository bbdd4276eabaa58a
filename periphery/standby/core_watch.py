"""Whether the core beside this process does its work: asked again and again, in a thread, so that nothing
waits for it.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from core.live.health import core_ill

EVERY_S = 0.25
GONE_S = 6.0
"""A core that brings a process back, or takes a long breath, is not dead: it may be silent for so long."""


class CoreWatch:
    """The core at a socket."""

    def __init__(self, socket: Path, well_s: float) -> None:
        """well_s: when it was last known to do its work, of time.monotonic(); -inf: never yet."""
        self.socket = socket
        self.ill = "not asked yet"
        self.well_s = well_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="core watch", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.wait(EVERY_S):
            self.ill = core_ill(self.socket)
            if not self.ill:
                self.well_s = time.monotonic()

    @property
    def well(self) -> bool:
        """Whether it did its work a short while ago."""
        return time.monotonic() - self.well_s < GONE_S

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()
