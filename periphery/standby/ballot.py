"""Votes over ZeroMQ: a thread that gives this host's vote, and who asks all of them for a lease."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence

import msgspec

from core_ext.fence import boottime
from periphery.standby.secret import Secret
from periphery.standby.transport import Transport, dial, listen
from periphery.standby.voter import Answer, Voter

WAIT_MS = 50
ANSWER_S = 0.5
HEAR_MS = 5
OWN = "this host"
_S = 1_000_000_000


class Asked(msgspec.Struct, array_like=True, frozen=True):
    """lease_s 0: the vote is given back. number: the answer repeats it, so that an old one is known."""

    number: int
    epoch: int
    holder: str
    lease_s: float


class Told(msgspec.Struct, array_like=True, frozen=True):
    number: int
    answer: Answer


class VoteServer:
    """Gives this host's vote to who asks over the network, in a thread of its own."""

    def __init__(self, voter: Voter, address: str, secret: Secret) -> None:
        self.voter = voter
        self.asked = 0
        self._line: Transport = listen(address, secret)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="votes", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            raw = self._line.receive(WAIT_MS)
            if raw is not None:
                self._answer(raw)
        self._line.close()

    def _answer(self, raw: bytes) -> None:
        try:
            asked = msgspec.msgpack.decode(raw, type=Asked)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        self.asked += 1
        self._line.send(msgspec.msgpack.encode(Told(asked.number, vote(self.voter, asked))))

    def close(self) -> None:
        self._stopped.set()
        self._thread.join()


def vote(voter: Voter, asked: Asked) -> Answer:
    """That voter's answer."""
    if asked.lease_s:
        return voter.ask(asked.epoch, asked.holder, asked.lease_s)
    return voter.release(asked.epoch, asked.holder)


class Ballot:
    """Asks this host's vote and those of others; used by one thread."""

    def __init__(self, own: Voter, others: Sequence[str], secret: Secret) -> None:
        if any(not each.startswith("tcp://") for each in others):
            raise ValueError(f"voters {', '.join(others)}: votes go over ZeroMQ: give tcp://HOST:PORT")
        self.own = own
        self.addresses = list(others)
        self._lines = [dial(address, "", secret) for address in others]
        self.answers: dict[str, Answer] = {}

    @property
    def majority(self) -> int:
        return (len(self._lines) + 1) // 2 + 1

    def ask(self, epoch: int, holder: str, lease_s: float) -> int:
        """How many votes were given; it waits until that is decided, or a while for who doesn't answer.

        This host's own comes last, and only where it decides: a host that can't win keeps nobody else from
        it.
        """
        asked = Asked(secrets.randbits(63), epoch, holder, lease_s)
        self.answers = {}
        for line in self._lines:
            line.send(msgspec.msgpack.encode(asked))
        until = time.monotonic() + ANSWER_S
        while time.monotonic() < until and not self._decided():
            for address, line in zip(self.addresses, self._lines, strict=True):
                self._hear(address, line, asked.number)
        if not lease_s or self._given() + 1 >= self.majority:
            self.answers[OWN] = vote(self.own, asked)
        return self._given()

    def _given(self) -> int:
        return sum(answer.granted for answer in self.answers.values())

    def _decided(self) -> bool:
        """Whether it is known how it ends, this host's own vote aside."""
        given = self._given() + 1
        return given >= self.majority or given + len(self._lines) - len(self.answers) < self.majority

    def _hear(self, address: str, line: Transport, number: int) -> None:
        while (raw := line.receive(HEAR_MS)) is not None:
            try:
                told = msgspec.msgpack.decode(raw, type=Told)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            if told.number == number:
                self.answers[address] = told.answer
                return

    def newest(self) -> tuple[int, str]:
        """The highest epoch that any voter spoke of, and whose it is."""
        return max([self.own.given(), *((answer.epoch, answer.holder) for answer in self.answers.values())])

    def why_not(self) -> str:
        """What those who refused said, and who didn't answer."""
        silent = [address for address in self.addresses if address not in self.answers]
        said = sorted({answer.why for answer in self.answers.values() if answer.why})
        said += [f"no answer from {', '.join(silent)}"] * bool(silent)
        return "; ".join(said)

    def close(self) -> None:
        for line in self._lines:
            line.close()


class Lease:
    """The majority's word that this host may trade, renewed by a thread while `well` says so.

    hold(epoch, until_ns) is called with each renewal, and with until_ns 0 at the end.
    """

    def __init__(self, ballot: Ballot, holder: str, lease_s: float) -> None:
        self.ballot = ballot
        self.holder = holder
        self.lease_s = lease_s
        self.epoch = 0
        self.until_ns = 0
        self.lost = ""
        self.well: Callable[[], bool] = lambda: True
        self.hold: Callable[[int, int], None] = lambda _epoch, _until_ns: None
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def held(self) -> bool:
        return boottime() < self.until_ns

    def campaign(self) -> bool:
        """Tries to win it, at an epoch of its own."""
        self.last_holder()
        return self._try(self.ballot.newest()[0] + 1)

    def last_holder(self) -> str:
        """Who has the highest epoch that any voter speaks of; "": nobody ever had one."""
        self.ballot.ask(0, self.holder, 0.0)  # nobody has epoch 0: it only tells which there are
        return self.ballot.newest()[1]

    def _try(self, epoch: int) -> bool:
        asked_ns = boottime()  # the voters count from later on: theirs ends after ours
        if self.ballot.ask(epoch, self.holder, self.lease_s) < self.ballot.majority:
            return False
        self.epoch, self.until_ns = epoch, asked_ns + int(self.lease_s * 0.9 * _S)
        self.hold(self.epoch, self.until_ns)
        return True

    def keep(self) -> None:
        """Renews it from now on, until `give_back` or until another host has it."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._stopped.wait(self.lease_s / 8):
            if self.well():
                self._try(self.epoch)
            epoch, holder = self.ballot.newest()
            if not self.held and epoch > self.epoch:
                self.lost = f"epoch {epoch} of {holder} is in force"
                return

    def give_back(self) -> None:
        """Nothing is sent any more, and the next may have it at once."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self.hold(self.epoch, 0)
        self.until_ns = 0
        self.ballot.ask(self.epoch, self.holder, 0.0)

    def close(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
        self.ballot.close()
