"""When a node of NautilusTrader in its container is alive, and when it ends to be begun anew."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.nautilus import node as container


class Ended(Exception):
    """In place of the process's end."""


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    def ended(_code: int) -> None:
        raise Ended

    monkeypatch.setattr(container, "ALIVE", tmp_path / "alive")
    monkeypatch.setattr(container, "BEGIN_S", 0.1)
    monkeypatch.setattr(container, "TICK_S", 0.01)
    monkeypatch.setattr("os._exit", ended)
    return tmp_path / "alive"


def _node(*, trades: bool, connected: bool) -> Any:
    """As NautilusTrader's: it runs from its start on, whatever becomes of its clients."""
    engine = SimpleNamespace(check_connected=lambda: connected)
    return SimpleNamespace(
        is_running=lambda: True,
        trader=SimpleNamespace(is_running=trades),
        kernel=SimpleNamespace(exec_engine=engine),
    )


def _beat(node: Any) -> None:
    asyncio.run(asyncio.wait_for(container.beat(node), 2.0))


def test_a_node_whose_clients_never_connected_ends(alive: Path) -> None:
    with pytest.raises(Ended):
        _beat(_node(trades=False, connected=False))
    assert not alive.exists()


def test_a_node_that_trades_is_alive_and_goes_on(alive: Path) -> None:
    with pytest.raises(TimeoutError):
        _beat(_node(trades=True, connected=True))
    assert alive.exists()


def test_a_node_that_lost_its_core_is_not_alive_and_goes_on(alive: Path) -> None:
    with pytest.raises(TimeoutError):
        _beat(_node(trades=True, connected=False))
    assert not alive.exists()
