"""What a node must say of its core: see `v1.config`, which has the same fields."""

from __future__ import annotations

from typing import Any

from nautilus_trader.config import DataClientConfig, ExecutionClientConfig

from periphery.nautilus_trader.link import Address
from periphery.nautilus_trader.names import ALL_VENUES


class NacreDataClientConfig(DataClientConfig):
    def __init__(
        self, *, address: str | None = None, token: str | None = None, name: str = "nt",
        key: str | None = None, server_key: str | None = None, cancel_on_disconnect: bool = False,
        connect_timeout_s: float = 10.0, venue: str = ALL_VENUES, **_common: Any,
    ) -> None:  # fmt: skip
        self.address = address
        self.token = token
        self.name = name
        self.key = key
        self.server_key = server_key
        self.cancel_on_disconnect = cancel_on_disconnect
        self.connect_timeout_s = connect_timeout_s
        self.venue = venue


class NacreExecClientConfig(ExecutionClientConfig):
    def __init__(
        self, *, address: str | None = None, token: str | None = None, name: str = "nt",
        key: str | None = None, server_key: str | None = None, cancel_on_disconnect: bool = False,
        connect_timeout_s: float = 10.0, venue: str = ALL_VENUES, account: str | None = None,
        account_type: str = "MARGIN", trigger: str = "bid_ask", **_common: Any,
    ) -> None:  # fmt: skip
        """account: the core's, and here it must be said: the client has a name for it before it connects."""
        if not account:
            raise ValueError("account: say which of the core's accounts this client trades")
        self.address = address
        self.token = token
        self.name = name
        self.key = key
        self.server_key = server_key
        self.cancel_on_disconnect = cancel_on_disconnect
        self.connect_timeout_s = connect_timeout_s
        self.venue = venue
        self.account = account
        self.account_type = account_type
        self.trigger = trigger


def address_of(config: NacreDataClientConfig | NacreExecClientConfig) -> Address:
    return Address(
        config.address, config.token, config.name, config.key, config.server_key, config.cancel_on_disconnect
    )
