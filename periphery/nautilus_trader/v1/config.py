"""What a node must say of its core."""

from __future__ import annotations

from nautilus_trader.config import LiveDataClientConfig, LiveExecClientConfig

from periphery.nautilus_trader.link import Address
from periphery.nautilus_trader.names import ALL_VENUES


class NacreDataClientConfig(LiveDataClientConfig, frozen=True):
    """address, token, key, server_key: as `periphery.client.connect` has them. name: of the session with the
    core, the same for both clients of a node, another for each node. venue: NACRE for all venues
    together.
    """

    address: str | None = None
    token: str | None = None
    name: str = "nt"
    key: str | None = None
    server_key: str | None = None
    cancel_on_disconnect: bool = False
    connect_timeout_s: float = 10.0
    venue: str = ALL_VENUES


class NacreExecClientConfig(LiveExecClientConfig, frozen=True):
    """The first ones as for the data client, with the same values. account: the core's; may be left out where
    there is one. account_type: MARGIN or CASH. trigger: of stops whose trigger type is DEFAULT.
    """

    address: str | None = None
    token: str | None = None
    name: str = "nt"
    key: str | None = None
    server_key: str | None = None
    cancel_on_disconnect: bool = False
    connect_timeout_s: float = 10.0
    venue: str = ALL_VENUES
    account: str | None = None
    account_type: str = "MARGIN"
    trigger: str = "bid_ask"


def address_of(config: NacreDataClientConfig | NacreExecClientConfig) -> Address:
    return Address(
        config.address, config.token, config.name, config.key, config.server_key, config.cancel_on_disconnect
    )
