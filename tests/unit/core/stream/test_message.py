"""A message of rows taken apart in compiled code, and by the module that needs none: the same."""

from __future__ import annotations

from hypothesis import given, strategies as st

from core.stream import message as layout
from periphery.stream import wire
from periphery.stream.wire import Batch

SMALL = st.integers(0, 5)
FRAMES = st.dictionaries(st.integers(0, 9), st.binary(max_size=40), max_size=4)


def both(message: bytes, at: int) -> tuple[Batch | None, Batch | None]:
    return layout.following(Batch, message, at), wire.following(message, at)


def test_the_layout_is_the_one_on_the_wire() -> None:
    assert (layout.HEAD_BYTES, layout.FRAME_BYTES) == (48, 8)


@given(SMALL, SMALL, SMALL, FRAMES, st.sampled_from([0, 0, 1, 2, 4]), st.sampled_from([0, 0, 3]))
def test_what_goes_on_is_given_and_all_else_is_left(
    at: int, after: int, through: int, frames: dict[int, bytes], flags: int, left_out: int
) -> None:
    batch = Batch(after, through, b"digest of 16 b..", {}, flags, left_out)
    message = wire.packed(batch, list(frames.items()), after)
    compiled, plain = both(message, at)
    assert compiled == plain
    assert (compiled is not None) == (after == at < through and not flags and not left_out)
    if compiled is not None:
        assert {topic: bytes(frame) for topic, frame in compiled.frames.items()} == frames
        assert compiled.digest == batch.digest


@given(FRAMES, st.integers(0, 200), st.binary(max_size=9))
def test_a_message_that_is_cut_or_longer_is_none(frames: dict[int, bytes], cut: int, more: bytes) -> None:
    message = wire.packed(Batch(0, 9, b"d" * 16), list(frames.items()), 0)
    spoilt = message[:cut] + more
    found = layout.following(Batch, spoilt, 0)
    assert found is None or len(spoilt) == len(message)
    assert layout.following(Batch, message, 0) is not None
    assert layout.following(Batch, b"P" + message[1:], 0) is None
