"""The events of the spine, byte for byte, and the numbers in them."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Any

from core import messages as m

HEAD = """# Events

The structs of `core/messages.pxd`, as numpy's dtypes of `core/messages.py` have them: little endian, aligned.
What each is for stands in [architecture](../architecture.md).
"""
PAGE = ("HEADER", "RESOLVED", "VERDICT", "OUTCOME", "ROUTING", "SEND", "BOOKING", "RESPONSE")


def page() -> str:
    requests = sorted(name for name in vars(m) if name.endswith("_EVENT"))
    enums = sorted(filter(_is_enum, vars(m).values()), key=lambda enum: enum.__name__)
    parts = [HEAD, "## The page\n", *(_struct(name) for name in PAGE)]
    parts += ["## Requests\n", *(_struct(name) for name in requests)]
    parts += ["## Numbers\n", *map(_enum, enums)]
    return "\n".join(parts)


def _is_enum(value: Any) -> bool:
    is_one = isinstance(value, type) and issubclass(value, IntEnum | IntFlag)
    return is_one and value.__module__.startswith("core.")


def _struct(name: str) -> str:
    dtype: Any = getattr(m, name)
    rows = [
        f"### {name.lower()}\n\n{dtype.itemsize} bytes.\n",
        "| at | field | type |",
        "| --- | --- | --- |",
    ]
    for field in dtype.names or ():
        kind, at = dtype.fields[field][:2]
        shape = "".join(f"[{size}]" for size in kind.shape)
        rows.append(f"| {at} | `{field}` | {kind.base.name if not kind.base.names else 'struct'}{shape} |")
    return "\n".join([*rows, ""])


def _enum(enum: type[IntEnum] | type[IntFlag]) -> str:
    rows = [f"### {enum.__name__}\n", "| number | name |", "| --- | --- |"]
    return "\n".join(
        [*rows, *(f"| {each.value} | `{each.name.lower()}` |" for each in enum if each.name), ""]
    )
