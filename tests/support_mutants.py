"""Errors planted in a module of plain Python: what tests it must fail."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, NamedTuple

import pytest


class Mutant(NamedTuple):
    """`new` stands where `old` stands in the module, once."""

    what: str
    module: ModuleType
    old: str
    new: str


def plant(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives the functions that the error changes their new code, for whoever has them already."""
    source = Path(inspect.getfile(mutant.module)).read_text()
    assert source.count(mutant.old) == 1, (
        f"{mutant.what}: {mutant.old!r} stands {source.count(mutant.old)} times"
    )
    changed = dict(_codes(compile(source.replace(mutant.old, mutant.new), mutant.module.__name__, "exec")))
    before = dict(_codes(compile(source, mutant.module.__name__, "exec")))
    names = [name for name in changed if changed[name] != before.get(name)]
    functions = dict(_functions(mutant.module))
    planted = [name for name in names if name in functions]
    assert planted, f"{mutant.what}: no function of {mutant.module.__name__} changes"
    for name in planted:
        monkeypatch.setattr(functions[name], "__code__", changed[name])


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each.co_qualname, each
            yield from _codes(each)


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """By qualified name: functions, methods, properties of what the module defines."""
    for owner in [module, *(v for v in vars(module).values() if inspect.isclass(v))]:
        if inspect.isclass(owner) and owner.__module__ != module.__name__:
            continue
        for value in vars(owner).values():
            found: Any = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
            found = inspect.unwrap(found) if callable(found) else found
            if isinstance(found, FunctionType) and found.__module__ == module.__name__:
                yield found.__qualname__, found
