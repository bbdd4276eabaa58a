"""Ids of earlier journals: by account, denied requests' too; what the core made itself doesn't count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from click.testing import CliRunner

from core.build import SCHEMA_VERSION, build_id
from core.cli import root
from core.recovery import repeats
from core_ext.journal import JournalWriter
from tests.support import declared, order, quote


def cancel(orig: str, cl_ord_id: str) -> dict[str, Any]:
    return {"type": "cancel", "orig_cl_ord_id": orig, "cl_ord_id": cl_ord_id}


def day(path: Path, *lines: dict[str, Any]) -> Path:
    with JournalWriter(path, schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        declared(journal=journal).feed(
            {"type": "account", "account": "B2", "currency": "USD", "cash": "1000000"},
            quote(),
            quote("MANU"),
            *lines,
        )
    return path


def rests(cl_ord_id: str, **more: Any) -> dict[str, Any]:
    return order(cl_ord_id, ord_type="limit", price="99.00", venue="MANU", **more)


def test_an_id_comes_again_by_account(tmp_path: Path) -> None:
    """As an order, as a request, one that was denied; another account's is its own."""
    monday = day(
        tmp_path / "monday",
        rests("a"),
        cancel("a", "b"),
        rests("c", symbol="NONE"),
        rests("d"),
        rests("e", account="B2"),
    )
    tuesday = day(
        tmp_path / "tuesday", rests("b"), rests("c"), rests("d", account="B2"), rests("f"), rests("e")
    )
    found = repeats(tuesday, [monday])
    assert [(row["cl_ord_id"], row["request"], row["was"]) for row in found["repeats"]] == [
        ("b", "order", "cancel"),
        ("c", "order", "order"),
    ]
    assert (found["ids"], found["ok"]) == (5, False)
    assert repeats(monday, [tuesday])["repeats"][0]["cl_ord_id"] == "b"


def test_within_one_journal_an_id_counts_once(tmp_path: Path) -> None:
    """The core denies it there."""
    monday = day(tmp_path / "monday", rests("a"), rests("a"))
    tuesday = day(tmp_path / "tuesday", rests("a"), rests("a", account="B2"))
    assert len(repeats(tuesday, [monday])["repeats"]) == 1


def test_what_the_core_made_is_no_clients(tmp_path: Path) -> None:
    """Each day's first kill may close positions under the same names."""
    flat = {"type": "kill", "scope": "all", "by": "anna", "flatten": True}
    held = {"type": "open_position", "account": "B2", "symbol": "AAPL", "qty": "5", "avg_cost": "1"}
    found = repeats(day(tmp_path / "tuesday", held, flat), [day(tmp_path / "monday", held, flat)])
    assert (found["ids"], found["ok"]) == (0, True)


def test_the_command_exits_by_it(tmp_path: Path) -> None:
    monday = day(tmp_path / "monday", rests("a"))
    tuesday = day(tmp_path / "tuesday", rests("a"))
    wednesday = day(tmp_path / "wednesday", rests("b"))
    for path, code in ((tuesday, 1), (wednesday, 0)):
        done = CliRunner().invoke(root, ["journal", "repeats", str(path), str(monday)])
        assert done.exit_code == code, done.output
