"""A case's outcome, a JSON line each, as tests.nt.run reads it."""

from __future__ import annotations

import json
import traceback
from typing import Any

from tests.nt import commands


def tell(case: str, outcome: str, why: str = "") -> None:
    print(json.dumps({"case": case, "outcome": outcome, "why": why}), flush=True)


async def each(names: list[str], desk: commands.Desk) -> None:
    """Of tests.nt.commands, one after the other."""
    for name in names:
        case: Any = commands.CASES.get(name) or getattr(commands, name)
        try:
            await case(desk)
        except Exception as wrong:  # whatever it is, it is the case's
            where = traceback.extract_tb(wrong.__traceback__)[-1]
            tell(name, "failed", f"{type(wrong).__name__}: {wrong} ({where.name}:{where.lineno})")
        else:
            tell(name, "passed")
