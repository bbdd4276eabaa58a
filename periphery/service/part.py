"""A part of an engine's work: several engines share it out by the names of what they look at."""

from __future__ import annotations

import zlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """The index-th of count, from 1."""

    index: int
    count: int

    def owns(self, name: str) -> bool:
        """Whether the account or symbol of that name is this part's: one part says so of each name."""
        return zlib.crc32(name.encode()) % self.count == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


WHOLE = Part(1, 1)


def part_of(text: str) -> Part:
    """ "2/3" is the second of three; "" the whole. ValueError: it is no part."""
    index, slash, count = (text or str(WHOLE)).partition("/")
    if not slash or not index.isdecimal() or not count.isdecimal() or not 1 <= int(index) <= int(count):
        raise ValueError(f"part {text!r}: give it as 2/3, the second of three")
    return Part(int(index), int(count))
