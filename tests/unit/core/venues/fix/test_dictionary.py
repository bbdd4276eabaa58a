"""QuickFIX's dictionaries, and messages held against them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from core.venues.fix import validation
from core.venues.fix.codec import encode, parse
from core.venues.fix.dictionary import load
from core.venues.fix.validation import Problem, Reason, check
from tests.support_fix import FIX_DATA, dictionary_of

FIX44 = load(dictionary_of("FIX.4.4"))
HEAD = [(34, b"2"), (49, b"A"), (52, b"20260101-00:00:00"), (56, b"B")]
ORDER = [(11, b"x"), (21, b"1"), (55, b"S"), (54, b"1"), (60, b"20260101-00:00:00"), (40, b"1")]


@pytest.mark.parametrize(
    ("name", "begin", "messages"),
    [("FIX42", "FIX.4.2", 46), ("FIX44", "FIX.4.4", 93), ("FIXT11", "FIXT.1.1", 7)],
)
def test_each_is_read(name: str, begin: str, messages: int) -> None:
    found = load((FIX_DATA / f"{name}.xml.gz").resolve())
    assert found.begin.decode() == begin
    assert len(found.messages) >= messages - 2
    assert found.data_fields[95] == 96
    assert found.admin - {b"n"} == {b"0", b"1", b"2", b"3", b"4", b"5", b"A"}


def problem(*body: tuple[int, bytes], kind: bytes = b"D", user_fields: bool = False) -> Problem | None:
    raw = encode(b"FIX.4.4", [(35, kind), *HEAD, *body])
    return check(parse(raw, FIX44.data_fields), FIX44, user_fields)


def test_an_order_is_well() -> None:
    assert problem(*ORDER) is None


@pytest.mark.parametrize(
    ("body", "reason", "tag"),
    [
        (ORDER[1:], Reason.REQUIRED_TAG_MISSING, 11),
        ([*ORDER, (38, b"1e5")], Reason.BAD_FORMAT, 38),
        ([*ORDER, (38, b"-1.5")], None, 0),
        ([*ORDER, (432, b"20260230")], None, 0),
        ([*ORDER, (432, b"20261301")], Reason.BAD_FORMAT, 432),
        ([*ORDER, (114, b"y")], Reason.BAD_FORMAT, 114),
        ([*ORDER, (18, b"1 2")], None, 0),
        ([*ORDER, (18, b"1 ?")], Reason.VALUE_INCORRECT, 18),
        ([*ORDER, (54, b"2")], Reason.TAG_REPEATED, 54),
        ([*ORDER, (112, b"x")], Reason.TAG_NOT_DEFINED, 112),
        ([*ORDER, (49, b"x")], Reason.OUT_OF_ORDER, 49),
        ([*ORDER, (93, b"1"), (58, b"x")], Reason.OUT_OF_ORDER, 58),
        ([*ORDER, (453, b"1"), (448, b"P"), (447, b"D"), (452, b"3")], None, 0),
        ([*ORDER, (453, b"2"), (448, b"P"), (802, b"1"), (523, b"s"), (448, b"Q")], None, 0),
        ([*ORDER, (453, b"2"), (448, b"P"), (802, b"2"), (523, b"s"), (448, b"Q")], Reason.GROUP_COUNT, 802),
        ([*ORDER, (453, b"1"), (447, b"D"), (448, b"P")], Reason.GROUP_COUNT, 453),
        ([*ORDER, (453, b"1"), (447, b"D")], Reason.GROUP_OUT_OF_ORDER, 453),
        ([*ORDER, (453, b"1"), (448, b"P"), (447, b"D"), (447, b"D")], Reason.TAG_REPEATED, 447),
        ([*ORDER, (453, b"x")], Reason.BAD_FORMAT, 453),
    ],
)  # fmt: skip
def test_what_is_wrong(body: list[tuple[int, bytes]], reason: Reason | None, tag: int) -> None:
    assert problem(*body) == (None if reason is None else Problem(reason, tag))


def test_user_fields_where_they_are_let_pass() -> None:
    assert problem(*ORDER, (5001, b"x")) == Problem(Reason.INVALID_TAG, 5001)
    assert problem(*ORDER, (5001, b"x"), user_fields=True) is None
    assert problem(*ORDER, (5001, b""), user_fields=True) == Problem(Reason.NO_VALUE, 5001)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"<fix", "not XML"),
        (b"<fix major='4' minor='4'></fix>", "no <fields>"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><f/>", "entities"),
        (
            b"<fix major='4' minor='4'><header><field name='X'/></header><trailer/><messages/><fields/>"
            b"</fix>",
            "X is used",
        ),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, text: bytes, why: str) -> None:
    path = tmp_path / "d.xml.gz"
    path.write_bytes(gzip.compress(text))
    with pytest.raises(ValueError, match=why):
        load(path)


_SOME = st.lists(
    st.tuples(
        st.sampled_from(
            [1, 11, 18, 21, 35, 38, 40, 44, 49, 54, 55, 58, 60, 93, 112, 126, 386, 336, 453, 448, 5001]
        ),
        st.sampled_from([b"1", b"2", b"Y", b"x", b"", b"1 2", b"20260101-00:00:00", b"PRE", b"1.5", b"0"]),
    ),
    max_size=4,
)


@settings(max_examples=200, deadline=None)
@given(_SOME, st.integers(0, 6))
def test_the_short_way_lets_pass_what_the_long_way_does(more: list[tuple[int, bytes]], left: int) -> None:
    body = [field for i, field in enumerate(ORDER) if i != left] + more
    message = parse(encode(b"FIX.4.4", [(35, b"D"), *HEAD, *body]), FIX44.data_fields)
    if validation._is_plainly_well(message, FIX44):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(validation, "_is_plainly_well", lambda *_: False)
            assert check(message, FIX44) is None
