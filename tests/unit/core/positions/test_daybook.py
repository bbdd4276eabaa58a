"""A journal's books: what the core ended with, each fill by name, what nobody knew, and what a person booked
of it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.positions.daybook import read_daybook
from core.positions.history import BadFile, read_fills
from core.positions.statement import opening, opening_of_fills, statement
from core.recovery import replay
from tests.unit.core.positions.conftest import Played

type Play = Callable[[list[dict[str, Any]]], Played]
LINES: list[dict[str, Any]] = [
    {
        "type": "instrument",
        "symbol": "AAPL",
        "kind": "equity",
        "price_precision": 2,
        "qty_precision": 0,
        "tick": "0.01",
        "lot": "1",
        "currency": "USD",
        "margin_bps": "2500",
    },
    {"type": "venue", "venue": "XNAS", "mode": "manual", "symbols": ["AAPL"], "taker_fee_bps": "1"},
    {"type": "account", "account": "A1", "currency": "EUR", "cash": "10000"},
    {"type": "account", "account": "SUSPENSE", "currency": "USD"},
    {"type": "limit", "check": "max_position", "value": "500", "symbol": "AAPL"},
    {"type": "fx", "pair": "EUR/USD", "rate": "1.25"},
    {"type": "mark", "symbol": "AAPL", "px": "12"},
    {
        "type": "order",
        "cl_ord_id": "1",
        "account": "A1",
        "symbol": "AAPL",
        "side": "buy",
        "order_qty": "300",
        "ord_type": "limit",
        "price": "10",
        "venue": "XNAS",
        "at": 1_000_000_000,
    },
    {
        "type": "report",
        "venue": "XNAS",
        "child_id": "1.1",
        "exec_type": "trade",
        "exec_id": "e1",
        "last_qty": "100",
        "last_px": "10",
    },
    {
        "type": "report",
        "venue": "XNAS",
        "child_id": "9.1",
        "exec_type": "trade",
        "exec_id": "e2",
        "last_qty": "40",
        "last_px": "11",
    },
    {"type": "time", "at": 61_000_000_000},
]
VENUE_FILLS = "exec_id,symbol,qty,price,fee\ne1,AAPL,100,10,0.1\ne2,AAPL,-40,11,0.044\n"
CANCEL = {"orig_cl_ord_id": "1", "cl_ord_id": "2"}


def told(path: Path, **more: Any) -> dict[str, Any]:
    return statement(read_daybook(path), **more)


def test_the_statement_is_what_the_core_ended_with(play: Play) -> None:
    """100 at 10 marked 12, fee 0.1 USD; 10000 EUR less 1000.1 USD; margin 25 % of 1200 USD is 240 EUR of
    10159.92."""
    played = play(LINES)
    end = played.printed[-1]
    found = told(played.close())
    (position,) = found["positions"]
    assert {key: position[key] for key in end["positions"][0]} == end["positions"][0]
    assert (position["mark"], position["market_value"]) == ("12", "1200")
    account, suspense = found["accounts"]
    assert {key: account[key] for key in end["accounts"][0]} == end["accounts"][0]
    assert (account["equity"], account["margin"], account["margin_percent"]) == ("10159.92", "240", "2.3622")
    assert (suspense["margin"], suspense["margin_percent"]) == ("0", None)
    assert found["fees"] == [{"account": "A1", "venue": "XNAS", "currency": "USD", "fills": 1, "fee": "0.1"}]
    assert (found["as_of"], found["state_hash"]) == ("1970-01-01T00:01:01Z", end["state_hash"])
    assert found["undone"] == {"full": 0, "overflow": 0}


def test_the_fills_by_name(play: Play) -> None:
    played = play(LINES)
    played.book(
        venue="XNAS", exec_id="e2", account="A1", symbol="AAPL", qty="-40", price="11", fee="0.044", by="anna"
    )
    first, second = read_daybook(played.close()).fills()
    assert first == {
        "time": "1970-01-01T00:00:01Z",
        "account": "A1",
        "symbol": "AAPL",
        "venue": "XNAS",
        "exec_id": "e1",
        "qty": "100",
        "price": "10",
        "fee": "0.1",
        "currency": "USD",
    }
    assert (second["qty"], second["fee"], second["by"]) == ("-40", "0.044", "anna")


def test_a_fill_that_nobody_knew_waits_and_counts_until_it_is_booked(play: Play) -> None:
    played = play(LINES)
    found = told(
        played.close(), venue_fills=read_fills(io.StringIO(VENUE_FILLS), "v", needs=("symbol",)).rows
    )
    (waiting,) = found["suspense"]
    assert (waiting["venue"], waiting["exec_id"], waiting["child_id"]) == ("XNAS", "e2", "9.1")
    assert (waiting["age_s"], waiting["status"], waiting["symbol"], waiting["qty"]) == (
        60,
        "open",
        "AAPL",
        "-40",
    )
    assert found["suspense_exposure"] == [
        {"symbol": "AAPL", "booked": "100", "suspense": "-40", "exposure": "60"}
    ]


def test_booked_it_is_in_the_position_by_a_name_and_once(play: Play) -> None:
    played = play(LINES)
    fill = {"venue": "XNAS", "exec_id": "e2", "symbol": "AAPL", "qty": "-40", "price": "11", "fee": "0.044"}
    played.book(**fill, account="SUSPENSE", by="anna")
    played.book(**fill, account="A1", by="berta")  # it is booked already
    found = told(played.close())
    (waiting,) = found["suspense"]
    assert (waiting["status"], waiting["by"], waiting["account"]) == ("booked", "anna", "SUSPENSE")
    assert found["suspense_exposure"] == []
    assert [(row["account"], row["qty"]) for row in found["positions"]] == [
        ("A1", "100"),
        ("SUSPENSE", "-40"),
    ]
    assert found["accounts"][1]["cash"] == {"USD": "439.956"}
    assert replay(played.path)["ok"]


def test_what_a_person_books_counts_in_the_limits(play: Play) -> None:
    """300 working or held, 150 booked: 50 more are 500, which passes; one more doesn't."""
    played = play(LINES)
    played.book(
        venue="XNAS", exec_id="h", account="SUSPENSE", symbol="AAPL", qty="150", price="10", by="anna"
    )
    order = {
        "type": "order",
        "account": "A1",
        "symbol": "AAPL",
        "side": "buy",
        "ord_type": "limit",
        "price": "10",
    }
    played.line(**order, cl_ord_id="3", order_qty="51", venue="XNAS")
    played.line(**order, cl_ord_id="4", order_qty="50", venue="XNAS")
    denied = [line for line in played.printed if line["type"] == "deny"]
    assert [(line["cl_ord_id"], line["value"]) for line in denied] == [("3", "501")]


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"account": "A9"}, "account 'A9' isn't declared; one of A1, SUSPENSE"),
        ({"venue": "X"}, "venue 'X' isn't declared"),
        ({"symbol": "MSFT"}, "symbol 'MSFT' isn't declared"),
        ({"by": ""}, "by '': give 1 to 31 bytes"),
        ({"exec_id": "x" * 40}, "exec_id 'x+': give 1 to 31"),
        ({"qty": "1.5"}, "qty: more than 0 digits"),
        ({"qty": "0"}, "qty must not be 0"),
        ({"price": "1e2"}, "isn't a number"),
    ],
)
def test_a_booking_is_checked(play: Play, more: dict[str, str], what: str) -> None:
    fill = {
        "venue": "XNAS",
        "exec_id": "h",
        "account": "A1",
        "symbol": "AAPL",
        "qty": "1",
        "price": "10",
        "by": "anna",
    }
    with pytest.raises(ValueError, match=what):
        play(LINES).book(**fill | more)


