from core_ext.arena import Arena
from core_ext.ring import Ring

class Emitter:
    """Puts derived events on an engine's loopback ring, keyed (engine, cause's sequence, n)."""

    def __init__(self, engine: int, ring: Ring) -> None: ...
    def plant(self, n: int, noise: int) -> None:
        """Mixes `noise` (not 0) into the n-th event that the engine derives: a test's nondeterminism."""
    def resume(self, ring: Ring) -> None:
        """Goes on with the ring of one that died: what is on it isn't put there again."""
    @property
    def overflows(self) -> int:
        """Derived events that found the ring full: the core stops on the first."""

class Engine:
    """Base of the engines of the path: reads the page and its own arena, nothing else."""

    @property
    def arena(self) -> Arena: ...
    @property
    def emitter(self) -> Emitter: ...
