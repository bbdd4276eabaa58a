from collections.abc import Buffer

from core.board import Board
from core.engine import Engine
from core.stage import EngineStage
from core_ext.ring import Ring

HEAD_BYTES: int
BATCH_BYTES: int
ANSWER_BYTES: int

class ProxyStage(EngineStage):
    """The place of a remote engine on a core's spine."""

    def __init__(self, name: str, board: Board, sends: Ring | None = None) -> None: ...
    @property
    def reads(self) -> int:
        """Bytes of a page that go over."""
    @property
    def under_way(self) -> int:
        """Batches without their answer."""
    def collect(self, out: Buffer) -> int:
        """A batch of what is ready, in `out` (BATCH_BYTES); its bytes. 0: nothing is, or enough is under
        way.
        """
    def apply(self, answer: bytes | None = None) -> bool:
        """The next answer, or the rest of the last one; False: a ring has no room. ValueError: not the
        answer.
        """

class RemoteEngine:
    """An engine that has lived through the past, with rings of its own."""

    def __init__(self, stage: str, engine: Engine) -> None: ...
    @property
    def engine(self) -> Engine: ...
    @property
    def name(self) -> str: ...
    @property
    def number(self) -> int:
        """Of the last batch."""
    @property
    def events(self) -> int: ...
    def answer(self, batch: Buffer, out: Buffer) -> int:
        """What the engine makes of the pages, in `out` (ANSWER_BYTES); its bytes. ValueError: not the next
        batch.
        """
