"""An answer that holds for a moment: whoever asks meanwhile gets it, and one at a time makes it anew."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Remembered[T]:
    """for_s: how long an answer holds."""

    def __init__(self, for_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self._for_s = for_s
        self._now_s = now_s
        self._turn = threading.Lock()
        self._made_s = 0.0
        self._answer: tuple[T] | None = None

    def get(self, make: Callable[[], T]) -> T:
        """What `make` raises is raised, and not kept."""
        with self._turn:
            if self._answer is None or self._now_s() - self._made_s >= self._for_s:
                self._answer = None
                self._answer = (make(),)
                self._made_s = self._now_s()
            return self._answer[0]
