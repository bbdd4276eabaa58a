"""A venue's balances as `nacre position reconcile` reads them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from periphery.nautilus_trader.balances import Balances


def test_a_base_asset_is_a_position_and_other_currencies_are_cash(tmp_path: Path) -> None:
    path = tmp_path / "balances.csv"
    balances = Balances(path, "A", {"BTC": "BTCUSDT"})
    balances.tell({"USDT": Decimal("500000.50"), "BTC": Decimal(2)})
    assert path.read_text().splitlines() == ["account,symbol,qty", "A,BTCUSDT,2", "A,USDT,500000.50"]
    balances.tell({"BTC": Decimal("2.1")})  # a change alone: the rest stays
    assert path.read_text().splitlines()[1:] == ["A,BTCUSDT,2.1", "A,USDT,500000.50"]
    assert [each.name for each in tmp_path.iterdir()] == ["balances.csv"]
