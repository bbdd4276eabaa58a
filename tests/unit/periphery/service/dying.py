"""A save of an engine's state that its process doesn't live to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from periphery.service import state
from periphery.service.runner import Runner

WHEN = ("before the rename", "in the outputs", "after the rename")


class Killed(BaseException):
    """Nothing is cleaned up."""


def dies_in_a_save(runner: Runner, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """when: of WHEN. What the runner had open is closed, as the kernel does."""
    replace = Path.replace

    def dies(self: Path, target: Path) -> Path:
        if when == "after the rename":
            replace(self, target)
        raise Killed

    def dies_early(_: state.Said) -> int:
        raise Killed

    dying: tuple[Any, str, Any] = (Path, "replace", dies)
    if when == "in the outputs":
        dying = (state.Said, "sync", dies_early)
    with monkeypatch.context() as patched:
        patched.setattr(*dying)
        with pytest.raises(Killed):
            runner.save()
    runner.close()
