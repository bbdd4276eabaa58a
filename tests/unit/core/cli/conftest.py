"""Modules that a command loads at run time, in a form that a test can watch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import pytest

type Provide = Callable[..., None]


@pytest.fixture
def provide(monkeypatch: pytest.MonkeyPatch) -> Provide:
    """Put a module of the given name and contents in the place of the real one."""

    def put(name: str, **contents: object) -> None:
        module = ModuleType(name)
        vars(module).update(contents)
        monkeypatch.setitem(sys.modules, name, module)

    return put
