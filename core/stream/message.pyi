from collections.abc import Callable

def following[T](
    made: Callable[[int, int, bytes, dict[int, memoryview]], T], message: bytes, at: int
) -> T | None:
    """What `made` makes of (after, through, digest, frames by topic) of a message of rows that goes on from
    `at` with nothing left out; None: it is another message, or one to be looked at more closely.
    """

HEAD_BYTES: int
FRAME_BYTES: int
