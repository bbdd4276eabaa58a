"""A strategy's class from its file."""

from __future__ import annotations

import importlib.util
import sys
from difflib import get_close_matches
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
    chosen = found[name] if name is not None else next(iter(found.values()))
    _check_handlers(path, chosen)
    return chosen


def _check_handlers(path: Path, chosen: type[Strategy]) -> None:
    """BadStrategy: the file has a method that is called as a handler is, but that nobody would call."""
    own = [each for each in chosen.__mro__ if each.__module__ == chosen.__module__]
    known = {name for each in chosen.__mro__ if each not in own for name in vars(each) if _is_handler(name)}
    for each in own:
        for name, value in vars(each).items():
            if not _is_handler(name) or name in known or not callable(value):
                continue
            near = get_close_matches(name, known, 1, 0.0)
            raise BadStrategy(
                f"{path}: {each.__name__}.{name}: no handler is called so, nothing would call it: "
                f"did you mean {near[0]}? A method of your own has a name that doesn't begin with on_"
            )


def _is_handler(name: str) -> bool:
    return name.startswith("on_")
