"""Versions that never change, stages, the audit."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from periphery.ml.registry import BadRegistry, Registry
from tests.unit.periphery.ml.made import trained


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Three versions of `move`."""
    kept = Registry(tmp_path / "models.db", make=True)
    manifest, blob = trained()
    for _ in range(3):
        kept.add(manifest, blob, "anna")
    return kept


def stages(registry: Registry) -> dict[int, str]:
    return {row["version"]: row["stage"] for row in registry.versions("move")}


def test_what_was_added_comes_back(registry: Registry) -> None:
    manifest, blob = trained()
    found = registry.get("move", 2)
    assert (found.manifest, found.artefact, found.stage, found.by) == (manifest, blob, "shadow", "anna")
    assert found.model().dump() == blob


def test_the_champion_before_is_challenger_and_comes_back_by_rollback(registry: Registry) -> None:
    registry.move("move", 1, "champion", "anna", "first")
    registry.move("move", 3, "champion", "ben", "better")
    assert stages(registry) == {1: "challenger", 2: "shadow", 3: "champion"}
    registry.rollback("move", "anna", "worse")
    assert stages(registry) == {1: "champion", 2: "shadow", 3: "retired"}
    with pytest.raises(BadRegistry, match="no champion before"):
        registry.rollback("move", "anna")
    assert stages(registry) == {1: "champion", 2: "shadow", 3: "retired"}
    told = [(row["version"], row["was"], row["now"], row["by"], row["why"]) for row in registry.audit("move")]
    assert told[3:] == [
        (1, "shadow", "champion", "anna", "first"),
        (1, "champion", "challenger", "ben", "better"),
        (3, "shadow", "champion", "ben", "better"),
        (3, "champion", "retired", "anna", "worse"),
        (1, "challenger", "champion", "anna", "worse"),
    ]


def test_rollback_goes_back_step_by_step(registry: Registry) -> None:
    for version in (1, 2, 3):
        registry.move("move", version, "champion", "anna")
    registry.rollback("move", "anna")
    registry.rollback("move", "anna")
    assert stages(registry) == {1: "champion", 2: "retired", 3: "retired"}


def test_a_stage_that_is_there_already_is_no_move(registry: Registry) -> None:
    count = len(registry.audit())
    assert registry.move("move", 1, "shadow", "anna") == []
    assert len(registry.audit()) == count


def test_the_database_itself_refuses_to_change_what_was(registry: Registry) -> None:
    with sqlite3.connect(registry.path) as db:
        for words in ("UPDATE versions SET artefact = x'00'", "DELETE FROM versions", "DELETE FROM audit",
                      "UPDATE audit SET by = 'nobody'"):  # fmt: skip
            with pytest.raises(sqlite3.IntegrityError, match="never"):
                db.execute(words)
        with pytest.raises(sqlite3.IntegrityError):
            db.execute("UPDATE stages SET stage = 'champion'")
    db.close()


def test_a_damaged_version_is_named(registry: Registry) -> None:
    with sqlite3.connect(registry.path) as db:
        db.execute("DROP TRIGGER versions_stay")
        db.execute("UPDATE versions SET artefact = x'00' WHERE version = 2")
    db.close()
    with pytest.raises(BadRegistry, match=r"version 2 .* damaged"):
        registry.get("move", 2)


def test_what_isn_t_there_is_named(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(BadRegistry, match="no version 9"):
        registry.get("move", 9)
    with pytest.raises(BadRegistry, match="no version 9"):
        registry.move("move", 9, "champion", "anna")
    with pytest.raises(BadRegistry, match="nacre ml train"):
        Registry(tmp_path / "nothing.db")
    (tmp_path / "text.db").write_text("no database at all, but long enough to be read as one" * 20)
    with pytest.raises(BadRegistry, match=r"text\.db"):
        Registry(tmp_path / "text.db").versions()


def test_versions_added_at_once_are_all_kept(registry: Registry) -> None:
    manifest, blob = trained()
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda n: registry.add(manifest, blob, f"by{n}"), range(8)))
    assert sorted(found) == list(range(4, 12))
