"""Two session machines and what lies between them: each message of an application arrives once, in order."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from core.venues.fix.agreement import NS, BusinessReject, Settings
from core.venues.fix.codec import Framer, Message, encode, parse, utc_timestamp
from core.venues.fix.dictionary import load
from core.venues.fix.link import Link
from core.venues.fix.schedule import parse as schedule
from core.venues.fix.session import Session
from core.venues.fix.store import MemoryStore
from tests.support_fix import Heard, dictionary_of

BEGAN_NS = 1_700_000_000 * NS  # 22:13:20 of a Tuesday, UTC
FIX44 = load(dictionary_of("FIX.4.4"))
A = Settings(b"FIX.4.4", b"A", b"B", initiator=True)
B = Settings(b"FIX.4.4", b"B", b"A")
NEWS = [(148, b"x"), (33, b"1"), (58, b"line")]


class Pair:
    """An initiator A and an acceptor B; what each has written and the other has not yet got."""

    def __init__(self, a: Settings = A, b: Settings = B) -> None:
        self.now_ns = BEGAN_NS
        self.heard = Heard(), Heard()
        self.ends = tuple(
            Session(each, FIX44, MemoryStore(BEGAN_NS), app)
            for each, app in zip((a, b), self.heard, strict=True)
        )
        self.links: list[Link] = []
        self.between: list[bytes] = [b"", b""]

    def connect(self) -> Pair:
        self.between = [b"", b""]
        self.links = [
            Link(self.now_ns, self.ends[0]),
            Link(self.now_ns, find=lambda _: None if self.ends[1].is_connected else self.ends[1]),
        ]
        return self

    def disconnect(self) -> None:
        for link in self.links:
            link.closed(self.now_ns)
        self.links = []

    def move(self, most: int = 1 << 30) -> bool:
        """Carry up to so many bytes each way; whether there was anything."""
        moved = False
        self._write()
        for i, link in enumerate(self.links):
            data, self.between[i] = self.between[i][:most], self.between[i][most:]
            if data:
                link.feed(data, self.now_ns)
                moved = True
        self._write()
        if any(link.ended for link in self.links) and not any(self.between):
            self.disconnect()
        return moved

    def _write(self) -> None:
        for i, link in enumerate(self.links):
            self.between[1 - i] += link.take()
            link.written()

    def settle(self) -> Pair:
        while self.links and self.move():
            pass
        return self

    def pass_time(self, seconds: float, step_s: float = 0.5) -> Pair:
        end = self.now_ns + int(seconds * NS)
        while self.now_ns < end:
            self.now_ns += int(step_s * NS)
            for link in self.links:
                link.tick(self.now_ns)
            for each in self.ends:
                if not each.is_connected:
                    each.tick(self.now_ns)
            self.settle()
        return self

    def news(self, end: int, name: bytes) -> None:
        self.ends[end].send(b"B", [(148, name), *NEWS[1:]], self.now_ns)

    def names(self, end: int) -> list[bytes | None]:
        return [message.get(148) for message in self.heard[end].messages if message.msg_type == b"B"]

    @property
    def up(self) -> tuple[bool, ...]:
        return tuple(each.is_up for each in self.ends)


def test_both_log_on_and_out() -> None:
    pair = Pair().connect().settle()
    assert pair.up == (True, True)
    pair.ends[0].logout("enough", pair.now_ns)
    pair.settle()
    assert pair.up == (False, False)
    assert [each.store.next_out for each in pair.ends] == [3, 3]
    assert [each.store.next_in for each in pair.ends] == [3, 3]


def test_silence_is_filled_and_a_dead_peer_is_left() -> None:
    pair = Pair(replace(A, heartbeat_s=5)).connect().settle().pass_time(60)
    assert pair.up == (True, True)
    assert pair.ends[1].heartbeat_s == 5
    pair.links[1].tick = lambda now_ns: None  # type: ignore[method-assign]
    pair.links[1].take = lambda: b""  # type: ignore[method-assign]
    pair.pass_time(11)
    assert pair.ends[0].is_up
    pair.pass_time(2)
    assert not pair.ends[0].is_up
    assert "the peer is silent" in pair.ends[0].said


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32))
def test_nothing_is_lost_doubled_or_out_of_order(seed: int) -> None:
    """Whatever is cut off on its way, and whenever."""
    chance, pair, sent = random.Random(seed), Pair().connect(), ([], [])  # type: ignore[var-annotated]
    for i in range(chance.randint(5, 60)):
        roll = chance.random()
        if roll < 0.6:
            end = chance.randrange(2)
            pair.news(end, b"%d" % i)
            sent[end].append(b"%d" % i)
        elif roll < 0.75 and pair.links:
            pair.move(chance.randint(1, 300))
            pair.disconnect()
        elif not pair.links:
            pair.connect()
        pair.now_ns += NS // 10
        pair.move(chance.randint(1, 400))
    if not pair.links:
        pair.connect()
    pair.settle().pass_time(1)
    assert (pair.names(1), pair.names(0)) == sent
    assert [each.store.next_in for each in pair.ends] == [each.store.next_out for each in reversed(pair.ends)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_message_brings_it_down(data: st.DataObject) -> None:
    """Well framed, of any type, with any fields: it answers or hangs up."""
    pair = Pair().connect().settle()
    tags = st.sampled_from(
        [7, 16, 36, 43, 45, 49, 52, 56, 98, 108, 112, 122, 123, 141, 148, 33, 58, 11, 453, 448]
    )
    values = st.sampled_from(
        [b"Y", b"N", b"0", b"1", b"9", b"-1", b"", b"x", utc_timestamp(BEGAN_NS), b"99999999999"]
    )
    framer = Framer()
    for _ in range(data.draw(st.integers(1, 6))):
        kind = data.draw(st.sampled_from([b"0", b"1", b"2", b"3", b"4", b"5", b"A", b"B", b"D", b"?", b""]))
        number = b"%d" % data.draw(st.integers(0, 12))
        own = [(34, number), (49, b"A"), (52, utc_timestamp(BEGAN_NS)), (56, b"B")]
        left = data.draw(st.lists(st.sampled_from([34, 49, 52, 56]), max_size=1))
        more = data.draw(st.lists(st.tuples(tags, values), max_size=6))
        frame = encode(b"FIX.4.4", [(35, kind), *(each for each in own if each[0] not in left), *more])
        pair.links[1].feed(frame, pair.now_ns)
        framer.feed(pair.links[1].take())
        while (answer := framer.next()) is not None:
            parse(answer, {})
        if pair.links[1].ended:
            break


def test_a_gap_that_is_not_filled_is_asked_for_again_and_then_given_up() -> None:
    pair = Pair(replace(A, heartbeat_s=10)).connect().settle()
    pair.links[0].feed = lambda data, now_ns: None  # type: ignore[method-assign]
    frame = encode(b"FIX.4.4", [
        (35, b"B"), (34, b"5"), (49, b"A"), (52, utc_timestamp(pair.now_ns)), (56, b"B"), *NEWS,
    ])  # fmt: skip
    pair.links[1].feed(frame, pair.now_ns)
    asked: list[bytes | None] = []
    for _ in range(80):
        pair.now_ns += NS // 2
        pair.links[1].feed(pair.links[0].take(), pair.now_ns)
        pair.links[0].tick(pair.now_ns)
        pair.links[1].tick(pair.now_ns)
        framer = Framer()
        framer.feed(pair.links[1].take())
        while (answer := framer.next()) is not None:
            asked.append(parse(answer, {}).msg_type)
        if pair.links[1].ended:
            break
    assert asked.count(b"2") == 3
    assert b"5" in asked


def test_numbers_begin_anew_with_the_day() -> None:
    hours = schedule({"start": "00:00", "end": "23:00"})
    pair = Pair(replace(A, schedule=hours), replace(B, schedule=hours)).connect().settle()
    pair.news(0, b"one")
    pair.settle()
    pair.pass_time(50 * 60, 10)
    assert pair.up == (False, False)
    assert [each.store.next_out for each in pair.ends] == [1, 1]
    pair.connect().settle()
    assert pair.up == (False, False)
    pair.disconnect()
    pair.now_ns += 3600 * NS
    pair.connect().settle()
    assert pair.up == (True, True)
    pair.news(1, b"two")
    pair.settle()
    assert (pair.names(0), pair.names(1)) == ([b"two"], [b"one"])


def test_an_initiator_that_resets_is_followed() -> None:
    pair = Pair(replace(A, reset_on_logon=True)).connect().settle()
    pair.news(0, b"one")
    pair.settle().disconnect()
    pair.connect().settle()
    assert pair.up == (True, True)
    assert [each.store.next_out for each in pair.ends] == [2, 2]


def test_a_reset_while_logged_on_goes_on() -> None:
    pair = Pair().connect().settle()
    pair.news(1, b"one")
    pair.settle()
    logon = [
        (34, b"1"),
        (49, b"A"),
        (52, utc_timestamp(pair.now_ns)),
        (56, b"B"),
        (98, b"0"),
        (108, b"30"),
        (141, b"Y"),
    ]
    pair.links[1].feed(encode(b"FIX.4.4", [(35, b"A"), *logon]), pair.now_ns)
    assert (pair.ends[1].store.next_out, pair.ends[1].store.next_in) == (2, 2)
    assert pair.ends[1].is_up


def test_a_throttle_counts_within_any_second() -> None:
    pair = Pair(b=replace(B, throttle_per_s=2)).connect().settle()
    for name in (b"1", b"2", b"3"):
        pair.news(0, name)
    pair.settle()
    assert pair.names(1) == [b"1", b"2"]
    assert [message.get(380) for message in pair.heard[0].messages] == [b"0"]
    pair.now_ns += NS
    pair.news(0, b"4")
    pair.settle()
    assert pair.names(1) == [b"1", b"2", b"4"]


def test_what_an_application_refuses() -> None:
    pair = Pair().connect().settle()

    def refuse(message: Message, now_ns: int) -> None:
        raise BusinessReject(4, "not now", "me")

    pair.heard[1].on_message = refuse  # type: ignore[method-assign]
    pair.news(0, b"one")
    pair.settle()
    (told,) = pair.heard[0].messages
    assert [told.get(tag) for tag in (35, 45, 372, 379, 380, 58)] == [
        b"j",
        b"2",
        b"B",
        b"me",
        b"4",
        b"not now",
    ]
    assert pair.ends[1].store.next_in == 3


def test_what_may_not_be_resent_is_filled() -> None:
    pair = Pair().connect().settle()
    pair.heard[0].may_resend = lambda message: False  # type: ignore[method-assign]
    pair.news(0, b"lost")
    pair.disconnect()
    pair.connect().settle()
    pair.news(0, b"next")
    pair.settle()
    assert pair.names(1) == [b"next"]


@pytest.mark.parametrize("change", [
    lambda told: [field for field in told if field[0] != 98],
    lambda told: [(98, b"1") if field[0] == 98 else field for field in told],
    lambda told: [(108, b"-5") if field[0] == 108 else field for field in told],
    lambda told: [(34, b"x") if field[0] == 34 else field for field in told],
])  # fmt: skip
def test_a_logon_that_cannot_be_answered(
    change: Callable[[list[tuple[int, bytes]]], list[tuple[int, bytes]]],
) -> None:
    pair = Pair().connect()
    own = [
        (35, b"A"),
        (34, b"1"),
        (49, b"A"),
        (52, utc_timestamp(pair.now_ns)),
        (56, b"B"),
        (98, b"0"),
        (108, b"30"),
    ]
    pair.links[1].feed(encode(b"FIX.4.4", change(own)), pair.now_ns)
    assert pair.links[1].ended
    assert not pair.ends[1].is_up


def test_who_says_nothing_is_left() -> None:
    pair = Pair().connect()
    pair.now_ns += 9 * NS
    pair.links[1].tick(pair.now_ns)
    assert not pair.links[1].ended
    pair.now_ns += NS
    pair.links[1].tick(pair.now_ns)
    assert pair.links[1].ended
