"""Over a bridge: answers that were made before the session had its seat are a gap, those after it come."""

from __future__ import annotations

from typing import Any

import pytest

from core_ext.memory import Memory
from core_ext.ring import Ring
from core_ext.spine import Spine
from periphery.bridge import seat as seats
from periphery.bridge.wire import count_of, heard_of, rows
from periphery.client import control, shared_memory
from periphery.client.codec import INPUT_SIZE, QUOTE_SIZE, RESPONSE_SIZE, number_in
from periphery.client.errors import ClientError
from periphery.client.over_bridge import Arrived
from periphery.client.port import PlainPort
from periphery.client.shared_memory import Rings

SLOTS = 16


class Nobody:
    """Takes requests that nobody sends."""

    capacity = SLOTS

    def try_push(self, _item: bytes) -> bool:
        return False


def numbered(first: int, last: int) -> list[bytes]:
    return [n.to_bytes(8, "little") + bytes(RESPONSE_SIZE - 8) for n in range(first, last + 1)]


def taken(port: PlainPort) -> list[int]:
    return [told.seq for told in iter(port.take, None)]


def test_the_client_sees_where_its_answers_begin() -> None:
    arrived = Arrived()
    port = PlainPort(Nobody(), arrived, "x")
    assert (port.take(), port.lapsed) == (None, False)
    arrived.put(numbered(4, 6))
    assert (port.take(), port.lapsed, port.oldest()) == (None, True, 4)
    port.next_seq = 4
    assert taken(port) == [4, 5, 6]
    arrived.put(numbered(7, 7))
    assert (taken(port), port.lapsed) == ([7], False)


def test_what_the_core_has_resent_is_not_taken_once_more() -> None:
    arrived = Arrived()
    port = PlainPort(Nobody(), arrived, "x")
    arrived.put(numbered(4, 8))
    port.next_seq = 7  # 4 to 6 came with the answer to `resend`
    assert taken(port) == [7, 8]


def test_a_gap_behind_answers_that_wait_takes_none_of_them() -> None:
    arrived = Arrived()
    port = PlainPort(Nobody(), arrived, "x")
    arrived.put(numbered(1, 2))
    arrived.put(numbered(9, 9))
    assert taken(port) == [1, 2]
    assert (port.lapsed, port.oldest()) == (True, 9)


class Bridged:
    """A seat of a bridge over rings of this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, hears_all: bool) -> None:
        requests = Ring.format(Memory(Ring.bytes_needed(SLOTS, INPUT_SIZE)), SLOTS, INPUT_SIZE)
        self.responses, self.quotes = (
            Spine.format(Memory(Spine.bytes_needed(SLOTS, size, 0)), SLOTS, size, 0, ())
            for size in (RESPONSE_SIZE, QUOTE_SIZE)
        )
        rings = Rings(requests, self.responses, self.quotes)
        monkeypatch.setattr(control, "hello", lambda *_given, **_named: ({}, ()))
        monkeypatch.setattr(shared_memory, "attach", lambda _fds: rings)
        said = {"token": "", "name": "x", "cancel_on_disconnect": True, "hears_all": hears_all}
        link: Any = None
        self.seat = seats.Seat(link, said, 0)

    def tell(self, first: int, last: int) -> None:
        for row in numbered(first, last):
            assert self.responses.try_write(number_in(row), row[8:])

    def told(self) -> list[int]:
        """The numbers of what goes out, in as many messages as it takes."""
        packets = [packet for packet in (self.seat.told() for _ in range(3)) if packet is not None]
        if self.seat.hears_all:
            return [number_in(row) for each in packets for row in rows(heard_of(each, RESPONSE_SIZE)[1], 192)]
        return [number_in(row) for each in packets for row in rows(count_of(each)[1], RESPONSE_SIZE)]


@pytest.mark.parametrize("hears_all", [False, True])
def test_the_bridge_goes_on_where_they_begin(monkeypatch: pytest.MonkeyPatch, hears_all: bool) -> None:
    bridged = Bridged(monkeypatch, hears_all=hears_all)
    bridged.responses.begin_at(4)
    bridged.responses.start_at(3)
    bridged.quotes.try_write(1, bytes(QUOTE_SIZE - 8))
    bridged.tell(4, 6)
    assert bridged.told() == [4, 5, 6]
    bridged.tell(7, 7)
    assert bridged.told() == [7]


def test_a_bridge_that_is_lapped_still_ends_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    bridged = Bridged(monkeypatch, hears_all=False)
    bridged.tell(1, 2 * SLOTS)
    with pytest.raises(ClientError, match="fell behind"):
        bridged.told()
