"""The fence as a file beside the core's socket: `nacre standby` holds it open, gateways read it before each
send.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path

from core.live.places import beside
from core_ext.fence import FENCE_BYTES, Fence


def open_fence(socket: Path) -> Fence:
    """That of the core at the socket; made closed where there is none."""
    fd = os.open(beside(socket, "fence"), os.O_RDWR | os.O_CLOEXEC | os.O_CREAT, 0o600)
    try:
        is_new = os.fstat(fd).st_size < FENCE_BYTES
        if is_new:
            os.posix_fallocate(fd, 0, FENCE_BYTES)
        memory = mmap.mmap(fd, FENCE_BYTES)
    finally:
        os.close(fd)
    return Fence.format(memory) if is_new else Fence.attach(memory)


def find_fence(socket: Path) -> Fence | None:
    """The same; None: the core there isn't fenced."""
    return open_fence(socket) if beside(socket, "fence").exists() else None


def forget_fence(socket: Path) -> None:
    """A core that needs no lease: one that did may have left its fence, closed."""
    beside(socket, "fence").unlink(missing_ok=True)
