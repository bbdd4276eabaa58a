"""Bytes to messages and back: what is garbled is said to be, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from core.venues.fix.codec import Framer, Garbled, encode, parse, parse_utc_timestamp, utc_timestamp

DATA = {95: 96}
_VALUES = st.binary(min_size=1, max_size=20).filter(lambda value: b"\x01" not in value)
_FIELDS = st.lists(
    st.tuples(st.integers(1, 9999).filter(lambda tag: tag not in (8, 9, 10, 35, 95, 96)), _VALUES)
)


def whole(*fields: tuple[int, bytes], begin: bytes = b"FIX.4.4") -> bytes:
    return encode(begin, [(35, b"0"), *fields])


def cut(stream: bytes, step: int = 0) -> list[bytes]:
    framer, out = Framer(), []
    for at in range(0, len(stream), step or len(stream)):
        framer.feed(stream[at : at + (step or len(stream))])
        while (frame := framer.next()) is not None:
            out.append(frame)
    return out


def test_a_message_s_bytes() -> None:
    assert (
        whole((34, b"2"), (112, b"HELLO")) == b"8=FIX.4.4\x019=20\x0135=0\x0134=2\x01112=HELLO\x0110=237\x01"
    )


@settings(max_examples=100, deadline=None)
@given(_FIELDS, st.integers(1, 7))
def test_decoding_is_the_inverse_whatever_the_pieces(fields: list[tuple[int, bytes]], step: int) -> None:
    stream = whole(*fields) + whole((34, b"3"))
    first, second = cut(stream, step)
    assert parse(first, DATA).fields == [(35, b"0"), *fields]
    assert parse(second, DATA).get(34) == b"3"


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), _FIELDS, st.data())
def test_no_bytes_bring_it_down(junk: bytes, fields: list[tuple[int, bytes]], data: st.DataObject) -> None:
    raw = bytearray(junk + whole(*fields))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    for frame in cut(bytes(raw), data.draw(st.integers(1, 64))):
        try:
            message = parse(frame, DATA)
        except Garbled:
            continue
        assert encode(message.begin, message.fields) == frame


def test_a_data_field_may_hold_anything() -> None:
    inside = b"a\x0110=000\x018=FIX.4.4\x01"
    raw = whole((95, b"%d" % len(inside)), (96, inside), (58, b"x"))
    assert [parse(frame, DATA).fields for frame in cut(raw * 2)] == [
        [(35, b"0"), (95, b"%d" % len(inside)), (96, inside), (58, b"x")]
    ] * 2
    wrong = whole((95, b"3"), (96, b"abcdef"))
    with pytest.raises(Garbled, match="data field 96"):
        parse(wrong, DATA)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"8=FIX.4.4\x019=5\x0135=0\x0110=164\x01", "CheckSum"),
        (b"8=FIX.4.4\x019=6\x0135=0\x0110=164\x01", "BodyLength"),
        (b"8=FIX.4.4\x019=x\x0135=0\x0110=230\x01", "BodyLength"),
        (b"8=FIX.4.4\x019=5\x0135=0\x0110=7\x01", "CheckSum"),
    ],
)
def test_what_is_garbled_is_named(raw: bytes, why: str) -> None:
    with pytest.raises(Garbled, match=why):
        parse(raw, DATA)


def _summed(text: bytes) -> bytes:
    raw = text.replace(b"|", b"\x01")
    return raw + b"10=%03d\x01" % (sum(raw) % 256)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (_summed(b"8=FIX.4.4|35=0|9=5|"), "first three"),
        (_summed(b"8=FIX.4.4|9=5|34=1|"), "third"),
        (_summed(b"8=FIX.4.4|9=10|35=0|x4=1|"), "no tag"),
        (_summed(b"8=FIX.4.4|9=7|35=0|44|"), "no tag"),
        (_summed(b"8=FIX.4.4|9=4|35=0|"), "BodyLength"),
        (_summed(b"8=FIX.4.4|9=0|"), "MsgType"),
    ],
)
def test_a_right_sum_is_not_enough(raw: bytes, why: str) -> None:
    with pytest.raises(Garbled, match=why):
        parse(raw, DATA)


def test_a_length_beyond_all_is_junk_and_waits_for_nothing() -> None:
    raw = b"8=FIX.4.4\x019=99999999\x0135=0\x01" + whole((34, b"2"))
    assert [parse(frame, DATA).get(34) for frame in cut(raw)] == [b"2"]


def test_what_waits_is_bounded() -> None:
    framer = Framer(most=1000)
    for _ in range(100):
        framer.feed(b"8=FIX.4.4\x019=1000\x0135=0\x01" + b"x" * 100)
        assert framer.next() is None
    assert framer.held < 3000


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 4_000_000_000_000))
def test_times_there_and_back(time_ms: int) -> None:
    assert parse_utc_timestamp(utc_timestamp(time_ms * 1_000_000)) == time_ms * 1_000_000


@pytest.mark.parametrize(
    "text", [b"", b"20260101", b"20261301-00:00:00", b"20260101-24:00:00", b"20260101-00:00:00."]
)
def test_what_is_no_time(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"timestamp|month"):
        parse_utc_timestamp(text)


def test_fractions_of_a_second() -> None:
    assert parse_utc_timestamp(b"19700101-00:00:01.5") == 1_500_000_000
    assert parse_utc_timestamp(b"19700101-00:00:01.000000007") == 1_000_000_007
