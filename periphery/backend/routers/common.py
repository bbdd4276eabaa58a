"""What routers share: the errors of operations that ask the core, and rows out of the recorder's store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Header, Path, Query, Request

from periphery.backend.access import Person, Services
from periphery.backend.problems import Refusal, answers
from periphery.backend.services import Backend

CORE = answers(409, 503, 504)
"""Of an operation that asks the core."""
STORE = answers(503)
MOST = 1000

After = Annotated[int, Query(ge=0, le=2**62, description="Rows after this one.")]
Most = Annotated[int, Query(ge=1, le=MOST, description="So many at the most.")]
NameOf = Annotated[str, Query(pattern=r"^[!-~]+$", min_length=1, max_length=31)]
OrderId = Annotated[str, Path(pattern=r"^[!-.0-~]+$", min_length=1, max_length=39)]
RowId = Annotated[int, Path(ge=1, le=2**62)]
Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9._:-]+$",
        min_length=8,
        max_length=128,
        description="Of your making, a new one an order: the same key gives the same order and answer.",
    ),
]


def note(request: Request, **detail: Any) -> None:
    """More for the audit's row of this request."""
    request.scope["state"].setdefault("detail", {}).update(detail)


def kept_rows(
    backend: Backend, table: str, where: Mapping[str, Any], after: int, most: int, person: Person
) -> dict[str, Any]:
    """Rows of the recorder's store, of this person's accounts. A page ends with whole events. StoreError,
    Refusal.
    """
    given = {key: value for key, value in where.items() if value is not None}
    given["source"] = backend.config.source
    asked = _asked(given, person)
    found = backend.history(
        lambda store: [row for each in asked for row in store.read(table, each, after, most + 1)]
    )
    rows = found if len(asked) == 1 else sorted(found, key=lambda row: (row["seq"], row["n"]))[: most + 1]
    if len(rows) <= most:
        return {"rows": rows, "next_after": None}
    whole = [row for row in rows if row["seq"] != rows[-1]["seq"]] or rows[:most]
    return {"rows": whole, "next_after": whole[-1]["seq"]}


def _asked(given: dict[str, Any], person: Person) -> list[dict[str, Any]]:
    """What the store is asked: of each account of a person who hasn't all. Refusal (403)."""
    if "account" in given:
        person.need(given["account"], "query.account")
    if person.accounts is None or "account" in given:
        return [given]
    return [given | {"account": account} for account in sorted(person.accounts)]


def need_scope(person: Person, scope: str, key: str | None) -> None:
    """Refusal (403): of a scope that is wider than an account of theirs."""
    person.need(key if scope == "account" else None, "body.scope")


def need_scope_key(scope: str, key: str | None) -> None:
    """Refusal (409): a key is missing, or one too many."""
    if (scope == "all") != (key is None):
        raise Refusal(
            409,
            "bad_scope",
            "scope all has no key" if scope == "all" else f"which {scope}?",
            place="body.key",
            hint="leave key out for all, give the name for any other scope",
        )


__all__ = [
    "CORE",
    "MOST",
    "STORE",
    "After",
    "Key",
    "Most",
    "NameOf",
    "OrderId",
    "RowId",
    "Services",
    "answers",
    "kept_rows",
    "need_scope",
    "need_scope_key",
    "note",
]
