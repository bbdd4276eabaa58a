from core_ext.ring import Ring
from core_ext.spine import Spine

def ring_produce(ring: Ring, count: int, seconds: float = 30) -> int:
    """Pushes sequences 1..count. How many were pushed before the deadline."""

def ring_consume(ring: Ring, count: int, seconds: float = 30) -> tuple[int, int]:
    """(popped before the deadline, how many were not exactly the next sequence's words)."""

def spine_write(spine: Spine, count: int, seconds: float = 30) -> int:
    """Claims, fills and publishes sequences 1..count, gated by the cursors. How many before the deadline."""

def spine_follow(spine: Spine, cursor: int, count: int, seconds: float = 30) -> tuple[int, int]:
    """Follows the paragraphs 1..count and moves its cursor: (followed, how many were not whole)."""

def spine_observe(spine: Spine, cursor: int, count: int, seconds: float = 30) -> tuple[int, int, int]:
    """(whole copies, refused copies, copies called good that were not whole: must be 0)."""
