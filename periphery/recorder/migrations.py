"""The steps that bring a store's tables to this version's form: plain SQL, numbered, each taken once.

They expand first, and contract later: a step adds (tables, columns that may be empty, views), so that the
version before goes on with the store, and one can go back to it. What takes something away is a step of its
own, whose name ends with `_contract`, in a version that nobody goes back beyond: older ones refuse the store.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import resources

from periphery.recorder.store import StoreError

CONTRACT = "_contract"
TABLE = "migrations"
"""Where a store keeps the names of the steps that it has taken."""


def steps(dialect: str) -> dict[str, str]:
    """The SQL of each step by its name, in order."""
    folder = resources.files("periphery.recorder") / "sql" / dialect
    return {
        file.name.removesuffix(".sql"): file.read_text()
        for file in sorted(folder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".sql")
    }


def lacking(dialect: str, taken: Iterable[str], address: str) -> dict[str, str]:
    """The steps that are still to be taken. StoreError: the store is of a version that took something
    away.
    """
    known = steps(dialect)
    done = set(taken)
    newer = sorted(name for name in done - known.keys() if name.endswith(CONTRACT))
    if newer:
        raise StoreError(
            f"{address}: was migrated by a newer nacre (step {newer[0]}): use that version, or another store"
        )
    return {name: sql for name, sql in known.items() if name not in done}
