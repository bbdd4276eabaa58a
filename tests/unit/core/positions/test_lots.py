"""Lots by each method, worked out by hand; and sums that hold whatever the method."""

from __future__ import annotations

import io
import random
from fractions import Fraction
from typing import Any

import pytest

from core.positions.history import BadFile, Fill, read_fills
from core.positions.lots import METHODS, realized_gains

LONG = """id,date,symbol,qty,price,fee,closes
a,2020-01-02,X,10,10,1,
b,2020-02-03,X,10,14,1,
c,2020-03-02,X,10,12,1,
d,2021-06-01,X,-15,20,3,{closes}
"""


def fills(text: str) -> list[Fill]:
    return read_fills(io.StringIO(text), "fills.csv").rows


def gains(method: str, closes: str = "", text: str = LONG) -> dict[str, Any]:
    return realized_gains(fills(text.format(closes=closes)), method)


@pytest.mark.parametrize(
    ("method", "closes", "lots", "gain"),
    [
        # 300 less 10 x 10, 5 x 14; fees 3, 1, 0.5
        ("fifo", "", [("a", "10"), ("b", "5")], "125.5"),
        # 300 less 10 x 12, 5 x 14
        ("lifo", "", [("c", "10"), ("b", "5")], "105.5"),
        # 300 less 10 x 14, 5 x 12
        ("hifo", "", [("b", "10"), ("c", "5")], "95.5"),
        # 300 less 5 x 10, 10 x 12; fees 3, 0.5, 1
        ("specific", "a:5;c", [("a", "5"), ("c", "10")], "125.5"),
    ],
)
def test_which_lots_are_closed(method: str, closes: str, lots: list[tuple[str, str]], gain: str) -> None:
    found = gains(method, closes)
    assert [(part["lot"], part["qty"]) for part in found["closed"]] == lots
    assert found["gain"] == gain
    assert sum(Fraction(lot["qty"]) for lot in found["open"]) == 15


def test_terms_and_money_of_a_part() -> None:
    first, second = gains("fifo")["closed"]
    assert (first["cost"], first["proceeds"], first["fees"], first["gain"]) == ("100", "200", "3", "97")
    assert (first["opened"], first["closed"], first["days"], first["term"]) == (
        "2020-01-02",
        "2021-06-01",
        516,
        "long",
    )
    assert (second["fees"], second["gain"]) == ("1.5", "28.5")
    assert gains("fifo")["symbols"] == [
        {"symbol": "X", "gain": "125.5", "short_term": "0", "long_term": "125.5"}
    ]


def test_a_short_is_closed_by_buys_and_hifo_takes_its_cheapest() -> None:
    text = (
        "id,date,symbol,qty,price,fee\na,2020-01-02,X,-5,10,0\nb,2020-01-02,X,-5,8,0\nc,2020-01-03,X,7,9,0\n"
    )
    found = gains("hifo", text=text)
    assert [(part["lot"], part["qty"], part["gain"]) for part in found["closed"]] == [
        ("b", "-5", "-5"),
        ("a", "-2", "2"),
    ]
    assert found["open"] == [
        {"symbol": "X", "lot": "a", "opened": "2020-01-02", "qty": "-3", "price": "10", "fees": "0"}
    ]


def test_through_zero_the_rest_is_a_lot_of_its_own() -> None:
    text = "date,symbol,qty,price,fee\n2020-01-02,X,4,10,0\n2020-01-03,X,-10,11,5\n"
    found = gains("fifo", text=text)
    assert found["gain"] == "2"  # 4 x 1, less 4/10 of the fee
    assert found["open"] == [
        {"symbol": "X", "lot": "line 3", "opened": "2020-01-03", "qty": "-6", "price": "11", "fees": "3"}
    ]


@pytest.mark.parametrize(
    ("closes", "what"),
    [
        ("z", "closes 'z', which isn't an open lot of X: one of a, b, c"),
        ("a:11", "closes 11 of 'a': 10 are open, 15 wanted"),
        ("a", "5 of X are closed without a lot"),
        ("", "15 of X are closed without a lot"),
    ],
)
def test_specific_lots_must_be_there_and_enough(closes: str, what: str) -> None:
    with pytest.raises(BadFile, match=f"line 5: {what}"):
        gains("specific", closes)


@pytest.mark.parametrize("method", [method for method in METHODS if method != "specific"])
def test_nothing_is_lost_whatever_the_method(method: str) -> None:
    """Gains and what is open add up to the cash flow, exactly, where everything has few digits."""
    rows, lines = random.Random(3), ["date,symbol,qty,price,fee"]
    flow: dict[str, Fraction] = {}
    for i in range(400):
        name, qty, px = (
            rows.choice("XYZ"),
            rows.choice((-1, 1)) * 2 ** rows.randrange(6),
            rows.randrange(50, 150),
        )
        lines.append(f"2020-01-{i // 20 + 1:02},{name},{qty},{px},0.5")
        flow[name] = flow.get(name, Fraction(0)) - qty * px - Fraction(1, 2)
    found = realized_gains(fills("\n".join(lines)), method)
    for row in found["symbols"]:
        held = [lot for lot in found["open"] if lot["symbol"] == row["symbol"]]
        cost = sum(Fraction(lot["qty"]) * Fraction(lot["price"]) + Fraction(lot["fees"]) for lot in held)
        assert abs(Fraction(row["gain"]) - cost - flow[row["symbol"]]) < Fraction(1, 10**5)
