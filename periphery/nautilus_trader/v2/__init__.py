"""For NautilusTrader 2.0: data and execution clients of a core, their factories and configs.

builder = builder.add_data_client("NACRE", NacreDataClientFactory, NacreDataClientConfig())
builder = builder.add_exec_client("NACRE", NacreExecClientFactory, NacreExecClientConfig(account="A1"))
"""

from periphery.nautilus_trader.v2.config import NacreDataClientConfig, NacreExecClientConfig
from periphery.nautilus_trader.v2.data import NacreDataClient
from periphery.nautilus_trader.v2.execution import NacreExecutionClient
from periphery.nautilus_trader.v2.factories import NacreDataClientFactory, NacreExecClientFactory

__all__ = [
    "NacreDataClient",
    "NacreDataClientConfig",
    "NacreDataClientFactory",
    "NacreExecClientConfig",
    "NacreExecClientFactory",
    "NacreExecutionClient",
]
