"""What the sync and the asyncio client have in common: all that waits for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from periphery.client.control import Control
from periphery.client.directory import NONE, Directory
from periphery.client.session import Session


class Face:
    """A session as its user sees it."""

    def __init__(self, link: Control, session: Session) -> None:
        self._control = link
        self._session = session
        self._port = session.port
        self._next = session.next

    def close(self) -> None:
        """Hang up. The core takes what is in the request ring, then ends the session."""
        self._control.close()

    @property
    def directory(self) -> Directory:
        """Symbols, venues, accounts and strategies, as the core told them."""
        return self._session.directory

    @property
    def is_live(self) -> bool:
        """False where the venues are simulated."""
        return self._session.is_live

    @property
    def is_hung_up(self) -> bool:
        """Whether the core has gone; what it said before may still be there to read."""
        return self._control.is_hung_up

    @property
    def session(self) -> int:
        """The session's index in the core."""
        return self._session.index

    def _known_strategy(self, name: str | None) -> int | None:
        """A strategy's index, NONE for none; None: the core must be asked."""
        return NONE if name is None else self.directory.strategies.get(name)

    def _interned(self, name: str, answer: Mapping[str, Any]) -> int:
        """Remember the index that the core gave a strategy."""
        index = self.directory.strategies[name] = int(answer["index"])
        return index


def given(**values: Any) -> dict[str, Any]:
    """Those that aren't None."""
    return {key: value for key, value in values.items() if value is not None}


def payload(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer without what belongs to the protocol."""
    return {key: value for key, value in answer.items() if key not in ("id", "ok")}
