"""The engines beside a core, their parameters and what they default to; and what every service is set by."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec

from periphery.service.config import Config
from periphery.service.registry import PLACES, find

HEAD = """# Services

`nacre engine run NAME`, as [services](../services.md) says.

## Every one's settings
"""


def page() -> str:
    parts = [HEAD, _doc(Config), _table(Config)]
    for name in PLACES:
        engine = find(name)
        parts += [f"## {name}\n", f"{engine.line}\n", _doc(engine.Params), _table(engine.Params)]
    return "\n".join(parts)


def _doc(struct: type[Any]) -> str:
    return f"{inspect.cleandoc(struct.__doc__ or '')}\n"


def _table(struct: type[Any]) -> str:
    rows = ["| setting | type | default |", "| --- | --- | --- |"]
    for field in msgspec.structs.fields(struct):
        rows.append(f"| `{field.name}` | {_type(field.type)} | {_default(field)} |")
    return "\n".join([*rows, ""])


def _type(kind: Any) -> str:
    text = kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)
    text = re.sub(r"typing\.Annotated\[(\w+), msgspec\.Meta\((.*?)\)\]", r"\1 (\2)", text)
    return re.sub(r"\b(?:[a-z_]+\.)+", "", text).replace("|", "\\|")


def _default(field: Any) -> str:
    if field.required:
        return "must be given"
    if field.default is not msgspec.NODEFAULT:
        return f"`{field.default!r}`"
    return f"`{field.default_factory()!r}`"
