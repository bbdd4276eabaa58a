"""A history of fills: exact positions and cash by day, whatever the columns are called; bad numbers are
refused."""

from __future__ import annotations

import io
import random
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from core.positions.history import BadFile, import_fills, number, read_fills

PLAIN = """date,symbol,qty,price,fee
2020-01-02,AAPL,100,10.01,1
2020-01-02,MSFT,-5,20,0.5
2020-01-03,AAPL,-150,10.11,1.25
2020-01-06,MSFT,5,19.5,0
"""


def imported(folder: Path, text: str, **more: str) -> dict[str, Any]:
    file = folder / "fills.csv"
    file.write_text(text)
    return import_fills(file, **more)


def test_positions_and_cash_by_day(tmp_path: Path) -> None:
    """By hand: -1001 - 1 + 100 - 0.5 = -902.5; + 1516.5 - 1.25 = 612.75; - 97.5 = 515.25."""
    found = imported(tmp_path, PLAIN)
    days = [(day["date"], day["fills"], day["cash"], day["positions"]) for day in found["days"]]
    assert days == [
        ("2020-01-02", 2, "-902.5", {"AAPL": "100", "MSFT": "-5"}),
        ("2020-01-03", 1, "612.75", {"AAPL": "-50", "MSFT": "-5"}),
        ("2020-01-06", 1, "515.25", {"AAPL": "-50"}),
    ]
    assert [day["realized_pnl"] for day in found["days"]] == ["0", "10", "12.5"]
    aapl, msft = found["positions"]
    assert aapl == {
        "symbol": "AAPL",
        "qty": "-50",
        "avg_cost": "10.11",
        "realized_pnl": "10",
        "fees": "2.25",
        "fills": 2,
    }
    assert (msft["qty"], msft["avg_cost"], msft["realized_pnl"]) == ("0", "0", "2.5")
    assert (found["cash"], found["fees"], found["fills"]) == ("515.25", "2.75", 4)


def test_cash_begins_with_what_is_given_and_the_hash_tells_files_apart(tmp_path: Path) -> None:
    first = imported(tmp_path, PLAIN, cash="1000.125")
    assert first["days"][0]["cash"] == "97.625"
    assert first["hash"] == imported(tmp_path, PLAIN, cash="1000.125")["hash"]
    assert first["hash"] != imported(tmp_path, PLAIN)["hash"]


@pytest.mark.parametrize(
    "text",
    [
        ",amount,price,symbol,commission\n2020-01-02 14:30:00+00:00,100.0,10.01,AAPL,1\n",
        "Trade Date;Ticker;Quantity;Fill Price;Fees\n"
        "01/02/2020 09:30;AAPL;+100;10.01;1.00\n13/02/2020;AAPL;0;1;0\n",
        "symbol\tside\tshares\tpx\ttimestamp\tcommission\nAAPL\tBUY\t100\t10.01\t1577975400\t1\n",
        "\ufeffDate,Symbol,Signed Qty,Price,Fee\n20200102,AAPL,1e2,1001E-2,1.\n",
        "2020-01-02,AAPL,100,10.01,1\n",
        'date,symbol,qty,price,fee,note\n"Jan 2, 2020",AAPL,100,10.01,1,"a, b"\n\n',
    ],
)
def test_columns_as_they_come(tmp_path: Path, text: str) -> None:
    found = imported(tmp_path, text)
    assert found["positions"][0]["symbol"] == "AAPL"
    assert (found["positions"][0]["qty"], found["positions"][0]["fees"], found["cash"]) == (
        "100",
        "1",
        "-1002",
    )


def test_fills_are_taken_by_time_and_those_of_one_time_as_they_stand(tmp_path: Path) -> None:
    text = "date,symbol,qty,price\n2020-01-03,A,-1,12\n2020-01-02,A,1,10\n2020-01-02,A,1,20\n"
    found = imported(tmp_path, text)
    assert [day["date"] for day in found["days"]] == ["2020-01-02", "2020-01-03"]
    assert found["realized_pnl"] == "-3"


