"""The bundle, and whether it is of the sources beside it: a digest over them is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATIC = HERE / "static"
DIGEST = STATIC / "sources.sha256"
BUILT_OF = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src")


def sources(folder: Path = HERE) -> Iterator[Path]:
    """The files that the bundle is built of, in the order of their paths."""
    for name in BUILT_OF:
        path = folder / name
        yield from sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def digest(folder: Path = HERE) -> str:
    """Over each source's path and bytes, as vite.config.ts computes it."""
    found = hashlib.sha256()
    for path in sorted(sources(folder), key=lambda each: each.relative_to(folder).as_posix()):
        found.update(path.relative_to(folder).as_posix().encode() + b"\0")
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()
