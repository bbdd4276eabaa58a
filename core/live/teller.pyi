from core.egress.engine import Egress
from core.faults import Faults
from core.stage import EngineStage
from core_ext.spine import Spine

class Teller(EngineStage):
    """Egress of a live core: responses, market and signals into the memory of sessions."""

    def __init__(self, name: str, engine: Egress, spine: Spine, faults: Faults) -> None: ...
    def open_seat(
        self,
        i: int,
        session: int,
        responses: Spine,
        quotes: Spine,
        hears_all: bool = False,
        rights: bytes | None = None,
    ) -> None:
        """Tells that session there what became of its orders since its connect, and quotes.

        hears_all: trades, depth, signals and positions too. rights: a byte an account; None: every account.
        """
    def close_seat(self, i: int) -> None:
        """Lets go of its memory."""
