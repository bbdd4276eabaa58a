"""How fast does the disk take what is written in sequence?"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

PIECE = 4 << 20
AT_LEAST, AT_MOST = 16 << 20, 512 << 20


def bytes_a_second(folder: Path, like: int) -> int:
    """Writes about that many bytes (16 to 512 MiB) in the folder until the disk has them; removes them."""
    size = min(max(like, AT_LEAST), AT_MOST) // PIECE * PIECE
    piece = os.urandom(PIECE)
    with tempfile.TemporaryFile(dir=folder, prefix="nacre-bench-", buffering=0) as file:
        start = time.perf_counter_ns()
        for _ in range(size // PIECE):
            if file.write(piece) != PIECE:
                raise OSError(
                    f"bench: {folder} took part of a write: no space is left there; name another folder"
                )
        os.fdatasync(file.fileno())
        return size * 10**9 // (time.perf_counter_ns() - start)
