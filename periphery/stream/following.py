"""What most messages are: rows that go on from where a subscriber is. In compiled code where there is any."""

from __future__ import annotations

from importlib.util import find_spec

from periphery.stream import wire
from periphery.stream.wire import Batch

if find_spec("core.stream.message") is not None:
    from core.stream.message import following as compiled

    def following(message: bytes, at: int) -> Batch | None:
        """The rows of a message that goes on from `at` with nothing left out; None: it is another one."""
        return compiled(Batch, message, at)

else:
    following = wire.following
