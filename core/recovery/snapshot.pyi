from collections.abc import Buffer

from core.recovery.replay import Replay

def capture(played: Replay) -> list[bytes | memoryview]:
    """All that it is after its last event, in parts that belong together in this order.

    Good until the next event is played.
    """

def lay(fresh: Replay, saved: Buffer) -> None:
    """Lays what `capture` gave into a replay that has seen nothing yet. ValueError names what doesn't fit."""
