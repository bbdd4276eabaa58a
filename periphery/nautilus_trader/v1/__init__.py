"""For NautilusTrader 1.231.0: data and execution clients of a core, their factories and configs.

config = TradingNodeConfig(data_clients={"NACRE": NacreDataClientConfig()},
                           exec_clients={"NACRE": NacreExecClientConfig(account="A1")})
node.add_data_client_factory("NACRE", NacreDataClientFactory)
node.add_exec_client_factory("NACRE", NacreExecClientFactory)
"""

from periphery.nautilus_trader.v1.config import NacreDataClientConfig, NacreExecClientConfig
from periphery.nautilus_trader.v1.data import NacreDataClient
from periphery.nautilus_trader.v1.execution import NacreExecutionClient
from periphery.nautilus_trader.v1.factories import NacreDataClientFactory, NacreExecClientFactory

__all__ = [
    "NacreDataClient",
    "NacreDataClientConfig",
    "NacreDataClientFactory",
    "NacreExecClientConfig",
    "NacreExecClientFactory",
    "NacreExecutionClient",
]
