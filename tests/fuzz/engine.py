"""Seeded mutation of a corpus: the same seed tries the same inputs. What breaks a target is kept in its
corpus.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
INPUT_MAX = 1 << 14
NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 1 << 63, (1 << 64) - 1)


@dataclass(slots=True)
class Target:
    """seeds: inputs that are good. check: tries one; any exception that it lets out is a finding."""

    name: str
    seeds: list[bytes]
    check: Callable[[bytes], None]


@dataclass(slots=True)
class Found:
    """What a target came to."""

    inputs: int = 0
    problems: list[str] = field(default_factory=list)


def corpus(name: str) -> list[bytes]:
    """Inputs that broke it once: a line of hexadecimal digits each."""
    path = CORPUS / f"{name}.hex"
    return [bytes.fromhex(line) for line in path.read_text().split()] if path.exists() else []


def keep(name: str, raw: bytes) -> Path:
    path = CORPUS / f"{name}.hex"
    with path.open("a") as out:
        out.write(raw.hex() + "\n")
    return path


def fuzz(target: Target, inputs: int, seed: int, *, keeps: bool = True) -> Found:
    """The corpus, then so many inputs; the first that breaks it ends it."""
    rng, found = random.Random(f"{target.name} {seed}"), Found()
    known = corpus(target.name)
    pool = [*target.seeds, *known]
    for i in range(len(pool) + inputs):
        raw = pool[i] if i < len(pool) else mutated(rng, rng.choice(pool), pool)
        found.inputs += 1
        try:
            target.check(raw)
        except Exception:
            place = keep(target.name, raw) if keeps and raw not in pool else CORPUS / f"{target.name}.hex"
            found.problems.append(f"{target.name}, seed {seed}: {place}:\n{traceback.format_exc(limit=-3)}")
            return found
    return found


def mutated(rng: random.Random, raw: bytes, pool: list[bytes]) -> bytes:
    """One to four changes."""
    out = bytearray(raw)
    for _ in range(rng.randrange(1, 5)):
        rng.choice(_CHANGES)(rng, out, pool)
    return bytes(out[:INPUT_MAX])


def _flip(rng: random.Random, out: bytearray, _pool: list[bytes]) -> None:
    if out:
        out[rng.randrange(len(out))] ^= 1 << rng.randrange(8)


def _number(rng: random.Random, out: bytearray, _pool: list[bytes]) -> None:
    """One that is at the edge of something, in 1 to 8 bytes."""
    size = rng.choice((1, 2, 4, 8))
    at = rng.randrange(len(out) + 1)
    out[at : at + size] = (rng.choice(NUMBERS) & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def _cut(rng: random.Random, out: bytearray, _pool: list[bytes]) -> None:
    at = rng.randrange(len(out) + 1)
    del out[at : at + rng.choice((1, 2, 8, 64, len(out)))]


def _double(rng: random.Random, out: bytearray, _pool: list[bytes]) -> None:
    at = rng.randrange(len(out) + 1)
    out[at:at] = out[at : at + rng.choice((1, 8, 64))]


def _noise(rng: random.Random, out: bytearray, _pool: list[bytes]) -> None:
    out[rng.randrange(len(out) + 1) :] = rng.randbytes(rng.choice((1, 8, 64)))


def _splice(rng: random.Random, out: bytearray, pool: list[bytes]) -> None:
    """The end of another input."""
    other = rng.choice(pool)
    out[rng.randrange(len(out) + 1) :] = other[rng.randrange(len(other) + 1) :]


_CHANGES = (_flip, _flip, _number, _cut, _double, _noise, _splice)
