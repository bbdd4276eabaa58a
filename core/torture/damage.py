"""Damage to a copy of a journal: each is either found, with its place, or what is left is an earlier state,
exactly.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from core.errors import CoreFault
from core.recovery import verify
from core.recovery.journal import capacity_of
from core.recovery.replay import Replay
from core_ext.crc32c import crc32c
from core_ext.journal import JournalError, JournalReader, info

HEADER_BYTES = 128
_FORMAT_AT, _CRC_AT = 8, 124

type Damage = Callable[[Path, random.Random], str]


def torn_tail(journal: Path, rng: random.Random) -> str:
    """The last record is half written: what a process that dies leaves."""
    last = _used(journal)[-1]
    whole = last.read_bytes().rstrip(b"\0")
    cut = rng.randrange(HEADER_BYTES, len(whole)) if len(whole) > HEADER_BYTES + 1 else HEADER_BYTES
    last.write_bytes(whole[:cut])
    return f"cut {last.name} at {cut}"


def flipped_bit(journal: Path, rng: random.Random) -> str:
    segment = rng.choice(_used(journal))
    raw = bytearray(segment.read_bytes())
    at, bit = rng.randrange(len(raw.rstrip(b"\0"))), rng.randrange(8)
    raw[at] ^= 1 << bit
    segment.write_bytes(raw)
    return f"flipped bit {bit} of byte {at} of {segment.name}"


def missing_segment(journal: Path, rng: random.Random) -> str:
    """Not the last: a journal that ends earlier is whole."""
    used = _used(journal)
    segment = rng.choice(used[:-1] or used)
    segment.unlink()
    return f"removed {segment.name} of {len(used)}"


def other_version(journal: Path, rng: random.Random) -> str:
    """Of a format that this build doesn't know, with a CRC that is right."""
    segment = rng.choice(_used(journal))
    raw = bytearray(segment.read_bytes())
    raw[_FORMAT_AT] += 1
    raw[_CRC_AT : _CRC_AT + 4] = crc32c(bytes(raw[:_CRC_AT])).to_bytes(4, "little")
    segment.write_bytes(raw)
    return f"another format in {segment.name}"


DAMAGES: dict[str, Damage] = {
    each.__name__: each for each in (torn_tail, flipped_bit, missing_segment, other_version)
}


def _used(journal: Path) -> list[Path]:
    return [Path(each.path) for each in info(journal) if each.used]


def check(journal: Path, name: str, rng: random.Random, place: Path) -> str:
    """Damages a copy in that place; what is wrong with how it was taken, "" where nothing is."""
    shutil.copytree(journal, place)
    done = DAMAGES[name](place, rng)
    try:
        found = verify(place)["ok"]
    except (JournalError, ValueError, OSError):
        found = False
    wrong = _wrong(journal, place, bool(found), name)
    shutil.rmtree(place)
    return f"{done}: {wrong}" if wrong else ""


def _wrong(journal: Path, place: Path, is_whole: bool, name: str) -> str:
    """A replay either says what is wrong, or is what the undamaged journal is as far as it goes."""
    try:
        played = Replay(capacity_of(place))
        reader = JournalReader(place)
        played.play(reader)
    except (JournalError, CoreFault, ValueError, OSError) as error:
        return (
            "" if str(place) in str(error) or isinstance(error, ValueError) else f"no place is named: {error}"
        )
    if is_whole and name != "torn_tail":
        return "nothing was found"
    if name not in ("torn_tail", "flipped_bit"):
        return "it was played"
    events = played.events
    if _state(journal, events) != _state(place, events):
        return f"another state after {events} events"
    return ""


def _state(journal: Path, events: int) -> str:
    """After so many events of it."""
    played = Replay(capacity_of(journal))
    if events:
        played.play(JournalReader(journal), events)
    return played.core.state_hash()
