"""Which store an address names."""

from __future__ import annotations

from pathlib import Path

from periphery.recorder.store import Store, StoreError

FORMS = "sqlite:///FILE or postgresql://USER@HOST/NAME"


def open_store(address: str, make: bool = True) -> Store:
    """The store at an address. StoreError: there is no such kind. StoreDown: it doesn't answer, or
    is a file that isn't there and isn't to be made.
    """
    if address.startswith("sqlite:///"):
        from periphery.recorder.sqlite import SqliteStore

        return SqliteStore(Path(address.removeprefix("sqlite:///")), make)
    if address.startswith(("postgresql://", "postgres://")):
        try:
            from periphery.recorder.postgres import PostgresStore
        except ModuleNotFoundError as error:
            raise StoreError(f"{error}: PostgreSQL needs psycopg: install nacre[periphery]") from error
        return PostgresStore(address)
    raise StoreError(f"store {address!r}: give {FORMS}")
