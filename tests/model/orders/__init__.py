"""The order rules of docs/scenarios.md once more, naive and in plain Python: it imports nothing of core.

It plays the desk, the router and what is held in the core; venues are manual, played by the file.
"""

from tests.model.orders.model import Play, play

__all__ = ["Play", "play"]
