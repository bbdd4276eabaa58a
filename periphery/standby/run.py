"""The processes of `nacre standby`: a primary's, a standby's which may become one, a witness's."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from periphery.standby import secret as secrets
from periphery.standby.ballot import VoteServer
from periphery.standby.primary import Primary
from periphery.standby.settings import Settings
from periphery.standby.standby import Standby, start_core
from periphery.standby.voter import Voter

NAP_S = 0.1


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Beside a core that trades. Raises Fenced."""
    secret, voter = secrets.read(settings.secret), Voter(settings.vote_file)
    votes = VoteServer(voter, settings.vote, secret)
    try:
        primary = Primary(settings, secret, voter, say)
        _on_signal(primary.stop)
        primary.run()
    finally:
        votes.close()


def follow(settings: Settings, say: Callable[[str], None]) -> None:
    """A standby until it may trade, then a primary with a core of its own. Raises Fenced, a CoreFault,
    RuntimeError.
    """
    secret, voter = secrets.read(settings.secret), Voter(settings.vote_file)
    votes = VoteServer(voter, settings.vote, secret)
    try:
        standby = Standby(settings, secret, voter, say)
        _on_signal(standby.stop)
        if not standby.run():
            return
        lease, receiver = standby.lease, standby.receiver
        lease.keep()  # the core lives through its journal first
        missed = max(0, receiver.head - receiver.kept)
        say(f"promoted at epoch {lease.epoch} after event {receiver.kept}; {missed} more were heard of")
        process = start_core(settings)
        say(f"the core runs: pid {process.pid}")
        try:
            primary = Primary(settings, secret, voter, say, lease, process)
        except BaseException:  # its address is taken, say: nobody would end that core
            process.terminate()
            process.wait()
            raise
        _on_signal(primary.stop)
        if standby.stopping:  # it was told so while the core started
            primary.stop()
        primary.run()
    finally:
        votes.close()


def witness(settings: Settings, say: Callable[[str], None]) -> None:
    """A vote and nothing else, on a third host."""
    stopped: list[bool] = []
    votes = VoteServer(Voter(settings.vote_file), settings.vote, secrets.read(settings.secret))
    _on_signal(lambda: stopped.append(True))
    say(f"a witness at {settings.vote}")
    while not stopped:
        time.sleep(NAP_S)
    votes.close()


def _on_signal(stop: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop())
