from collections.abc import Sequence

from core.stage import Stage

class Lane(Stage):
    """Stages that follow each other on one thread, as one."""

    def __init__(self, members: Sequence[Stage]) -> None: ...
    @property
    def head(self) -> Stage: ...
    @property
    def in_step(self) -> bool:
        """Whether all members are done with the same event."""

def lanes(stages: Sequence[Stage]) -> list[Stage]:
    """Stages of one thread, in the order of the path, as lanes where they can be."""
