"""Positions and money of the core against the model, after 10,000 random fills; the model against people."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from tests.model.compare import ROOT, Lines, check, run_core
from tests.model.ledger import Fill, Instrument, Position, Rates, half_even, replay, shown
from tests.model.random_fills import Day, Group
from tests.model.reader import Reader, read

SEED = 20140502
FILLS = 10_000
AT_LEAST = {
    "fill": FILLS, "open": 500, "add": 500, "flip": 500, "partial_close": 500, "exact_close": 500,
    "rebate": 1000, "own_fee": 300, "maker": 1000, "taker": 1000, "buy": 1000, "sell": 1000,
    "limit": 1000, "market": 500, "equity": 500, "spot": 500, "fx": 500, "future": 500, "perpetual": 500,
    "inverse": 1000, "inverse_flip": 100, "inverse_partial_close": 100, "inverse_exact_close": 100,
}  # fmt: skip
CASES = sorted(
    path
    for topic in ("money", "risk", "kill")
    for path in (ROOT / "tests/scenarios" / topic).glob("*.jsonl")
    if "flatten" not in path.stem  # its orders are the core's own: tests/model/orders knows them
    and '"positions"' in path.with_suffix(".expected").read_text()  # others say nothing of money
)
SHARE = Instrument("AAPL", "equity", 2, 0, "USD")
FUTURE = Instrument("ES", "future", 2, 0, "USD", Fraction(50))
INVERSE = Instrument("XBTUSD", "perpetual", 1, 0, "BTC", Fraction(100), inverse=True)


@pytest.fixture(scope="module")
def day() -> list[Group]:
    """The day of random fills."""
    return list(Day(SEED).groups(FILLS))


def position(instrument: Instrument, *fills: tuple[str, str, str]) -> Position:
    """The position after fills of (signed qty, px, fee)."""
    return replay(instrument, None, (Fill(*(Fraction(number) for number in fill)) for fill in fills))


# --- the model against five examples computed by hand


def test_partial_close_at_the_average() -> None:
    """100 at 10 and 50 at 13 cost 1650; 60 sold at 12 release 660 and make 60; fees 3 less in cash."""
    p = position(SHARE, ("100", "10", "1"), ("50", "13", "1"), ("-60", "12", "1"))
    assert [p.qty, p.cost, p.realized, p.fees] == [90, 990, 60, 3]
    assert p.cash == -1000 - 650 + 720 - 3
    assert p.unrealized(Fraction("11.5")) == 45


def test_flip_of_a_future() -> None:
    """2 long at 4000, 5 sold at 4010 x 50: 1000 made, 3 short at 4010; at 4000 they are 1500 in front."""
    p = position(FUTURE, ("2", "4000", "0"), ("-5", "4010", "0"))
    assert [p.qty, p.avg_cost(), p.realized, p.cash] == [-3, 4010, 1000, 1000]
    assert p.unrealized(Fraction(4000)) == 1500


def test_inverse_short() -> None:
    """1000 USD short at 50000 (0.02 BTC), half bought at 40000: 0.0125 - 0.01 made; the rest has as much."""
    p = position(INVERSE, ("-10", "50000", "0"), ("5", "40000", "0"))
    assert [p.qty, p.cost, p.realized] == [-5, Fraction("0.01"), Fraction("0.0025")]
    assert [p.avg_cost(), p.unrealized(Fraction(40000))] == [50000, Fraction("0.0025")]


def test_released_cost_is_rounded_half_to_even() -> None:
    """30.02 / 3 is 10.00666667 in units of 10^-8; half of the 20.01333333 left is a tie: to the even 6."""
    p = position(SHARE, ("1", "10", "0"), ("2", "10.01", "0"), ("-1", "10", "0"))
    assert p.realized == Fraction("-0.00666667")
    assert shown(p.avg_cost(), 8) == "10.00666666"
    p.apply(Fill(Fraction(-1), Fraction(10), Fraction(0)))
    assert (p.realized, p.cost) == (Fraction("-0.01333333"), Fraction("10.00666667"))


def test_fees_and_rates() -> None:
    """1 bps of 1250 and 1350 at two digits are ties; a reverse pair is 1 / rate, a cross is nothing."""
    fills = [(125, 1), (135, 1), (-125, -1)]
    fees = [SHARE.fee(Fraction(qty), Fraction(10), Fraction(bps), 2) for qty, bps in fills]
    assert fees == [Fraction("0.12"), Fraction("0.14"), Fraction("-0.12")]
    rates = Rates({("EUR", "USD"): Fraction("1.25"), ("USD", "JPY"): Fraction(150)})
    assert (rates.of("USD", "EUR"), rates.of("EUR", "JPY")) == (Fraction("0.8"), None)
    rounded = [shown(half_even(Fraction(text), 2), 2) for text in ("-0.001", "2.5", "-2.675")]
    assert rounded == ["0", "2.5", "-2.68"]


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_model_agrees_with_people(path: Path) -> None:
    """Each position line and the money of `end` of the cases that people wrote."""
    by_hand = [json.loads(line) for line in path.with_suffix(".expected").read_text().splitlines()]
    expected = read(path.read_text().splitlines())
    positions = [(line["line"], line) for line in by_hand if line["type"] == "position"]
    assert positions == [(n, {"type": "position", "at": a["at"], "line": n, **line}) for (n, line), (_, a) in
                         zip(expected.positions, positions, strict=True)]  # fmt: skip
    assert by_hand[-1]["positions"] == expected.end_positions
    assert by_hand[-1]["accounts"] == expected.end_accounts


# --- the day


def test_day_covers_what_matters(day: list[Group]) -> None:
    """Each kind of fill came at least so often."""
    seen = read(line for group in day for line in group).seen
    assert {name: seen[name] for name, least in AT_LEAST.items() if seen[name] < least} == {}


def test_core_agrees_with_the_model(day: list[Group]) -> None:
    """Every position line and the cash, equity and positions of `end`."""
    check(day, run_core)


# --- the check itself


def printed(text: str) -> Lines:
    """What a core that is the model would print."""
    result = read(text.splitlines())
    lines: Lines = [{"type": "position", "line": number, **line} for number, line in result.positions]
    return [*lines, {"type": "end", "positions": result.end_positions, "accounts": result.end_accounts}]


def test_check_passes_what_is_right() -> None:
    """No difference, no complaint."""
    check(list(Day(1).groups(50)), printed)


def test_check_finds_and_shrinks_a_planted_error() -> None:
    """A core that forgets what an inverse made whenever it flips is shown up by two orders."""

    def wrong(text: str) -> Lines:
        lines = printed(text)
        flips = flips_of_inverse(text)
        return [{**line, "realized_pnl": "0"} if line.get("line") in flips else line for line in lines]

    with pytest.raises(AssertionError) as failure:
        check(list(Day(2).groups(200)), wrong)
    message = str(failure.value)
    assert "realized_pnl: expected" in message
    assert "found '0'" in message
    assert message.count('"type": "order"') == 2


def flips_of_inverse(text: str) -> set[int]:
    """The lines at which an inverse goes through zero."""
    reader, flips = Reader(), set()
    for number, line in enumerate(text.splitlines(), 1):
        before = reader.seen["inverse_flip"]
        reader.feed(json.loads(line))
        if reader.seen["inverse_flip"] > before:
            flips.add(number)
    return flips


def test_check_says_what_is_missing() -> None:
    """A position line that never came is the first difference."""
    with pytest.raises(AssertionError, match=r"position A\d .*: expected 'A\d', found '\(missing\)'"):
        check(list(Day(3).groups(20)), lambda text: printed(text)[1:])
