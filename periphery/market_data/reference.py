"""Instruments as venues declare them, as lines for a core: tick, lot, precision, currencies.

The documents are those of the venues' public services: Binance's exchangeInfo (spot, USD-M, COIN-M), Kraken's
AssetPairs, Coinbase's products. A reference file is such lines, a JSON object a line: first instruments, then
the venue that lists them; `nacre core run --declare` takes it as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from core.scenario.values import convert
from periphery.market_data.venues import VENUES

PRECISION_MAX = 12

URLS = {
    "binance": "https://api.binance.com/api/v3/exchangeInfo",
    "binance_usdm": "https://fapi.binance.com/fapi/v1/exchangeInfo",
    "binance_coinm": "https://dapi.binance.com/dapi/v1/exchangeInfo",
    "kraken": "https://api.kraken.com/0/public/AssetPairs",
    "coinbase": "https://api.exchange.coinbase.com/products",
}

type Line = dict[str, Any]


class BadReference(ValueError):
    """A document or file that doesn't say what it must; the message names the place."""


def instruments(venue: str, document: Any, symbols: Iterable[str] = ()) -> list[Line]:
    """Instrument lines of a venue's document; symbols: those that are wanted, else all that trade.

    BadReference: the document isn't one of that venue's, or has none of a symbol that is wanted.
    """
    wanted = set(symbols)
    try:
        lines = [line for line in _READERS[venue](document) if not wanted or line["symbol"] in wanted]
    except KeyError as error:
        raise BadReference(f"{venue}: no key {error} in its document") from error
    except (TypeError, AttributeError, InvalidOperation) as error:
        raise BadReference(f"{venue}: its document isn't of the form that it publishes: {error}") from error
    missing = wanted - {line["symbol"] for line in lines}
    if missing:
        raise BadReference(f"{venue}: {', '.join(sorted(missing))}: not in its document, or it doesn't trade")
    return lines


def declarations(venue: str, lines: list[Line], names: Mapping[str, str] | None = None) -> list[Line]:
    """Instruments and the venue that lists them. names: the core's, by the venue's."""
    named = [line | {"symbol": (names or {}).get(line["symbol"], line["symbol"])} for line in lines]
    listed = [line["symbol"] for line in named]
    return [*named, {"type": "venue", "venue": VENUES[venue].name, "mode": "match", "symbols": listed}]


def write(path: Path, lines: Iterable[Line]) -> None:
    """A reference file."""
    path.write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))


def load(path: Path) -> list[Line]:
    """The lines of a reference file, each checked as a core would. OSError, BadReference."""
    found = []
    for number, text in enumerate(path.read_text().splitlines(), 1):
        try:
            line = json.loads(text)
            word, _, _ = convert(json.loads(text))
        except ValueError as error:
            raise BadReference(f"{path}, line {number}: {error}") from error
        if word not in ("instrument", "venue"):
            raise BadReference(f"{path}, line {number}: {word}: an instrument or a venue is expected")
        found.append(line)
    return found


# ---- documents ---------------------------------------------------------------------------------------------


def _binance(document: Any) -> Iterator[Line]:
    for row in document["symbols"]:
        if row["status"] == "TRADING":
            yield _line(
                row["symbol"], "spot", *_steps(row), base=row["baseAsset"], currency=row["quoteAsset"]
            )


def _usdm(document: Any) -> Iterator[Line]:
    for row in document["symbols"]:
        if row["status"] == "TRADING" and row["contractType"] == "PERPETUAL":
            yield _line(row["symbol"], "perpetual", *_steps(row), currency=row["quoteAsset"])


def _coinm(document: Any) -> Iterator[Line]:
    """Inverse: in contracts of so many dollars, settled in the coin."""
    for row in document["symbols"]:
        if row["contractStatus"] == "TRADING" and row["contractType"] == "PERPETUAL":
            line = _line(row["symbol"], "perpetual", *_steps(row), currency=row["quoteAsset"])
            size = _plain(row["contractSize"])
            yield line | {"multiplier": size, "inverse": True, "settle_currency": row["marginAsset"]}


def _steps(row: Any) -> tuple[str, str, str]:
    """Tick, lot and the least quantity."""
    filters = {each["filterType"]: each for each in row["filters"]}
    lot = filters["LOT_SIZE"]
    return filters["PRICE_FILTER"]["tickSize"], lot["stepSize"], lot["minQty"]


def _kraken(document: Any) -> Iterator[Line]:
    if document.get("error"):
        raise BadReference(f"kraken: {', '.join(map(str, document['error']))}")
    for row in document["result"].values():
        if "wsname" in row and row.get("status", "online") == "online":
            tick = row.get("tick_size") or Decimal(1).scaleb(-int(row["pair_decimals"]))
            lot = Decimal(1).scaleb(-int(row["lot_decimals"]))
            base, _, currency = row["wsname"].partition("/")
            yield _line(
                row["wsname"], "spot", tick, lot, row.get("ordermin", lot), base=base, currency=currency
            )


def _coinbase(document: Any) -> Iterator[Line]:
    for row in document:
        if row.get("status", "online") == "online" and not row.get("trading_disabled", False):
            lot = row["base_increment"]
            words = {"base": row["base_currency"], "currency": row["quote_currency"]}
            yield _line(
                row["id"], "spot", row["quote_increment"], lot, row.get("base_min_size", lot), **words
            )


_READERS: dict[str, Callable[[Any], Iterator[Line]]] = {
    "binance": _binance,
    "binance_usdm": _usdm,
    "binance_coinm": _coinm,
    "kraken": _kraken,
    "coinbase": _coinbase,
}


def _line(symbol: str, kind: str, tick: Any, lot: Any, least: Any, *, currency: str, base: str = "") -> Line:
    found = {
        "type": "instrument",
        "symbol": symbol,
        "kind": kind,
        "price_precision": _digits(symbol, tick),
        "qty_precision": _digits(symbol, lot),
        "tick": _plain(tick),
        "lot": _plain(lot),
        "min_qty": _plain(least),
        "currency": currency,
    }
    return found | ({"base_currency": base} if base else {})


def _plain(number: Any) -> str:
    """Without an exponent and without zeros at the end."""
    value = Decimal(str(number))
    return f"{value.normalize():f}"


def _digits(symbol: str, step: Any) -> int:
    exponent = Decimal(str(step)).normalize().as_tuple().exponent
    digits = max(-int(exponent), 0)
    if digits > PRECISION_MAX or Decimal(str(step)) <= 0:
        raise BadReference(f"{symbol}: a step of {step}: more than 0, of at most {PRECISION_MAX} digits")
    return digits
