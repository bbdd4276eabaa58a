"""Costs are asked again and again: each question reads on, and tells what one that begins anew would."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from core.analytics.observer import Observer
from core.analytics.report import figures
from core.build import SCHEMA_VERSION, build_id
from core_ext.journal import JournalReader, JournalWriter
from periphery.backend import costs, observed
from periphery.backend.tasks import Tasks
from tests.integration.live_core import until
from tests.model.tca.journals import record
from tests.simulation.generate import Generator

KEYS = ("venue", "symbol")


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    observed.forget()


def recorded(folder: Path, seed: int = 0) -> Path:
    day = Generator(seed)
    day.generate(120)
    record("".join(f"{text}\n" for text in day.texts), folder)
    return folder


def anew(folder: Path) -> object:
    return figures(Observer(folder).catch_up().measure(), KEYS)


def test_each_question_reads_on_and_tells_what_the_whole_journal_says(tmp_path: Path) -> None:
    records = list(JournalReader(recorded(tmp_path / "whole")))
    grows = tmp_path / "grows"
    parts = [len(records) // 3, 2 * len(records) // 3, len(records)]
    with JournalWriter(grows, schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        begin, kept = 0, None
        for end in parts:
            for seq, body in records[begin:end]:
                assert journal.append_bytes(seq, body)
            assert costs.costs(grows, KEYS) == anew(grows)
            assert kept in (None, observed.observed(grows))
            kept, begin = observed.observed(grows), end
            assert kept.observer.events == end


def test_where_nothing_came_nothing_is_measured_anew(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "journal")
    first = observed.observed(folder).measured()
    assert observed.observed(folder).measured() is first
    orders = costs.order_costs(folder, 5, None, None)
    assert len(orders["orders"]) == 5
    assert observed.observed(folder).measured() is first


def test_another_journal_in_the_same_place_is_begun_anew(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "journal")
    before = costs.costs(folder, KEYS)
    shutil.move(folder, tmp_path / "before")
    recorded(folder, seed=5)
    assert costs.costs(folder, KEYS) == anew(folder)
    assert costs.costs(folder, KEYS) != before


def test_venues_are_told_as_a_journal_says(tmp_path: Path) -> None:
    told = costs.order_costs(recorded(tmp_path / "journal"), 1, None, None)["venues"]
    assert {row["state"] for row in told} <= {"up", "down", "halted"}
    assert len(told) >= 1


def process() -> tuple[int, int]:
    """A task: who does it, and how many events it has kept."""
    kept = observed._kept
    return os.getpid(), kept.observer.events if kept is not None else 0


def test_one_process_keeps_what_was_read_until_nobody_asks(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "journal")
    tasks = Tasks(kept_s=3600.0)
    try:
        told = tasks.run(costs.costs, folder, KEYS, kept=True)
        answers: list[object] = []
        asking = [
            threading.Thread(target=lambda: answers.append(tasks.run(process, kept=True))) for _ in range(4)
        ]
        for each in asking:
            each.start()
        for each in asking:
            each.join()
        assert told == anew(folder)
        assert len(set(answers)) == 1
        assert answers[0][1] == len(list(JournalReader(folder)))  # type: ignore[index]
        tasks._give_up()
        assert not tasks.keeps
    finally:
        tasks.close()


def test_what_is_kept_is_given_up_after_a_while() -> None:
    tasks = Tasks(kept_s=0.05)
    try:
        assert tasks.run(os.getpid, kept=True) != os.getpid()
        until(lambda: not tasks.keeps, "the process is given up", 60.0)
    finally:
        tasks.close()
