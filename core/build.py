"""Which build of the deciding code this is: a journal names it, since other code may decide otherwise."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

SCHEMA_VERSION = 1
DECIDING = (
    "engine",
    "fused",
    "market",
    "orders",
    "resolve",
    "risk",
    "router",
    "execution",
    "positions",
    "sequencer",
)


@functools.cache
def build_id() -> bytes:
    """32 bytes: a digest of the compiled modules that decide, and a 1: a journal's header cuts zeros."""
    root = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=31)
    for name in DECIDING:
        for path in sorted([*root.glob(f"{name}.*.so"), *(root / name).glob("*.so")]):
            digest.update(path.name.encode())
            digest.update(path.read_bytes())
    return digest.digest() + b"\1"
