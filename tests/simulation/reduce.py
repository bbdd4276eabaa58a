"""A failing file made small: lines are left out as long as it fails by the same rule."""

from __future__ import annotations

from pathlib import Path

from core.errors import CoreFault

from .run import replay
from .violation import Violation


def failure(texts: list[str]) -> str:
    """The rule that the lines break, or the fault that stops them; "" if none, or if they aren't a file."""
    try:
        replay(texts)
    except Violation as violation:
        return violation.rule
    except CoreFault as fault:
        return type(fault).__name__
    except (ValueError, KeyError):
        return ""
    return ""


def reduced(texts: list[str]) -> list[str]:
    """Leaves out halves, quarters, ... single lines, while the same rule is broken."""
    rule = failure(texts)
    size = len(texts) // 2
    while rule and size:
        start = 0
        while start < len(texts):
            fewer = texts[:start] + texts[start + size :]
            if failure(fewer) == rule:
                texts = fewer
            else:
                start += size
        size //= 2
    return texts


def keep(folder: Path, seed: int, texts: list[str], what: str) -> Path:
    """Writes the reduced file of a seed, with what it breaks as its first comment."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"seed-{seed}.jsonl"
    path.write_text("\n".join([f"# seed {seed}: {what}".replace("\n", " "), *reduced(texts)]) + "\n")
    return path
