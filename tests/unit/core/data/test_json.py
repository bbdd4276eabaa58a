"""The reader of JSON takes what the grammar has, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, strategies as st

from core.data.json import is_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def strict(text: bytes) -> bool:
    """What the standard library says, without what it takes beyond the grammar."""

    def refuse(_word: str) -> None:
        raise ValueError

    try:
        json.loads(text.decode("utf-8"), parse_constant=refuse)
    except ValueError:
        return False
    return True


@given(VALUES, st.booleans())
def test_what_is_written_is_read(value: object, ascii_only: bool) -> None:
    assert is_json(json.dumps(value, ensure_ascii=ascii_only).encode())


@given(VALUES, st.data())
def test_a_changed_text_is_judged_as_the_library_does(value: object, data: st.DataObject) -> None:
    text = bytearray(json.dumps(value).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at] = data.draw(st.sampled_from(b'"\\{}[],:0123456789.eE+-tfn ux\x00\x1f\x7f\xc3\xa9\xff'))
    assert is_json(bytes(text)) == strict(bytes(text))


@given(st.binary(max_size=12))
@example(b'"\xed\xa0\x80"')
@example(b'"\xf4\x90\x80\x80"')
@example(b'"\xe0\x80\x80"')
def test_bytes_are_judged_as_the_library_does(text: bytes) -> None:
    assert is_json(text) == strict(text)


@pytest.mark.parametrize(
    "text", [b"[1,]", b'{"a":1,}', b"01", b"1.", b"[1 2]", b'{"a" 1}', b"{1:2}", b"]", b"[}"]
)
def test_near_misses(text: bytes) -> None:
    assert not is_json(text)


def test_nested_too_deep_is_refused() -> None:
    assert is_json(b"[" * 64 + b"]" * 64)
    assert not is_json(b"[" * 65 + b"]" * 65)
