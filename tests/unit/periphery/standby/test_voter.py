"""Votes: one holder at a time, epochs that only grow, nothing forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from periphery.standby import voter as voters
from periphery.standby.voter import Voter


class Clock:
    now_ns = 10**9

    def __call__(self) -> int:
        return self.now_ns

    def sleep(self, seconds: float) -> None:
        self.now_ns += int(seconds * 1e9)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    made = Clock()
    monkeypatch.setattr(voters, "boottime", made)
    return made


@pytest.fixture
def voter(tmp_path: Path, clock: Clock) -> Voter:
    return Voter(tmp_path / "vote")


def test_a_vote_is_one_holders_until_its_time_is_over(voter: Voter, clock: Clock) -> None:
    assert voter.ask(1, "one", 3).granted
    refused = voter.ask(2, "two", 3)
    assert (refused.granted, refused.epoch, refused.holder) == (False, 1, "one")
    assert "one holds epoch 1 for another 3.0 s" in refused.why
    clock.sleep(2)
    assert voter.ask(1, "one", 3).granted
    clock.sleep(2.9)
    assert not voter.ask(2, "two", 3).granted
    clock.sleep(0.2)
    assert voter.ask(2, "two", 3).granted


def test_an_epoch_is_never_given_twice_nor_an_older_one(voter: Voter, clock: Clock) -> None:
    voter.ask(5, "one", 1)
    clock.sleep(9)
    assert not voter.ask(5, "two", 1).granted
    assert not voter.ask(4, "one", 1).granted
    assert voter.ask(6, "two", 1).granted
    assert voter.ask(5, "one", 1).why == "epoch 6 of two is in force"


def test_who_gives_it_back_frees_it_at_once(voter: Voter) -> None:
    voter.ask(1, "one", 60)
    assert not voter.release(1, "two").granted
    assert voter.release(1, "one").granted
    assert voter.ask(2, "two", 3).granted


def test_asking_at_epoch_0_only_tells(voter: Voter) -> None:
    voter.ask(3, "one", 60)
    told = voter.release(0, "two")
    assert (told.granted, told.epoch, told.holder) == (False, 3, "one")
    assert not voter.ask(4, "two", 1).granted


def test_one_that_comes_back_remembers_and_waits_for_a_lease(
    voter: Voter, tmp_path: Path, clock: Clock
) -> None:
    voter.ask(2, "one", 3)
    again = Voter(tmp_path / "vote")
    assert not again.ask(3, "two", 3).granted
    assert not again.ask(2, "two", 3).granted
    assert again.ask(2, "one", 3).granted
    clock.sleep(3.1)
    assert again.ask(3, "two", 3).granted


@pytest.mark.parametrize("lease_s", [-1.0, 61.0])
def test_leases_have_bounds(voter: Voter, lease_s: float) -> None:
    assert not voter.ask(1, "one", lease_s).granted


def test_a_file_that_is_damaged_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vote").write_text("{")
    with pytest.raises(ValueError, match="could vote twice"):
        Voter(tmp_path / "vote")
