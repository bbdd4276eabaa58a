"""Loads what a command works with at the moment when the command runs."""

from __future__ import annotations

import importlib
from typing import Any

from core.cli.output import BadInput

NO_BENCH = (
    "the bench is no part of the wheel: run `make` and `.venv/bin/nacre bench` in a checkout of the project"
)


def load(module: str, name: str) -> Any:
    """The object `name` of `module`; typed by who calls.

    Raises BadInput where the project's own compiled modules aren't built, or there is no bench; another
    missing dependency, or a missing name, is a defect and keeps its traceback.
    """
    try:
        return getattr(importlib.import_module(module), name)
    except ModuleNotFoundError as error:
        if error.name == "bench":
            raise BadInput(NO_BENCH) from error
        if error.name is None or error.name.split(".")[0] not in ("core", "core_ext", "bench"):
            raise
        raise BadInput(f"{error.name} is not built here: run `make` in the project's folder") from error