def test_nothing_is_rounded_but_released_cost(tmp_path: Path) -> None:
    """Prices as floats print them; cash is exact to the last of their digits."""
    text = "date,symbol,qty,price,fee\n2020-01-02,A,3,10.120000000000001,1e-05\n2020-01-02,A,-1,0.1,0\n"
    found = imported(tmp_path, text)
    assert found["cash"] == "-30.260010000000003"
    assert found["positions"][0]["avg_cost"] == "10.120000000000001"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("2020-01-02,AAPL,1'000,10,0", r"fills.csv:2: qty \"1'000\" isn't a number"),
        ('2020-01-02,AAPL,"1,000",10,0', r'qty "1,000" isn\'t a number'),
        ("2020-01-02,AAPL,,10,0", 'qty "" isn\'t a number'),
        ("2020-01-02,AAPL,5,nan,0", 'price "nan" isn\'t a number'),
        ("2020-01-02,AAPL,5,$10,0", r'price "\$10" isn\'t a number'),
        ("2020-01-02,AAPL,5,10,free", 'fee "free" isn\'t a number'),
        ("2020-01-02,,5,10,0", "the symbol is empty"),
        ("someday,AAPL,5,10,0", 'date "someday"'),
    ],
)
def test_a_number_that_is_none_is_named_with_its_line(tmp_path: Path, line: str, what: str) -> None:
    with pytest.raises(BadFile, match=what):
        imported(tmp_path, f"date,symbol,qty,price,fee\n{line}\n")


def test_what_is_missing_is_told_with_the_names_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"no column for price in date, symbol, qty\. Names .*price, px"):
        imported(tmp_path, "date,symbol,qty\n2020-01-02,A,1\n")
    with pytest.raises(BadFile, match="is empty"):
        imported(tmp_path, "\n")
    with pytest.raises(BadFile, match="fills in EUR, USD: one file a currency"):
        imported(tmp_path, "date,symbol,qty,price,currency\n2020-01-02,A,1,1,EUR\n2020-01-02,B,1,1,USD\n")


def test_a_side_signs_the_quantity() -> None:
    rows = (
        "date,symbol,side,qty,price\n2020-01-02,A,Sell Short,5,1\n2020-01-02,A,BOT,2,1\n2020-01-02,A,s,-3,1\n"
    )
    fills = read_fills(io.StringIO(rows), "f").rows
    assert [fill.qty.units for fill in fills] == [-5, 2, -3]
    with pytest.raises(BadFile, match='f:2: side "hold"'):
        read_fills(io.StringIO("date,symbol,side,qty,price\n2020-01-02,A,hold,5,1\n"), "f")
    with pytest.raises(BadFile, match="a buy of -5"):
        read_fills(io.StringIO("date,symbol,side,qty,price\n2020-01-02,A,buy,-5,1\n"), "f")


def test_numbers_are_exact() -> None:
    assert number("1.50", "qty", "f:1") == (15, 1)
    assert number("+.5", "qty", "f:1") == (5, 1)
    assert number("-1.25E+3", "qty", "f:1") == (-1250, 0)
    with pytest.raises(BadFile, match=r"beyond 10\^400"):
        number("1e999", "qty", "f:1")


def test_ten_thousand_fills_against_fractions(tmp_path: Path) -> None:
    """Positions and cash of every day, against sums that know nothing of the importer."""
    rows = random.Random(7)
    qty: dict[str, Fraction] = defaultdict(Fraction)
    cash, days, lines = Fraction(0), {}, ["date,symbol,qty,price,fee"]
    for i in range(10_000):
        day = f"20{10 + i // 3000:02}-{i // 250 % 12 + 1:02}-{i // 10 % 25 + 1:02}"
        name, size = f"S{rows.randrange(30)}", rows.choice((-1, 1)) * rows.randrange(1, 900)
        px, fee = f"{rows.uniform(1, 300)!r}", f"{rows.randrange(0, 500) / 100}"
        lines.append(f"{day},{name},{size},{px},{fee}")
        days.setdefault(day, []).append((name, Fraction(size), Fraction(px), Fraction(fee)))
    expected = {}
    for day in sorted(days):
        for name, size, px, fee in days[day]:
            qty[name] += size
            cash -= size * px + fee
        expected[day] = (cash, {name: held for name, held in qty.items() if held})
    found = imported(tmp_path, "\n".join(lines))
    assert found["fills"] == 10_000
    got = {
        day["date"]: (
            Fraction(day["cash"]),
            {name: Fraction(held) for name, held in day["positions"].items()},
        )
        for day in found["days"]
    }
    assert got == expected
