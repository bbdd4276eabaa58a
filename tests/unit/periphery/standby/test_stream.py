"""The journal's stream over a line that loses, doubles and reorders: everything arrives once, in order."""

from __future__ import annotations

import random
from collections import deque
from pathlib import Path

import pytest

from core.errors import Nondeterminism
from core.recovery import replay
from core_ext.journal import JournalReader
from periphery.standby import receiver as receivers, sender as senders
from periphery.standby.receiver import Receiver
from periphery.standby.sender import Sender
from periphery.standby.wire import Records, decode, encode
from tests.unit.periphery.days import day, journaled, market, walks

SEGMENT = 1 << 20
TURNS = 4000


class End:
    """One end of a line in memory."""

    def __init__(self, out: deque[bytes], came: deque[bytes], rng: random.Random, bad: float) -> None:
        self.out, self.came, self.rng, self.bad = out, came, rng, bad
        self.refused = 0

    def send(self, message: bytes) -> bool:
        chance = self.rng.random()
        if chance < self.bad:  # lost, though it was taken
            return True
        self.out.append(message)
        if chance < 2 * self.bad:
            self.out.append(message)
        elif chance < 3 * self.bad and len(self.out) > 1:
            self.out[-1], self.out[-2] = self.out[-2], self.out[-1]
        return chance < 0.95

    def receive(self, wait_ms: int) -> bytes | None:
        return self.came.popleft() if self.came else None

    def restart(self) -> None: ...

    def close(self) -> None: ...


def line(seed: int, bad: float) -> tuple[End, End]:
    there, back, rng = deque[bytes](), deque[bytes](), random.Random(seed)
    return End(there, back, rng, bad), End(back, there, rng, bad)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    orders = {i: [market("AA", "buy", 10 + i), market("BB", "sell", 5)] for i in range(0, 60, 3)}
    day(tmp_path / "one", walks(60, 5), orders)
    return tmp_path / "one"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between what is said: a turn is a turn."""
    for module, names in ((senders, ("AGAIN_S", "GAP_S", "HEAD_S")), (receivers, ("HELLO_S", "KEPT_S"))):
        for name in names:
            monkeypatch.setattr(module, name, 0.0)
    monkeypatch.setattr(senders, "BATCH_RECORDS", 7)


def made(end: End, place: Path) -> Receiver:
    return Receiver(end, place, "two", "async", SEGMENT)


def turn(sender: Sender, receiver: Receiver, last: int) -> None:
    for _ in range(TURNS):
        sender.turn(0)
        receiver.turn(0)
        if receiver.replayed == last and sender.all_kept():
            return
    raise AssertionError(f"{receiver.status()} {sender.status()}")


@pytest.mark.parametrize(("seed", "bad"), [(1, 0.0), (2, 0.05), (3, 0.2), (4, 0.3)])
def test_everything_arrives_once_whatever_the_line_does(
    journal: Path, tmp_path: Path, seed: int, bad: float
) -> None:
    one, two = line(seed, bad)
    told = replay(journal)
    sender, receiver = Sender(one, journal, "one"), made(two, tmp_path / "two")
    turn(sender, receiver, told["events"])
    assert receiver.state_hash() == told["state_hash"]
    assert (receiver.primary, receiver.is_whole()) == ("one", True)
    if bad:
        assert sender.counts["again"] > 0
        assert receiver.counts["gaps"] + receiver.counts["doubled"] > 0
    receiver.close()
    assert list(JournalReader(tmp_path / "two")) == list(JournalReader(journal))


def test_a_standby_that_comes_back_goes_on_with_what_it_had(journal: Path, tmp_path: Path) -> None:
    told = replay(journal)
    for seed in range(4):
        one, two = line(seed, 0.1)
        sender, receiver = Sender(one, journal, "one"), made(two, tmp_path / "two")
        had = receiver.replayed
        for _ in range(40):
            sender.turn(0)
            receiver.turn(0)
        assert receiver.replayed >= had
        receiver.close()
    one, two = line(9, 0.1)
    sender, receiver = Sender(one, journal, "one"), made(two, tmp_path / "two")
    turn(sender, receiver, told["events"])
    assert receiver.state_hash() == told["state_hash"]
    assert sender.counts["records"] < told["events"], "what it had isn't sent again"
    receiver.close()


def test_a_journal_that_went_on_by_itself_is_refused(journal: Path, tmp_path: Path) -> None:
    other = tmp_path / "two"
    day(other, walks(60, 6), {})
    one, two = line(1, 0.0)
    sender, receiver = Sender(one, journal, "one"), made(two, other)
    for _ in range(20):
        sender.turn(0)
        receiver.turn(0)
    assert "another event" in receiver.refusal
    assert "empty journal" in receiver.refusal
    receiver.close()


def test_another_build_is_refused(journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = line(1, 0.0)
    sender, receiver = Sender(one, journal, "one"), made(two, tmp_path / "two")
    monkeypatch.setattr(receivers, "build_id", lambda: b"another")
    for _ in range(20):
        receiver.turn(0)
        sender.turn(0)
    assert "another build" in receiver.refusal
    receiver.close()


def test_what_the_engines_would_not_derive_stops_the_standby(journal: Path, tmp_path: Path) -> None:
    """A record that differs from what its engines say is found by name, not followed."""
    one, two = line(1, 0.0)
    sender, receiver = Sender(one, journal, "one"), made(two, tmp_path / "two")
    sends = one.send

    def changed(message: bytes) -> bool:
        found = decode(message)
        if isinstance(found, Records):
            bodies = [body[:-1] + bytes([body[-1] ^ 1]) if body[50] & 1 else body for body in found.bodies]
            message = encode(Records(found.line, found.first, bodies))
        return sends(message)

    one.send = changed  # type: ignore[method-assign]
    with pytest.raises(Nondeterminism):
        turn(sender, receiver, 1 << 30)
    receiver.close()


def test_a_journal_that_grows_is_followed(tmp_path: Path) -> None:
    one, two = line(1, 0.1)
    place = tmp_path / "one"
    with journaled(place) as run:
        from tests.unit.periphery.days import DECLARED

        run.feed(*DECLARED)
        sender, receiver = Sender(one, place, "one"), made(two, tmp_path / "two")
        for i, row in enumerate(walks(20, 7)):
            run.quotes(row, (i + 1) * 10**9)
            turn(sender, receiver, run.recorded.core.sequencer.seq)
        assert receiver.state_hash() == run.recorded.core.state_hash()
        assert receiver.status()["behind_ms"] == 0.0
    receiver.close()
