"""The processes of `nacre standby`, between one role and the next."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from periphery.standby import run, secret as secrets
from periphery.standby.settings import Settings


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Those of the test's own process, after it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Won:
    """A standby that may take over at once."""

    def __init__(self, *_: Any) -> None:
        self.stopping = False
        self.lease = SimpleNamespace(keep=lambda: None, epoch=2)
        self.receiver = SimpleNamespace(head=10, kept=10)

    def stop(self) -> None:
        self.stopping = True

    def run(self) -> bool:
        return True


class Runs:
    """A primary that notes whether it was stopped before it began."""

    last: Runs

    def __init__(self, *_: Any) -> None:
        self.stopping = False
        self.began_stopping: bool | None = None
        Runs.last = self

    def stop(self) -> None:
        self.stopping = True

    def run(self) -> None:
        self.began_stopping = self.stopping


@pytest.mark.parametrize("told", [True, False])
def test_a_signal_while_the_core_starts_is_not_lost(
    told: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(_: Settings) -> SimpleNamespace:
        if told:
            # To this thread: another one of the tests' may not hold it back.
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        return SimpleNamespace(pid=1)

    monkeypatch.setattr(run, "Standby", Won)
    monkeypatch.setattr(run, "Primary", Runs)
    monkeypatch.setattr(run, "start_core", start)
    monkeypatch.setattr(run, "VoteServer", lambda *_: SimpleNamespace(close=lambda: None))
    secrets.make(tmp_path / "pair.secret")
    settings = Settings("two", tmp_path / "core.sock", tmp_path / "J", tmp_path / "pair.secret")
    run.follow(settings, lambda _: None)
    assert Runs.last.began_stopping is told


def test_a_core_is_not_left_behind_by_who_can_t_be_its_primary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def refused(*_: Any) -> None:
        raise OSError("the address is taken")

    core = SimpleNamespace(
        pid=1, terminate=lambda: done.append("told to end"), wait=lambda: done.append("ended")
    )
    monkeypatch.setattr(run, "Standby", Won)
    monkeypatch.setattr(run, "Primary", refused)
    monkeypatch.setattr(run, "start_core", lambda _: core)
    monkeypatch.setattr(run, "VoteServer", lambda *_: SimpleNamespace(close=lambda: None))
    secrets.make(tmp_path / "pair.secret")
    settings = Settings("two", tmp_path / "core.sock", tmp_path / "J", tmp_path / "pair.secret")
    with pytest.raises(OSError, match="taken"):
        run.follow(settings, lambda _: None)
    assert done == ["told to end", "ended"]