def test_what_changed_since_yesterday(play: Play) -> None:
    before = {
        "as_of": "yesterday",
        "accounts": [
            {"account": "A1", "equity": "10000", "realized_pnl": "0", "unrealized_pnl": None, "fees": "0.01"}
        ],
    }
    found = told(play(LINES).close(), previous=before)
    first, second = found["change"]
    assert (found["since"], first["equity"], first["fees"], first["unrealized_pnl"]) == (
        "yesterday",
        "159.92",
        "0.07",
        None,
    )
    assert second["equity"] is None


def test_a_statement_begins_the_next_day_unless_it_was_changed(play: Play) -> None:
    found = json.loads(json.dumps(told(play(LINES).close())))
    assert list(opening(found)) == [
        {"type": "open_position", "account": "A1", "symbol": "AAPL", "qty": "100", "avg_cost": "10"}
    ]
    found["positions"][0]["qty"] = "1000"
    with pytest.raises(BadFile, match="was changed: its hash is"):
        list(opening(found))
    with pytest.raises(BadFile, match="not a statement"):
        list(opening({"positions": []}))


def test_positions_of_a_file_begin_a_day() -> None:
    rows = read_fills(
        io.StringIO("account,symbol,qty,avg_price\nA,X,5,1.5\nA,Y,0,1\n"), "f", needs=("symbol", "qty")
    ).rows
    assert list(opening_of_fills(rows, "")) == [
        {"type": "open_position", "account": "A", "symbol": "X", "qty": "5", "avg_cost": "1.5"}
    ]
    with pytest.raises(BadFile, match="line 2: A X comes twice"):
        list(opening_of_fills([rows[0], rows[0]], ""))
