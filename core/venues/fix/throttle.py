"""How many messages of an application one session may send."""

from __future__ import annotations

from collections import deque

from core.venues.fix.agreement import NS

ALWAYS_LET = frozenset({b"F", b"H", b"AF", b"8", b"9", b"3", b"j"})
"""Cancels, questions and answers pass whatever else was sent."""


class Throttle:
    """At most `per_s` messages within any second; 0: as many as it likes."""

    def __init__(self, per_s: int) -> None:
        self.per_s = per_s
        self._recent: deque[int] = deque(maxlen=per_s or 1)

    def lets(self, msg_type: bytes, now_ns: int) -> bool:
        """Whether one more may pass now; it counts if so."""
        if not self.per_s or msg_type in ALWAYS_LET:
            return True
        if len(self._recent) == self.per_s and self._recent[0] > now_ns - NS:
            return False
        self._recent.append(now_ns)
        return True
