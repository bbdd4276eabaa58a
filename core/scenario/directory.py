"""Names and indices: what the core calls by number, and people by name."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from core.messages import Space

NAME_MAX = 39  # bytes of text in a name field
CHILD_NAME_MAX = 55


@dataclass(slots=True)
class Symbol:
    """What printing and parsing need to know of an instrument."""

    name: str
    index: int
    kind: str
    price_precision: int
    qty_precision: int
    multiplier: int
    multiplier_precision: int
    inverse: bool
    currency: str
    settle_currency: str
    venues: list[str] = field(default_factory=list)
    margin: int = 100_000_000  # 10^-4 bps


@dataclass(slots=True)
class Account:
    name: str
    index: int
    currency: str
    cash: int  # 10^-12


class Directory:
    """Interns names as indices, in the order in which they are first seen."""

    def __init__(self) -> None:
        self.symbols: dict[str, Symbol] = {}
        self.symbol_list: list[Symbol] = []
        self.venues: dict[str, int] = {}
        self.venue_list: list[str] = []
        self.accounts: dict[str, Account] = {}
        self.account_list: list[Account] = []
        self.groups: dict[str, int] = {}  # of accounts
        self.spaces: dict[Space, dict[str, int]] = {space: {} for space in Space}
        self.space_lists: dict[Space, list[str]] = {space: [] for space in Space}
        self._texts: dict[bytes, str] = {}

    def intern(self, space: Space, name: str) -> tuple[int, bool]:
        """The name's index, and whether it is new."""
        known = self.spaces[space]
        if name in known:
            return known[name], False
        known[name] = len(known)
        self.space_lists[space].append(name)
        return known[name], True

    def field(self, text: str, size: int = NAME_MAX) -> bytes:
        """`{length}text`, zeros up to size + 1 bytes. A digest stands for a longer text, told as it was."""
        raw = text.encode()
        if len(raw) > size:
            raw = raw[:6] + b"#" + hashlib.blake2b(raw, digest_size=16).hexdigest().encode()
        out = bytes([len(raw)]) + raw.ljust(size, b"\0")
        self._texts[raw] = text
        return out

    def text(self, stored: bytes) -> str:
        """The text that a field stands for."""
        raw = stored[1 : 1 + stored[0]]
        known = self._texts.get(raw)
        return raw.decode("utf-8", "replace") if known is None else known
