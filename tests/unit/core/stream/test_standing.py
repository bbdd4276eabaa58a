"""What stands, against a dictionary."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, strategies as st

from core.stream.standing import Standing

ROW = struct.Struct("<QIHHq")
"""seq, a key of two parts (with something between them that is none), how much is left."""
CAME = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 2)), max_size=60)


@given(CAME, st.integers(1, 7), st.booleans())
def test_of_each_key_the_last_row(came: list[tuple[int, int, int]], together: int, levels: bool) -> None:
    made = Standing(ROW.size, [(8, 4), (14, 2)], 16 if levels else -1)
    expected: dict[tuple[int, int], bytes] = {}
    rows = [ROW.pack(seq, a, seq % 5, b, left) for seq, (a, b, left) in enumerate(came, 1)]
    for at in range(0, len(rows), together):
        made.take(b"".join(rows[at : at + together]))
    for (a, b, left), row in zip(came, rows, strict=True):
        expected.pop((a, b), None)
        if left or not levels:
            expected[a, b] = row
    kept = made.rows()
    found = {kept[at : at + ROW.size] for at in range(0, len(kept), ROW.size)} - {bytes(ROW.size)}
    assert found == set(expected.values())
    assert len(made) == len(expected)
    assert len(kept) <= 8 * ROW.size  # places are used again


@pytest.mark.parametrize(
    ("parts", "qty_at", "words"),
    [
        ([], -1, "give 1 to 4"),
        ([(0, 8)] * 5, -1, "give 1 to 4"),
        ([(0, 8), (0, 16), (0, 16)], -1, "32 bytes"),
        ([(20, 8)], -1, "beyond"),
        ([(0, 8)], 17, "beyond"),
    ],
)
def test_what_is_no_key_is_refused(parts: list[tuple[int, int]], qty_at: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Standing(ROW.size, parts, qty_at)


def test_half_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="no rows"):
        Standing(ROW.size, [(0, 8)]).take(bytes(ROW.size + 1))
