"""Who may log on."""

from __future__ import annotations

import pytest

from core.venues.fix.agreement import NS, Settings
from core.venues.fix.codec import Message, encode, parse, utc_timestamp
from core.venues.fix.logon import AGAIN_S, Gate, fault

NOW_NS = 1_700_000_000 * NS
SETTINGS = Settings(b"FIX.4.4", b"NACRE", b"OMS")


def logon(password: str = "right", **more: bytes) -> Message:
    fields = {49: b"OMS", 56: b"NACRE", 34: b"1", 52: utc_timestamp(NOW_NS), 98: b"0", 108: b"30"}
    fields |= {553: b"oms", 554: password.encode()}
    fields |= {int(tag[1:]): value for tag, value in more.items()}
    return parse(encode(b"FIX.4.4", [(35, b"A"), *fields.items()]), {})


@pytest.mark.parametrize(
    ("message", "again", "why"),
    [
        (logon(), False, ""),
        (logon(), True, "a second Logon"),
        (logon(_98=b"1"), False, "encryption"),
        (logon(_108=b"-1"), False, "heartbeat"),
        (logon(_49=b"OTHER"), False, "CompID"),
        (logon(_52=utc_timestamp(NOW_NS - 121 * NS)), False, "SendingTime"),
    ],
)
def test_what_ends_it_at_once(message: Message, again: bool, why: str) -> None:
    found = fault(message, SETTINGS, again, NOW_NS)
    assert why in found
    assert bool(found) == bool(why)


def test_who_guesses_has_a_try_a_second() -> None:
    looked: list[tuple[str, str]] = []

    def admits(user: str, password: str) -> bool:
        looked.append((user, password))
        return password == "right"

    gate = Gate(Settings(b"FIX.4.4", b"NACRE", b"OMS", admits=admits))
    assert gate.lets(logon("wrong"), NOW_NS) is False
    assert gate.lets(logon("right"), NOW_NS + AGAIN_S * NS - 1) is None
    assert gate.lets(logon("right"), NOW_NS + AGAIN_S * NS) is True
    assert looked == [("oms", "wrong"), ("oms", "right")]


def test_without_a_password_nobody_is_asked() -> None:
    assert Gate(SETTINGS).lets(logon(), NOW_NS)


def test_a_password_is_in_no_log() -> None:
    assert "right" not in repr(logon("right"))
