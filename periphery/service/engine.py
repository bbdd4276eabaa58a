"""What an engine is: a small file of what it computes."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np

from core import messages as m
from core.live.book import Book
from core.rows.rows import Hearer
from periphery.service.part import WHOLE, Part

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The base of an engine's parameters: typed fields with defaults, bounds by msgspec.Meta."""


@dataclass(frozen=True, slots=True)
class Output:
    """Something that an engine says: values are numbers, texts, lists and maps.

    Two topics ask the core for something (periphery.service.acts): `signal` (name, value, symbol, at_ns) and
    `limit` (a limit as a scenario's line has it).
    """

    topic: str
    values: dict[str, Any]


class Engine(ABC):
    """Subclass it. What it says depends on the events and its own state alone: it can be run again."""

    name: ClassVar[str]
    line: ClassVar[str]
    """What it does, in the list of engines."""
    kinds: ClassVar[frozenset[m.Kind]]
    """The events that it is told of."""
    Params: ClassVar[type[Params]] = Params
    hearer: Hearer | None = None
    """What of it takes rows in compiled code (core.rows): those that can't make it say anything. All others
    come to `on_page`, which does the same with each."""
    part: Part = WHOLE
    """What of the work is its own: it says nothing of an account or a symbol that `part` doesn't own."""

    def __init__(self, params: Any, book: Book) -> None:
        """book: the names and settings that the journal has declared up to the event that is told."""
        self.params = params
        self.book = book

    def instrument(self, registry: CollectorRegistry) -> None:  # noqa: B027
        """Adds metrics of its own, which are no part of what it says."""

    @abstractmethod
    def on_page(self, page: np.void, raw: bytes) -> Iterable[Output]:
        """An event after all engines of the core, as core.messages.PAGE and its bytes."""

    @abstractmethod
    def save(self) -> dict[str, Any]:
        """Its state, as msgpack can carry it."""

    @abstractmethod
    def load(self, state: dict[str, Any]) -> None:
        """The state that `save` gave."""


def need(*libraries: str) -> None:
    """Imports what an engine reckons with when it is made, not at its first output: that one would be late.
    ModuleNotFoundError.
    """
    for name in libraries:
        importlib.import_module(name)


def request(raw: bytes, dtype: np.dtype[Any]) -> np.void:
    """The request of a page, as one of core.messages' structs."""
    row: np.void = np.frombuffer(raw, dtype, 1, m.HEADER.itemsize)[0]
    return row
