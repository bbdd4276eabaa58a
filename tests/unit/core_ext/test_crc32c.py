"""CRC32C: the published vectors, and the instruction against the table."""

import pytest
from hypothesis import given, strategies as st

from core_ext.crc32c import crc32c, crc32c_by_table, has_instruction


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_published_vectors(data: bytes, value: int) -> None:
    assert crc32c(data) == crc32c_by_table(data) == value


@given(st.binary(max_size=300), st.integers(0, 300))
def test_both_ways_agree_and_go_on_where_they_stopped(data: bytes, cut: int) -> None:
    whole = crc32c_by_table(data)
    assert crc32c(data) == whole
    assert crc32c(data[cut:], crc32c(data[:cut])) == whole
    assert crc32c_by_table(data[cut:], crc32c_by_table(data[:cut])) == whole


def test_the_choice_is_known() -> None:
    assert has_instruction() in (True, False)
