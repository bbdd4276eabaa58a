"""The host that trades: holds the lease, streams the journal, hands over in order when it is asked to.

core (fenced) ──► journal ──► sender ──► standby
     ▲ fence: sends go out while the lease is held     lease ──► votes: of this host, the standby, a witness
"""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable
from typing import Any

from core.live.ask import NoCore, ask
from core.live.fencing import open_fence
from core.live.places import beside
from core_ext.fence import boottime
from core_ext.held_lock import is_locked
from periphery.standby.ballot import Ballot, Lease
from periphery.standby.control import Control
from periphery.standby.core_watch import CoreWatch
from periphery.standby.secret import Secret
from periphery.standby.sender import Sender
from periphery.standby.settings import Settings
from periphery.standby.transport import listen
from periphery.standby.voter import Voter

TURN_MS = 2
CAMPAIGN_S = 0.5
TELL_S = 1.0
"""How long the last words are repeated: they may be lost on their way."""
HAND_OVER_S = 60.0


class Fenced(RuntimeError):
    """This host may not trade any more: another one may; the message says who."""


class Primary:
    """Run it beside a core that is `fenced`. process: the core, where this process started it."""

    def __init__(
        self,
        settings: Settings,
        secret: Secret,
        voter: Voter,
        say: Callable[[str], None],
        lease: Lease | None = None,
        process: subprocess.Popen[str] | None = None,
    ) -> None:
        self.settings = settings
        self.process = process
        self.say = say
        self.fence = open_fence(settings.socket)
        self.lease = lease or Lease(Ballot(voter, settings.voters, secret), settings.name, settings.lease_s)
        self.lease.hold = self.fence.hold
        self.watch = CoreWatch(settings.socket, -math.inf if process is None else time.monotonic())
        self.lease.well = lambda: self.watch.well
        self.sender = Sender(listen(settings.listen, secret), settings.journal, settings.name)
        self.control = Control(settings.socket, self._answer)
        self.stopping = False
        self._said_s = 0.0

    def stop(self) -> None:
        self.stopping = True

    def run(self) -> None:
        """Until it is stopped, or has handed over. Fenced: another host may trade."""
        try:
            self._win()
            while not self.stopping:
                self._turn()
                if self.lease.lost:
                    raise Fenced(self.lease.lost)
                if self.sender.hand_over is not None:
                    self._hand_over(self.sender.hand_over)
                    return
                if self.process is not None and self.process.poll() is not None:
                    raise Fenced(f"the core ended with {self.process.returncode}: it gives up its place")
        except Fenced:
            self.fence.close()
            self._stop_core()
            raise
        finally:
            self._close()

    def _win(self) -> None:
        """The lease, as soon as its votes are there."""
        next_s = 0.0
        while not self.stopping and not self.lease.held:
            if time.monotonic() > next_s and self.watch.well:
                self._campaign()
                next_s = time.monotonic() + CAMPAIGN_S
            self._turn()
        self.lease.keep()

    def _campaign(self) -> None:
        last = self.lease.last_holder()
        if last not in ("", self.settings.name) and not self.settings.take_over:
            raise Fenced(
                f"{last} was the last to trade, and its journal may have more: start this host with `nacre "
                "standby run`, or with --take-over where nothing is to be had from there any more"
            )
        if not self.lease.campaign():
            self._tell_why(self.lease.ballot.why_not())

    def _tell_why(self, why: str) -> None:
        if time.monotonic() - self._said_s > TELL_S * 5:
            self._said_s = time.monotonic()
            self.say(f"no lease yet, so the core sends nothing: {why}")

    def _turn(self) -> None:
        self.sender.epoch, self.sender.well = self.lease.epoch, self.watch.well
        self.sender.turn(TURN_MS)
        self.control.serve()

    def _hand_over(self, by: str) -> None:
        """The core ends in order; all that it recorded goes out; then the lease is given back, and that is
        said.
        """
        self.say(f"{self.sender.peer} takes over, {by} asked for it: the core is stopped")
        self._stop_core()
        until = time.monotonic() + HAND_OVER_S
        while not self.sender.all_kept():
            self.sender.turn(TURN_MS)
            if time.monotonic() > until:
                raise Fenced(f"{self.sender.peer} doesn't take the last records: start the core again")
        self.lease.give_back()
        self.sender.ended = True
        until = time.monotonic() + TELL_S
        while time.monotonic() < until:
            self.sender.turn(TURN_MS)
        self.say(f"{self.sender.peer} has all up to event {self.sender.kept}")

    def _stop_core(self) -> None:
        """In order, and until it is gone."""
        try:
            ask(self.settings.socket, "stop", by="standby")
        except (NoCore, RuntimeError) as error:
            self.say(f"the core isn't there to be stopped: {error}")
        until = time.monotonic() + HAND_OVER_S
        while self._core_lives() and time.monotonic() < until:
            self.sender.turn(TURN_MS)
        if self.process is not None:
            self.process.wait(HAND_OVER_S)

    def _core_lives(self) -> bool:
        try:
            with beside(self.settings.socket, "lock").open("r+b") as file:
                return is_locked(file.fileno())
        except FileNotFoundError:
            return False

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["op"] != "status":
            raise ValueError(f"{request['op']}: this host is the primary: only a standby is promoted")
        stream = self.sender.status() if self.sender.line else {}
        core = {"core": self.watch.ill or "well", "stream": stream}
        return {"role": "primary", "name": self.settings.name, **self._lease_told(), **core}

    def _lease_told(self) -> dict[str, Any]:
        left = max(0, self.lease.until_ns - boottime()) / 1e9
        votes = {address: answer.granted for address, answer in self.lease.ballot.answers.items()}
        return {"epoch": self.lease.epoch, "lease": self.lease.held, "left_s": round(left, 3), "votes": votes}

    def _close(self) -> None:
        """Stopped in order: the core that this process started ends, another's sends nothing any more."""
        if self.process is not None and self.process.poll() is None:
            self._stop_core()
        if self.lease.held:
            self.lease.give_back()
        self.fence.close()
        self.lease.close()
        self.watch.close()
        self.control.close()
        self.sender.transport.close()
