"""Reads a `.def` file: what is to be injected and what is to be expected, line by line.

- iCONNECT, eDISCONNECT, i2,CONNECT: a connection begins, is to end; its number where there are several
- I8=FIX.4.4|35=A|...: a message to the acceptor, without 9 and 10 unless it has wrong ones; | is SOH
- E8=FIX.4.4|9=61|35=0|...: the message that must come next; times and 10 are placeholders
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

TIMES = frozenset({52, 60, 122})
_LINE = re.compile(rb"([iIeE])(?:(\d+),)?(.*)", re.DOTALL)
_TIME = re.compile(rb"<TIME([+-]\d+)?>")
_STAMP = re.compile(rb"\d{8}-\d\d:\d\d:\d\d(\.\d{3})?")


@dataclass(frozen=True, slots=True)
class Step:
    """what: connect, disconnect (we hang up), inject, expect, hung_up (they must)."""

    line: int
    what: str
    link: int
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Definition:
    name: str
    steps: tuple[Step, ...]


def definitions(path: Path, begin: bytes = b"FIX.4.4") -> Iterator[Definition]:
    """Of a folder or a .tgz, in the order of names; their FIX.4.4 becomes `begin`."""
    for name, raw in sorted(_files(path)):
        yield Definition(name, tuple(_steps(raw.replace(b"FIX.4.4", begin))))


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        yield from ((each.stem, each.read_bytes()) for each in path.rglob("*.def"))
        return
    with tarfile.open(path) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name.endswith(".def") else None
            if file is not None:
                yield Path(member.name).stem, file.read()


def _steps(raw: bytes) -> Iterator[Step]:
    for number, line in enumerate(raw.splitlines(), 1):
        line = line.strip(b" \r\t")
        if not line or line.startswith(b"#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError(f"line {number}: {line!r}: i, I, e or E")
        letter, link, rest = found.groups()
        words = {b"iCONNECT": "connect", b"iDISCONNECT": "disconnect", b"eDISCONNECT": "hung_up"}
        what = words.get(letter + rest) or {b"I": "inject", b"E": "expect"}[letter]
        yield Step(number, what, int(link or 1), rest)


def injected(raw: bytes, now_s: int) -> bytes:
    """The message of an I line: times filled in, BodyLength and CheckSum where it has none."""
    text = _TIME.sub(lambda found: _stamp(now_s + int(found[1] or 0)), raw)
    first, _, rest = text.partition(b"\x01")
    rest, trailer = _trailer(rest)
    if not rest.startswith(b"9=") and b"\x019=" not in rest:
        first += b"\x019=%d" % len(rest)
    whole = first + b"\x01" + rest
    return whole + (trailer or b"10=%03d\x01" % (sum(whole) % 256))


def _trailer(rest: bytes) -> tuple[bytes, bytes]:
    at = rest.rfind(b"\x0110=") + 1
    return (rest[:at], rest[at:]) if at else (rest, b"")


def _stamp(second: int) -> bytes:
    return datetime.fromtimestamp(second, UTC).strftime("%Y%m%d-%H:%M:%S").encode()


def differences(expected: bytes, came: bytes) -> str:
    """Empty where the message is the one that was expected: the same fields in the same order."""
    wanted, found = _fields(expected), _fields(came)
    tags = {tag for tag, _ in wanted}
    found = [field for field in found if field[0] not in (9, 10) or field[0] in tags]
    if [tag for tag, _ in wanted] != [tag for tag, _ in found]:
        return f"expected {_shown(expected)}, came {_shown(came)}"
    for (tag, value), (_, other) in zip(wanted, found, strict=True):
        same = _STAMP.fullmatch(other) is not None if tag in TIMES else tag == 10 or value == other
        if not same:
            return f"{tag}: expected {_shown(value)}, came {_shown(other)}, in {_shown(came)}"
    return ""


def _fields(raw: bytes) -> list[tuple[int, bytes]]:
    pairs = (field.partition(b"=") for field in raw.strip(b"\x01").split(b"\x01"))
    return [(int(tag), value) for tag, _, value in pairs]


def _shown(raw: bytes) -> str:
    return raw.decode("latin-1").replace("\x01", "|")
