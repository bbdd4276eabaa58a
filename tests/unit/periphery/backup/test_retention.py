"""What of old goes by age and size, and what never does."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from periphery.backup import manifest
from periphery.backup.retention import DAY_NS, backups, prune, prune_journals
from periphery.backup.take import Places, take, verify
from tests.support import declared
from tests.unit.periphery.recorder.day import live, recorded, traded, writer

LATER = 400 * DAY_NS


@pytest.fixture
def grown(tmp_path: Path) -> list[Path]:
    """Three backups of a journal that grows, all verified."""
    made = []
    with writer(tmp_path / "journal") as journal:
        run = declared(journal=journal)
        for more in (live, traded, lambda _: None):
            more(run)
            made.append(take(tmp_path / "backups", Places(tmp_path / "journal")))
            assert verify(made[-1]) == []
    return made


def _after(made: Path, days: float) -> int:
    return manifest.read(made).made_ns + int(days * DAY_NS)


def test_old_ones_go_by_age(tmp_path: Path, grown: list[Path]) -> None:
    now = _after(grown[-1], 400)
    assert [each.gone for each in prune(tmp_path / "backups", now, 500, None)] == [False] * 3
    assert [each.gone for each in prune(tmp_path / "backups", now, 30, None, dry_run=True)] == [
        True,
        True,
        False,
    ]
    assert len(backups(tmp_path / "backups")) == 3
    prune(tmp_path / "backups", now, 30, None)
    assert [folder for folder, _ in backups(tmp_path / "backups")] == grown[-1:]


def test_the_oldest_go_by_size(tmp_path: Path, grown: list[Path]) -> None:
    sizes = [manifest.read(each).size for each in grown]
    now = _after(grown[-1], 0)
    kept = prune(tmp_path / "backups", now, None, sum(sizes) - 1)
    assert [each.gone for each in kept] == [True, False, False]
    assert [each.gone for each in prune(tmp_path / "backups", now, None, 0)] == [True, False]


def test_what_no_verified_one_covers_stays(tmp_path: Path, grown: list[Path]) -> None:
    now = _after(grown[-1], 400)
    for each in grown[1:]:
        (each / manifest.VERIFIED).unlink()
    kept = prune(tmp_path / "backups", now, 0, 0)
    assert [(each.gone, each.why) for each in kept] == [
        (False, "no newer verified backup has what is in it")
    ] * 3


def test_a_journal_that_another_backup_does_not_go_on_with_stays(tmp_path: Path, grown: list[Path]) -> None:
    shutil.rmtree(tmp_path / "journal")
    run = declared()
    with writer(tmp_path / "journal") as journal:
        run = declared(journal=journal)
        run.feed({"type": "kill", "scope": "all", "by": "bob"})
        live(run)
        traded(run)
    last = take(tmp_path / "backups", Places(tmp_path / "journal"))
    assert verify(last) == []
    kept = prune(tmp_path / "backups", _after(last, 400), 30, None)
    assert [each.gone for each in kept] == [True, True, False, False]


def test_a_store_that_the_newer_one_lacks_keeps_the_older(tmp_path: Path) -> None:
    from tests.unit.periphery.backup.test_backup import kept as everything

    places = everything(tmp_path)
    verify(take(tmp_path / "backups", places))
    last = take(tmp_path / "backups", Places(places.journal))
    verify(last)
    assert [each.gone for each in prune(tmp_path / "backups", _after(last, 400), 30, None)] == [False, False]


def test_finished_journals_go_once_a_verified_backup_has_them(tmp_path: Path) -> None:
    folder, into = tmp_path / "journals", tmp_path / "backups"
    for name in ("monday", "tuesday"):
        recorded(folder / name)
    now = int(max(path.stat().st_mtime_ns for path in folder.rglob("*.nacre"))) + 10 * DAY_NS
    assert [each.why for each in prune_journals(folder, into, now, 30)] == ["is young"] * 2
    assert [each.why for each in prune_journals(folder, into, now, 3)] == [
        "no verified backup has all of it"
    ] * 2
    made = take(into, Places(folder / "monday"))
    assert [each.gone for each in prune_journals(folder, into, now, 3)] == [False, False]
    verify(made)
    # both days are the same records: one copy covers both
    assert [each.gone for each in prune_journals(folder, into, now, 3)] == [True, True]
    assert list(folder.iterdir()) == []


def test_a_journal_that_a_core_writes_stays(tmp_path: Path) -> None:
    folder, into = tmp_path / "journals", tmp_path / "backups"
    with writer(folder / "today") as journal:
        live(declared(journal=journal))
        verify(take(into, Places(folder / "today")))
        os.utime(next((folder / "today").glob("*.nacre")), (0, 0))
        (kept,) = prune_journals(folder, into, LATER, 3)
        assert (kept.gone, kept.why) == (False, "a core writes it")
    (kept,) = prune_journals(folder, into, 2_000_000_000 * 10**9, 3)
    assert kept.gone


def test_one_with_more_than_the_backup_has_stays(tmp_path: Path) -> None:
    folder, into = tmp_path / "journals", tmp_path / "backups"
    with writer(folder / "day") as journal:
        run = declared(journal=journal)
        live(run)
        verify(take(into, Places(folder / "day")))
        traded(run)
    (kept,) = prune_journals(folder, into, 2_000_000_000 * 10**9, 3)
    assert (kept.gone, kept.why) == (False, "no verified backup has all of it")
