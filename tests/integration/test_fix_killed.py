"""SIGKILL of a FIX gateway before and after each record, each write to a socket, each request to the core.

Whatever the step: the OMS and the gateway agree on sequence numbers without a reset, each order is in the
core once, and the OMS has heard each event of it once, under one ExecID.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from core.venues.fix.codec import utc_timestamp
from core.venues.fix.store import MemoryStore
from periphery.client import connect
from tests.integration.fix_gateway import SESSION, Forked, config_for
from tests.integration.live_core import Process
from tests.integration.test_fix import QUOTE, SYMBOL
from tests.support_fix import PATIENCE_S, Oms

STAYS = SESSION + "cancel_on_disconnect = false\n"
EXPECTED = ("0", "E", "5", "6", "4", "0", "F")
"""Each ExecType that a script's OMS must hear: of its resting order, then of the one that is filled."""


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    found = Process(tmp_path_factory.mktemp("core"))
    found.start()
    with connect(found.socket) as client:
        client.market(QUOTE)
    yield found
    found.end()


class Script:
    """An OMS that sends the next request when the one before is answered, on whatever connection."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.store = MemoryStore(time.time_ns())
        self.sent = 0
        self.executions: list[tuple[str, str, str]] = []

    def run(self, gateway: Forked) -> bool:
        """Whether it came to its end before the gateway did."""
        oms = Oms(store=self.store)
        assert gateway.address is not None
        end = time.monotonic() + PATIENCE_S
        try:
            oms.open(gateway.address)
            while time.monotonic() < end:
                oms.pump()
                self._take(oms)
                if len(self.executions) >= len(EXPECTED):
                    return not gateway.is_dead
                if gateway.is_dead:
                    oms.pump()
                    self._take(oms)
                    return False
                self._say(oms)
                time.sleep(0.001)
        except ConnectionError:
            return False
        finally:
            oms.hang_up()
        raise AssertionError(f"stuck at {self.executions}; {list(oms.session.said)}")

    def _take(self, oms: Oms) -> None:
        for message in oms.heard.messages[oms.at :]:
            assert message.msg_type == b"8", message
            if message.text(150) != "I":  # a status, after what may have been a repetition
                self.executions.append((message.text(150), message.text(17), message.text(11)))
        oms.at = len(oms.heard.messages)

    def _say(self, oms: Oms) -> None:
        """Requests 0 to 3, each after the executions that those before it lead to."""
        if self.sent == 4 or len(self.executions) < (0, 1, 3, 5)[self.sent] or not oms.session.is_up:
            return
        number, name = self.sent, self.name
        self.sent += 1
        now = (60, utc_timestamp(time.time_ns()))
        one = (SYMBOL, (54, b"1"), (38, b"20"), now)
        if number == 0:
            oms.order(f"{name}-a", price="1.08", qty="10")
        elif number == 1:
            ids = (11, f"{name}-b".encode()), (41, f"{name}-a".encode())
            oms.say("G", *ids, (44, b"1.0801"), (40, b"2"), (21, b"1"), *one)
        elif number == 2:
            oms.say("F", (11, f"{name}-c".encode()), (41, f"{name}-b".encode()), *one)
        else:
            oms.order(f"{name}-d", price="1.0901", qty="10")


def check(script: Script, core: Process) -> None:
    kinds, exec_ids, _ = zip(*script.executions, strict=True)
    assert kinds == EXPECTED, script.executions
    assert max(Counter(exec_ids).values()) == 1, script.executions
    with connect(core.socket) as client:
        rows = [
            row for row in client.orders(live_only=False) if row["cl_ord_id"].startswith(f"{script.name}-")
        ]
    states = sorted((row["cl_ord_id"].split("-")[1], row["ord_status"], row["cum_qty"]) for row in rows)
    assert states == [("b", "canceled", "0"), ("d", "filled", "10")]


def agree(script: Script, gateway: Forked) -> None:
    """Each expects what the other sends next: a question has its answer, nobody asks for anything again."""
    assert gateway.address is not None
    oms = Oms(store=script.store).call(gateway.address)
    before = script.store.next_out, script.store.next_in
    oms.say("H", (11, f"{script.name}-d".encode()), SYMBOL, (54, b"1"))
    assert oms.next().text(39) == "2"
    assert (script.store.next_out, script.store.next_in) == (before[0] + 1, before[1] + 1)
    oms.hang_up()


@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
def test_killed_at_every_step(core: Process, torn: bool) -> None:
    path = config_for(core, STAYS)
    (core.folder / "fix").mkdir(exist_ok=True)
    for die_at in range(1, 400, 4 if torn else 1):
        for file in (core.folder / "fix").iterdir():
            file.unlink()
        script = Script(f"{'t' if torn else 'w'}{die_at}")
        first = Forked(path, die_at, torn)
        survived = script.run(first)
        if survived:
            first.stop()
        else:
            assert first.wait() == -9
        second = Forked(path)
        if not survived:
            assert script.run(second), (core.folder / "gateway.log").read_text()
        check(script, core)
        agree(script, second)
        second.kill()
        if survived:
            assert die_at > 40
            return
    raise AssertionError("the script has no end")
