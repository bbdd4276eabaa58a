"""A venue's book as `depth` lines: whoever follows the lines has the book."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, strategies as st

from periphery.nautilus_trader.depth import SIDES, Change, Shown, short

CHANGE = st.one_of(
    st.just(Change("CLEAR")),
    st.builds(
        Change, st.sampled_from(["ADD", "UPDATE", "DELETE"]), st.sampled_from(["BUY", "SELL"]),
        st.sampled_from(["1.01", "1.02", "1.03"]), st.sampled_from(["0", "1", "2.5"]),
    ),
)  # fmt: skip


def followed(book: dict[tuple[str, str], str], lines: list[dict[str, str]]) -> None:
    for line in lines:
        key = line["side"], line["px"]
        if line["qty"] == "0":
            del book[key]
        else:
            assert book.get(key) != line["qty"], "told again"
            book[key] = line["qty"]


@given(st.lists(st.lists(CHANGE, max_size=5), max_size=8))
def test_who_follows_the_lines_has_the_book(messages: list[list[Change]]) -> None:
    shown, book = Shown(), dict[tuple[str, str], str]()
    venue: dict[tuple[str, str], str] = {}
    for message in messages:
        for each in message:
            if each.action == "CLEAR":
                venue.clear()
            elif each.action == "DELETE" or each.qty == "0":
                venue.pop((SIDES[each.side], each.px), None)
            else:
                venue[SIDES[each.side], each.px] = each.qty
        followed(book, shown.lines(message))
        assert book == venue
    again: dict[tuple[str, str], str] = {}
    followed(again, shown.all())
    assert again == venue
    followed(book, shown.forget())
    assert book == {}


def test_levels_that_go_are_told_first() -> None:
    shown = Shown()
    shown.lines([Change("ADD", "SELL", "1.02", "1")])
    lines = shown.lines(
        [Change("CLEAR"), Change("ADD", "BUY", "1.03", "1"), Change("ADD", "SELL", "1.04", "1")]
    )
    assert [(line["side"], line["px"], line["qty"]) for line in lines] == [
        ("sell", "1.02", "0"),
        ("buy", "1.03", "1"),
        ("sell", "1.04", "1"),
    ]


@given(st.decimals(allow_nan=False, allow_infinity=False, places=16, min_value=-(10**13), max_value=10**13))
def test_short_text_is_the_number(number: Decimal) -> None:
    text = short(number)
    assert Decimal(text) == number
    assert "E" not in text
    assert not ("." in text and text.endswith("0"))
