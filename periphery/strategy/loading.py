"""A strategy's class from its file."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from periphery.strategy.strategy import Strategy


class BadStrategy(ValueError):
    """A file that has no strategy, or several; the message says what to do."""


def load_strategy(path: Path, name: str | None = None) -> type[Strategy]:
    """The one Strategy that the file defines, or that of the name. BadStrategy; what the file raises."""
    spec = importlib.util.spec_from_file_location(f"nacre_strategy_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise BadStrategy(f"{path}: not a Python file: its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found = {
        each.__name__: each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Strategy) and each.__module__ == spec.name
    }
    if name is not None and name not in found:
        raise BadStrategy(f"{path}: no strategy {name}: there is {', '.join(found) or 'none'}")
    if name is None and len(found) != 1:
        why = (
            f"{len(found)} strategies, {', '.join(found)}: say which" if found else "no subclass of Strategy"
        )
        raise BadStrategy(f"{path}: {why}")
    return found[name] if name is not None else next(iter(found.values()))
