"""What each venue wants to be asked: addresses, subscriptions, and how a lost book is had again.

What their messages mean is read by core.data, as in recordings.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from core.data.binance import Binance
from core.data.coinbase import Coinbase
from core.data.jsonlines import Venue
from core.data.kraken import Kraken
from periphery.market_data.settings import Settings


class Adapter(ABC):
    """One venue. url, rest: of its public service. name: the venue's, as a core has it."""

    name: ClassVar[str]
    url: ClassVar[str]
    rest: ClassVar[str] = ""
    numbers_deltas: ClassVar[bool] = True
    """Or sums them up. Where not, only trades' numbers and crossed books tell that something is missing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.symbols = settings.symbol_list
        self.channels = settings.channel_list

    @abstractmethod
    def decoder(self) -> Venue:
        """Who reads its messages."""

    def address(self) -> str:
        """Where to connect."""
        return self.settings.url or self.url

    @abstractmethod
    def subscriptions(self) -> list[str]:
        """What to say once connected."""

    def again(self, symbols: Sequence[str]) -> list[str]:
        """What to say so that whole books are sent anew; nothing where `snapshot_url` has them."""
        return []

    def snapshot_url(self, symbol: str) -> str:
        """Where the whole book of a symbol is had; empty where it is sent."""
        return ""


class BinanceAdapter(Adapter):
    """Spot: combined streams; a book is a snapshot by request with the deltas that follow it."""

    name = "BINANCE_SPOT"
    url = "wss://stream.binance.com:9443/stream"
    rest = "https://api.binance.com"
    depth_path = "/api/v3/depth"
    depth_limit = 5000

    def decoder(self) -> Venue:
        return Binance(self.name)

    def address(self) -> str:
        words = {"book": "depth@100ms", "trades": "trade", "quotes": "bookTicker"}
        streams = [
            f"{symbol.lower()}@{words[channel]}" for symbol in self.symbols for channel in self.channels
        ]
        return f"{super().address()}?streams={'/'.join(streams)}"

    def subscriptions(self) -> list[str]:
        return []

    def snapshot_url(self, symbol: str) -> str:
        rest = (self.settings.rest or self.rest).rstrip("/")
        return f"{rest}{self.depth_path}?symbol={symbol.upper()}&limit={self.depth_limit}"


class BinanceUsdmAdapter(BinanceAdapter):
    """USD-M perpetuals."""

    name = "BINANCE_USDM"
    url = "wss://fstream.binance.com/stream"
    rest = "https://fapi.binance.com"
    depth_path = "/fapi/v1/depth"
    depth_limit = 1000


class BinanceCoinmAdapter(BinanceUsdmAdapter):
    """COIN-M perpetuals."""

    name = "BINANCE_COINM"
    url = "wss://dstream.binance.com/stream"
    rest = "https://dapi.binance.com"
    depth_path = "/dapi/v1/depth"


class KrakenAdapter(Adapter):
    """Its websocket, version 1: a book's update has a checksum; a wrong one is mended by subscribing anew."""

    name = "KRAKEN"
    url = "wss://ws.kraken.com"
    depth = 1000
    words: ClassVar[dict[str, str]] = {"book": "book", "trades": "trade", "quotes": "spread"}

    def decoder(self) -> Venue:
        return Kraken()

    def subscriptions(self) -> list[str]:
        return [self._say("subscribe", self.words[channel], self.symbols) for channel in self.channels]

    def again(self, symbols: Sequence[str]) -> list[str]:
        return [self._say(event, "book", symbols) for event in ("unsubscribe", "subscribe")]

    def _say(self, event: str, name: str, pairs: Sequence[str]) -> str:
        about: dict[str, Any] = {"name": name} | ({"depth": self.depth} if name == "book" else {})
        return _json({"event": event, "pair": list(pairs), "subscription": about})


class CoinbaseAdapter(Adapter):
    """Its exchange feed. Matches are numbered, changes of books aren't."""

    name = "COINBASE"
    url = "wss://ws-feed.exchange.coinbase.com"
    numbers_deltas = False
    words: ClassVar[dict[str, str]] = {"book": "level2_batch", "trades": "matches", "quotes": "ticker"}

    def decoder(self) -> Venue:
        return Coinbase()

    def subscriptions(self) -> list[str]:
        channels = [self.words[channel] for channel in self.channels]
        return [self._say("subscribe", self.symbols, [*channels, "heartbeat"])]

    def again(self, symbols: Sequence[str]) -> list[str]:
        return [self._say(word, symbols, [self.words["book"]]) for word in ("unsubscribe", "subscribe")]

    def _say(self, word: str, symbols: Sequence[str], channels: Sequence[str]) -> str:
        return _json({"type": word, "product_ids": list(symbols), "channels": list(channels)})


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


VENUES: dict[str, type[Adapter]] = {
    "binance": BinanceAdapter,
    "binance_usdm": BinanceUsdmAdapter,
    "binance_coinm": BinanceCoinmAdapter,
    "kraken": KrakenAdapter,
    "coinbase": CoinbaseAdapter,
}


def adapter_of(settings: Settings) -> Adapter:
    """ValueError: there is no venue of that name."""
    kind = VENUES.get(settings.venue)
    if kind is None:
        raise ValueError(f"venue {settings.venue!r}: one of {', '.join(VENUES)}")
    return kind(settings)


def venue_name(venue: str) -> str:
    """The venue as a core has it, by its name here or there."""
    kind = VENUES.get(venue)
    return venue if kind is None else kind.name
