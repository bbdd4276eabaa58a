"""The host that waits: keeps and replays what the primary records, and takes its place when it may."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from periphery.standby.ballot import Ballot, Lease
from periphery.standby.control import Control
from periphery.standby.receiver import Receiver
from periphery.standby.secret import Secret
from periphery.standby.settings import Settings
from periphery.standby.transport import dial
from periphery.standby.voter import Voter

TURN_MS = 2
CAMPAIGN_S = 0.5
ASK_S = 0.5
GONE_S = 1.0
"""A primary that wasn't heard of for so long isn't asked to hand over any more."""


class Standby:
    """Run it until it is stopped, or may take over. `why` says what keeps it from taking over."""

    def __init__(self, settings: Settings, secret: Secret, voter: Voter, say: Callable[[str], None]) -> None:
        self.settings = settings
        self.say = say
        self.stopping = False
        self.asked_by = ""
        self.why = ""
        self.lease = Lease(Ballot(voter, settings.voters, secret), settings.name, settings.lease_s)
        line = dial(settings.connect, settings.own, secret)
        self.receiver = Receiver(
            line, settings.journal, settings.name, settings.durability, settings.segment_mb << 20
        )
        self.control = Control(settings.socket, self._answer)
        self._campaign_s = self._ask_s = 0.0

    def stop(self) -> None:
        self.stopping = True

    def run(self) -> bool:
        """Whether it is to take over; else it was stopped. Raises a CoreFault where its engines decide
        otherwise.
        """
        won = False
        try:
            while not self.stopping and not won:
                self.receiver.turn(TURN_MS)
                self.control.serve()
                won = self._may_try() and self._campaign()
        finally:
            self.receiver.close()
            self.control.close()
            if not won:
                self.lease.close()
        return won

    def _may_try(self) -> bool:
        """Whether the primary has ended, or is silent for too long, or a person wants it and it is silent."""
        receiver = self.receiver
        if receiver.ended:
            return receiver.is_whole()
        if self.asked_by and receiver.silent_s < GONE_S:
            self._ask_to_hand_over()
            return False
        if self.asked_by:
            return True
        after = self.settings.promote_after_s
        lost = bool(after and receiver.primary and receiver.silent_s > after)
        self.why = self.why if lost else ""
        return lost

    def _ask_to_hand_over(self) -> None:
        if time.monotonic() - self._ask_s > ASK_S:
            self._ask_s = time.monotonic()
            self.receiver.ask_to_hand_over(self.asked_by)

    def _campaign(self) -> bool:
        if time.monotonic() - self._campaign_s < CAMPAIGN_S:
            return False
        if self.lease.campaign():
            return True
        self._campaign_s = time.monotonic()
        why = f"no quorum: {self.lease.ballot.why_not()}"
        if why.split(" for another")[0] != self.why.split(" for another")[0]:
            self.say(f"not promoted: {why}")
        self.why = why
        return False

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["op"] == "status":
            told = {"role": "standby", "name": self.settings.name, **self.receiver.status(), "why": self.why}
            if request.get("hash"):
                told["state_hash"] = self.receiver.state_hash()
            return told
        if request["op"] == "promote":
            if self.receiver.follower is None:
                raise ValueError("promote: it has no journal yet: wait until it has heard of a primary")
            self.asked_by = str(request.get("by") or "desk")
            return {"asked": True}
        raise ValueError(f"{request['op']}: one of status, promote")


def start_core(settings: Settings) -> subprocess.Popen[str]:
    """A core on the standby's journal, once it is ready. RuntimeError: it doesn't start; it said why
    itself.
    """
    command = [sys.executable, "-m", "core.cli", "core", "run", "--fenced", "--socket", str(settings.socket)]
    command += ["--journal", str(settings.journal), *settings.core]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    with suppress(json.JSONDecodeError):
        if line and json.loads(line).get("ready"):
            return process
    process.kill()
    process.wait()
    raise RuntimeError(f"the core doesn't start (it ended with {process.returncode}): see what it said")
