"""The audit is found by who, what, when, from where; the newest first, page after page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from periphery.backend.audit import Audit
from periphery.backend.audit_search import search
from periphery.backend.database import Database

ROWS = (
    ("anna", "10.0.0.1", "POST", "/orders", 201, {"symbol": "EURUSD"}),
    ("bert", "10.0.0.2", "POST", "/limits", 202, {"why": "a 100 % test"}),
    ("anna", "10.0.0.1", "POST", "/kill", 200, {"scope": "all"}),
    ("vera", "10.0.0.3", "POST", "/orders", 403, {}),
)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path)
    audit = Audit(found, lambda *_args, **_more: None)
    for who, address, action, path, status, detail in ROWS:
        audit.add(who, "password", address, action, path, status, detail)
    yield found
    found.close()


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [4, 3, 2, 1]),
        ({"who": "anna"}, [3, 1]),
        ({"path": "/orders"}, [4, 1]),
        ({"path": "/orders", "refused": False}, [1]),
        ({"refused": True}, [4]),
        ({"address": "10.0.0.2"}, [2]),
        ({"text": "100 %"}, [2]),
        ({"text": "%"}, [2]),
        ({"action": "POST", "who": None}, [4, 3, 2, 1]),
        ({"since_ns": 2**62}, []),
        ({"until_ns": 2**62}, [4, 3, 2, 1]),
        ({"who": "' OR 1=1 --"}, []),
    ],
)
def test_rows_are_all_of_what_is_wanted(db: Database, wanted: dict[str, Any], expected: list[int]) -> None:
    assert [row["n"] for row in search(db, wanted, None, 10)] == expected


def test_a_page_follows_the_one_before(db: Database) -> None:
    first = search(db, {}, None, 2)
    second = search(db, {}, first[-1]["n"], 2)
    assert [row["n"] for row in (*first, *second)] == [4, 3, 2, 1]
    assert second[-1]["detail"] == {"symbol": "EURUSD"}
