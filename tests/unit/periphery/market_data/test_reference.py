"""Venues' documents become declarations that a core takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.live.book import Book
from core.scenario.reader import Line
from core.scenario.values import convert
from periphery.market_data.reference import BadReference, declarations, instruments, load, write


def filters(tick: str, lot: str, least: str) -> list[dict[str, str]]:
    return [
        {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00", "tickSize": tick},
        {"filterType": "LOT_SIZE", "minQty": least, "maxQty": "9000.00", "stepSize": lot},
        {"filterType": "ICEBERG_PARTS", "limit": 10},
    ]


SPOT = {"status": "TRADING", "baseAsset": "BTC", "quoteAsset": "USDT"}
PERPETUAL = SPOT | {"contractType": "PERPETUAL", "marginAsset": "USDT"}
DOCUMENTS: dict[str, Any] = {
    "binance": {
        "timezone": "UTC",
        "symbols": [
            SPOT | {"symbol": "BTCUSDT", "filters": filters("0.01000000", "0.00001000", "0.00001000")},
            SPOT | {"symbol": "OLDUSDT", "status": "BREAK", "filters": filters("0.1", "1", "1")},
        ],
    },
    "binance_usdm": {
        "symbols": [
            PERPETUAL | {"symbol": "BTCUSDT", "filters": filters("0.10", "0.001", "0.001")},
            PERPETUAL
            | {"symbol": "BTCUSDT_240927", "contractType": "CURRENT_QUARTER", "filters": []},
        ]
    },
    "binance_coinm": {
        "symbols": [
            {
                "symbol": "BTCUSD_PERP", "contractType": "PERPETUAL", "contractStatus": "TRADING",
                "contractSize": 100, "baseAsset": "BTC", "quoteAsset": "USD", "marginAsset": "BTC",
                "filters": filters("0.1", "1", "1"),
            }
        ]
    },
    "kraken": {
        "error": [],
        "result": {
            "XXBTZUSD": {
                "altname": "XBTUSD", "wsname": "XBT/USD", "base": "XXBT", "quote": "ZUSD", "pair_decimals": 1,
                "lot_decimals": 8, "ordermin": "0.0001", "tick_size": "0.1", "status": "online",
            },
            "ADAXBT": {"wsname": "ADA/XBT", "pair_decimals": 8, "lot_decimals": 8, "status": "cancel_only"},
        },
    },
    "coinbase": [
        {
            "id": "BTC-USD", "base_currency": "BTC", "quote_currency": "USD", "quote_increment": "0.01",
            "base_increment": "0.00000001", "status": "online", "trading_disabled": False,
        },
        {
            "id": "OLD-USD", "base_currency": "OLD", "quote_currency": "USD", "quote_increment": "0.01",
            "base_increment": "1", "status": "delisted", "trading_disabled": True,
        },
    ],
}  # fmt: skip
EXPECTED: dict[str, dict[str, Any]] = {
    "binance": {
        "symbol": "BTCUSDT", "kind": "spot", "price_precision": 2, "qty_precision": 5, "tick": "0.01",
        "lot": "0.00001", "min_qty": "0.00001", "currency": "USDT", "base_currency": "BTC",
    },
    "binance_usdm": {
        "symbol": "BTCUSDT", "kind": "perpetual", "price_precision": 1, "qty_precision": 3, "tick": "0.1",
        "lot": "0.001", "min_qty": "0.001", "currency": "USDT",
    },
    "binance_coinm": {
        "symbol": "BTCUSD_PERP", "kind": "perpetual", "price_precision": 1, "qty_precision": 0, "tick": "0.1",
        "lot": "1", "min_qty": "1", "currency": "USD", "multiplier": "100", "inverse": True,
        "settle_currency": "BTC",
    },
    "kraken": {
        "symbol": "XBT/USD", "kind": "spot", "price_precision": 1, "qty_precision": 8, "tick": "0.1",
        "lot": "0.00000001", "min_qty": "0.0001", "currency": "USD", "base_currency": "XBT",
    },
    "coinbase": {
        "symbol": "BTC-USD", "kind": "spot", "price_precision": 2, "qty_precision": 8, "tick": "0.01",
        "lot": "0.00000001", "min_qty": "0.00000001", "currency": "USD", "base_currency": "BTC",
    },
}  # fmt: skip


@pytest.mark.parametrize("venue", DOCUMENTS)
def test_what_trades_is_declared_as_the_venue_has_it(venue: str) -> None:
    assert instruments(venue, DOCUMENTS[venue]) == [{"type": "instrument", **EXPECTED[venue]}]


@pytest.mark.parametrize("venue", DOCUMENTS)
def test_a_core_takes_the_file(venue: str, tmp_path: Path) -> None:
    lines = declarations(venue, instruments(venue, DOCUMENTS[venue]), {"XBT/USD": "XBTUSD"})
    write(tmp_path / "reference.jsonl", lines)
    loaded = load(tmp_path / "reference.jsonl")
    assert loaded == lines
    book = Book()
    for number, line in enumerate(loaded, 1):
        word, at, data = convert(json.loads(json.dumps(line)))
        book.events(Line(number, at or 0, word, data))
    symbol = book.directory.symbol_list[0]
    assert symbol.name == ("XBTUSD" if venue == "kraken" else EXPECTED[venue]["symbol"])
    assert symbol.venues == book.directory.venue_list
    assert symbol.inverse is (venue == "binance_coinm")


def test_only_the_symbols_that_are_wanted() -> None:
    assert [line["symbol"] for line in instruments("binance", DOCUMENTS["binance"], ["BTCUSDT"])] == [
        "BTCUSDT"
    ]
    with pytest.raises(BadReference, match="ETHUSDT, OLDUSDT: not in its document"):
        instruments("binance", DOCUMENTS["binance"], ["OLDUSDT", "ETHUSDT", "BTCUSDT"])


@pytest.mark.parametrize(
    ("venue", "document", "word"),
    [
        ("binance", {}, "no key 'symbols'"),
        ("binance", [], "isn't of the form"),
        ("binance", {"symbols": [SPOT | {"symbol": "X", "filters": []}]}, "no key 'LOT_SIZE'"),
        ("kraken", {"error": ["EGeneral:Busy"], "result": {}}, "EGeneral:Busy"),
        ("coinbase", [DOCUMENTS["coinbase"][0] | {"quote_increment": "none"}], "isn't of the form"),
        ("coinbase", [DOCUMENTS["coinbase"][0] | {"quote_increment": "1e-15"}], "at most 12 digits"),
        ("coinbase", [DOCUMENTS["coinbase"][0] | {"quote_increment": "0"}], "more than 0"),
    ],
)
def test_a_document_that_is_none_is_refused_by_its_place(venue: str, document: Any, word: str) -> None:
    with pytest.raises(BadReference, match=word):
        instruments(venue, document)


@pytest.mark.parametrize(
    "text", ["{", '{"type":"order"}', '{"type":"instrument","symbol":"X"}', '{"type":"fx"}']
)
def test_a_file_that_is_none_is_refused_by_its_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "reference.jsonl").write_text(text + "\n")
    with pytest.raises(BadReference, match="line 1"):
        load(tmp_path / "reference.jsonl")
