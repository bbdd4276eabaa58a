"""A strategy in a container that shares nothing with the core: it trades, dies alone, comes back, stops."""

from __future__ import annotations

from pathlib import Path

from core.recovery import replay
from periphery.client import connect
from tests.containers.composed import DEPLOY, Composed, until
from tests.containers.test_live import came_to, maps_board, ready

TEXT = """
from periphery.strategy import Strategy

class Buys(Strategy):
    def on_start(self):
        self.log("started")

    def on_quote(self, quote):
        self.buy(quote.symbol, 100, account="A1")

    def on_fill(self, order):
        self.log("filled", held=self.position(order.symbol, "A1"))
"""
QUOTE = {"type": "quote", "venue": "XNAS", "symbol": "AAPL", "bid_px": "190.00", "bid_qty": "1000",
         "ask_px": "190.02", "ask_qty": "1000"}  # fmt: skip


def test_a_strategy_in_a_container_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "buys.py"
    file.write_text(TEXT)
    file.chmod(0o644)
    with Composed(tmp_path, "bridge", NACRE_STRATEGY=str(file)) as composed:
        composed.files.append(DEPLOY / "compose.strategy.yaml")
        composed.up()
        ready(composed)
        until(lambda: '"begun"' in composed.logs("strategy"), "it lives")
        assert not maps_board(composed, "strategy")
        with connect(composed.volume("run") / "core.sock", name="host") as client:
            client.market(QUOTE)
            until(lambda: '"held": "100"' in composed.logs("strategy"), "it trades")
            composed.kill("strategy")
            until(lambda: composed.logs("strategy").count('"begun"') == 2, "it comes back")
            client.market(QUOTE)
            until(lambda: '"held": "200"' in composed.logs("strategy"), "it trades again")
        composed.compose("stop", "strategy")
        (report,) = [line for line in composed.said("strategy") if "stopped_by" in line]
        assert report["stopped_by"] == "SIGTERM"
        assert report["open"] == 0
        came_to(composed)
        assert replay(composed.volume("state") / "core" / "journal")["ok"]
