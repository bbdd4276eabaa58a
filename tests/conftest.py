"""SIGTERM ends a run of tests as Ctrl-C does: what tests and fixtures started ends with it.

make hands SIGTERM to pytest alone; by its default pytest would be gone at once, and cores and engines stay.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

import pytest

TERM = {signal.SIGTERM}


def pytest_configure(config: pytest.Config) -> None:
    told = False

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal told
        if not told:  # a second one would end the ending
            told = True
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)

    def put_back() -> None:
        signal.signal(signal.SIGTERM, before)

    config.add_cleanup(put_back)
    forks_end_at_once()


def forks_end_at_once() -> None:
    """A fork has SIGTERM's default again; one that comes meanwhile waits: Python would forget it."""
    masks = threading.local()

    def hold() -> None:
        masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, TERM)

    def release() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, masks.before)

    def be_a_fork() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        release()

    os.register_at_fork(before=hold, after_in_parent=release, after_in_child=be_a_fork)
