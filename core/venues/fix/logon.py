"""Who may log on: what a Logon must be, and what its sender must know."""

from __future__ import annotations

from core.venues.fix.agreement import NS, PASSWORD, USERNAME, Settings
from core.venues.fix.codec import Message

AGAIN_S = 1
"""After a wrong password nobody's is looked at for so long: a look takes a processor for a while."""
REFUSED = "username or password is wrong"


def fault(message: Message, settings: Settings, again: bool, now_ns: int) -> str:
    """Why the connection ends without an answer; "": it doesn't. again: both are logged on already.

    Nothing of what the store has may change before it is known who speaks.
    """
    if settings.schedule.period(now_ns) is None:
        return "logon while the session is closed"
    if again:
        return "a second Logon"
    if message.get(98) != b"0" or message.number(108) < 0:
        return "Logon with an encryption, or a heartbeat below 0"
    if not settings.is_peer(message) or not settings.is_near(message, now_ns):
        return "Logon with another CompID, or a SendingTime far off"
    return ""


class Gate:
    """Of one session. It outlives connections: who guesses has one try in AGAIN_S."""

    def __init__(self, settings: Settings) -> None:
        self._admits = settings.admits
        self._closed_until_ns = 0

    def lets(self, message: Message, now_ns: int) -> bool | None:
        """Whether username and password of the Logon are right. None: not looked at, it comes too soon."""
        if self._admits is None:
            return True
        if now_ns < self._closed_until_ns:
            return None
        if self._admits(message.text(USERNAME), message.text(PASSWORD)):
            return True
        self._closed_until_ns = now_ns + AGAIN_S * NS
        return False
