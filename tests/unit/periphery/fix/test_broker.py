"""What a broker's session does with a send that was handed over to it."""

from __future__ import annotations

import mmap
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core import messages as m
from core.live.handover import Fate
from core.venues.fix.agreement import Settings
from core.venues.fix.codec import Message
from core.venues.fix.dictionary import load
from core.venues.fix.session import Session
from core.venues.fix.store import MemoryStore
from core_ext.killpage import PAGE_BYTES, KillPage
from periphery.fix.broker import Broker, Order
from periphery.fix.config import SessionConfig
from periphery.fix.reports import Reports
from tests.support_fix import dictionary_of

DICTIONARY = load(dictionary_of("FIX.4.4"))


class Stage:
    """A broker with a session that is up, a kill page, and what it told the core and marked done."""

    def __init__(self) -> None:
        settings = Settings(b"FIX.4.4", b"DESK", b"STREET", initiator=True)
        config = SessionConfig("s", "broker", settings, Path(), venue="V1")
        self.broker = Broker(config, Reports(DICTIONARY), lambda *_: pytest.fail("it needs no other"))
        self.broker.session = Session(settings, DICTIONARY, MemoryStore(time.time_ns()), self.broker)
        self.broker.session.is_up = self.broker.session.is_connected = True
        self.page = KillPage.format(mmap.mmap(-1, PAGE_BYTES))
        self.told: list[dict[str, Any]] = []
        self.done: list[int] = []
        self.fate = Fate.WRITE
        self.broker._page_of_kills = self.page
        self.broker._handover = SimpleNamespace(  # type: ignore[assignment]
            fate=lambda seq: self.fate, done=self.done.append
        )
        self.broker.client = SimpleNamespace(  # type: ignore[assignment]
            request=lambda op, report: self.told.append(report), close=lambda: None
        )

    def send(
        self, action: m.Action, seq: int = 7, child_id: str = "a.1", *, is_owed: bool = False
    ) -> list[bytes]:
        """MsgTypes of what goes out."""
        fields = ((11, child_id.encode()), (38, b"1"), (40, b"1"), (54, b"1"), (55, b"EURUSD"), (59, b"0"))
        keys = (m.NONE, 3, m.NONE, m.NONE, m.NONE, m.NONE, m.NONE, m.NONE)
        self.broker.waiting.append(Order(seq, int(action), child_id, "EURUSD", fields, keys, is_owed))
        before = self.broker.session.store.next_out
        self.broker._write_more(time.time_ns())
        store = self.broker.session.store
        return [frame.split(b"\x0135=")[1][:1] for _, frame in store.messages(before, store.next_out - 1)]


@pytest.mark.parametrize(
    ("action", "kind"),
    [(m.Action.NEW, b"D"), (m.Action.REPLACE, b"G"), (m.Action.CANCEL, b"F"), (m.Action.STATUS, b"H")],
)
def test_each_goes_out_once(action: m.Action, kind: bytes) -> None:
    stage = Stage()
    assert stage.send(action) == [kind]
    assert stage.done == [7]
    if action != m.Action.STATUS:
        assert stage.send(action) == []  # the same again: it may have been written


def test_an_order_that_was_sent_can_be_asked_about() -> None:
    stage = Stage()
    assert stage.send(m.Action.NEW) == [b"D"]
    assert stage.send(m.Action.STATUS, 8) == [b"H"]
    assert stage.send(m.Action.STATUS, 9) == [b"H"]


def test_a_kill_holds_back_what_is_new_and_lets_cancels_pass() -> None:
    stage = Stage()
    stage.page.kill(int(m.Scope.ACCOUNT), 3, "anna")
    assert stage.send(m.Action.NEW) == []
    assert stage.send(m.Action.REPLACE, child_id="b.1") == []
    assert stage.send(m.Action.CANCEL, child_id="c.1") == [b"F"]
    assert [(each["child_id"], each["exec_type"], each["text"]) for each in stage.told] == [
        ("a.1", "rejected", "killed"),
        ("b.1", "cancel_rejected", "killed"),
    ]
    assert stage.done == [7, 7, 7]


def test_what_was_held_back_or_is_not_yet_there_is_not_written() -> None:
    stage = Stage()
    stage.fate = Fate.WAIT
    assert stage.send(m.Action.NEW) == []
    assert len(stage.broker.waiting) == 1
    stage.fate = Fate.LEAVE
    assert stage.send(m.Action.NEW, 8) == []
    assert not stage.broker.waiting
    assert not stage.told


def test_without_a_connection_it_is_refused_and_never_written() -> None:
    stage = Stage()
    stage.broker.session.is_up = False
    assert stage.send(m.Action.NEW) == []
    assert stage.told[0]["exec_type"] == "rejected"


@pytest.mark.parametrize("status", ["0", "1", "2"])
@pytest.mark.parametrize("is_owed", [True, False])
def test_a_cancel_that_was_not_answered_came_to_nothing_where_the_order_stands_as_before(
    status: str, is_owed: bool
) -> None:
    """Once: and nothing is told where nothing was asked."""
    stage = Stage()
    stage.broker.children["a.1"] = "a.1", "EURUSD"
    stage.send(m.Action.NEW)
    stage.send(m.Action.CANCEL, 8)
    stage.send(m.Action.STATUS, 9, is_owed=is_owed)
    answer = Message(b"FIX.4.4", [(35, b"8"), (11, b"a.1"), (150, b"I"), (39, status.encode())])
    for _ in range(2):
        stage.broker.on_message(answer, time.time_ns())
    expected = {"venue": "V1", "symbol": "EURUSD", "child_id": "a.1", "exec_type": "cancel_rejected"}
    assert stage.told == [expected] * is_owed


@pytest.mark.parametrize(("status", "kind"), [("4", "canceled"), ("C", "expired")])
def test_a_cancel_that_was_not_answered_and_was_done_is_told_as_done(status: str, kind: str) -> None:
    stage = Stage()
    stage.broker.children["a.1"] = "a.1", "EURUSD"
    stage.send(m.Action.STATUS, 9, is_owed=True)
    stage.broker.on_message(
        Message(b"FIX.4.4", [(35, b"8"), (11, b"a.1"), (150, b"I"), (39, status.encode())]), time.time_ns()
    )
    assert [told["exec_type"] for told in stage.told] == [kind]
