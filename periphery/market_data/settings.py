"""How the market data of one venue is taken: a section of a TOML file, then the environment."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

SECTION = "market_data"
AERON = "aeron:"
AERON_FORM = "aeron:udp?endpoint=GROUP:PORT|interface=ADDRESS"
CHANNELS = ("book", "trades", "quotes")

_Positive = Annotated[float, msgspec.Meta(gt=0)]
_Names = list[str] | str


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of one venue.

    venue: a name of periphery.market_data.venues; over multicast any that a core has. symbols: as the venue
    has them. names: the core's, where it calls them otherwise. channels: of CHANNELS. url, rest: where the
    venue is, else its own addresses; an url aeron:udp?... is a multicast group that a publisher sends to.
    multicast: the group that what is taken is sent to, empty for none. aeron_stream: the stream in either
    group. aeron_secret: the file of the secret that its messages are sealed with, empty: they aren't.
    core: the socket of the core that is fed, empty for none. depth: levels of a side that it is given.
    record: the folder of Parquet files, empty for none; one ends after roll_s of time or roll_mb of size.
    http: HOST:PORT of its probes. silent_after_s: without a message for so long a connection is given up.
    retry_s, retry_most_s: the first pause before the next connection, and the longest.
    calendar: of the venue's hours, see periphery.market_data.calendars; outside them silence is no news.
    """

    venue: str
    symbols: _Names
    names: dict[str, str] = {}
    channels: _Names = ",".join(CHANNELS)
    url: str = ""
    rest: str = ""
    multicast: str = ""
    aeron_stream: Annotated[int, msgspec.Meta(ge=1, lt=1 << 31)] = 7810
    aeron_secret: str = ""
    core: str = ""
    depth: Annotated[int, msgspec.Meta(ge=1, le=128)] = 64
    record: str = ""
    roll_s: _Positive = 3600.0
    roll_mb: _Positive = 256.0
    http: str = ""
    silent_after_s: _Positive = 15.0
    retry_s: _Positive = 0.25
    retry_most_s: _Positive = 30.0
    stale_after_s: _Positive = 5.0
    calendar: str = "24/7"

    def __post_init__(self) -> None:
        unknown = [channel for channel in listed(self.channels) if channel not in CHANNELS]
        if unknown or not listed(self.channels):
            raise ValueError(f"channels {', '.join(unknown) or 'none'}: some of {', '.join(CHANNELS)}")
        if not listed(self.symbols):
            raise ValueError("symbols: name at least one")
        if self.multicast and not self.multicast.startswith(AERON):
            raise ValueError(
                f"multicast {self.multicast!r}: give aeron:udp?endpoint=GROUP:PORT|interface=ADDRESS"
            )

    @property
    def is_multicast(self) -> bool:
        """Whether it comes from a multicast group."""
        return self.url.startswith(AERON)

    @property
    def symbol_list(self) -> list[str]:
        return listed(self.symbols)

    @property
    def channel_list(self) -> list[str]:
        return listed(self.channels)


def listed(names: Any) -> list[str]:
    """Names as a list: the environment and the command give them with commas between."""
    given = names.split(",") if isinstance(names, str) else names
    return [name.strip() for name in given if name.strip()]
