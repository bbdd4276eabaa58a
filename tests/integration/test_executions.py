"""What a live core tells of orders and fills at one place on the spine, and of a fill's fee as it happens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.enums import Kind
from periphery.client import Client, OrderEvent, connect
from periphery.client.codec import MarketRow
from tests.integration.live_core import WAIT_S, Process, until

QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_qty": "5000", "ask_qty": "5000"}


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    process.start()
    yield process
    process.end()


def heard(client: Client, ids: set[str]) -> list[OrderEvent | MarketRow]:
    """All that comes until each of the orders has ended or works."""
    found: list[OrderEvent | MarketRow] = []

    def settled() -> bool:
        while (each := client.hear()) is not None:
            found.append(each)  # type: ignore[arg-type]
            if isinstance(each, OrderEvent) and (
                each.ended or (each.exec_type == "new" and each.cl_ord_id == "rests")
            ):
                ids.discard(each.cl_ord_id)
        return not ids

    until(settled, f"answers of {ids}", 60)
    return found


def test_orders_and_fills_with_their_fees(core: Process) -> None:
    with connect(core.socket, name="mine", hears_all=True) as client:
        client.market(QUOTE | {"bid_px": "1.10000", "ask_px": "1.10002"})
        client.submit("EURUSD", "buy", 3000, account="A", cl_ord_id="takes", time_in_force="ioc")
        line = {"cl_ord_id": "rests", "account": "A", "symbol": "EURUSD", "side": "sell", "order_qty": "100"}
        client.send(
            line | {"ord_type": "stop_limit", "price": "1.0", "stop_px": "1.05", "trigger": "bid_ask"}
        )
        found = heard(client, {"takes", "rests"})
        fill = next(each for each in found if isinstance(each, OrderEvent) and each.exec_type == "trade")
        row = next(each for each in found if isinstance(each, MarketRow) and each.kind == Kind.REPORT)
        told = client.request("executions")
        later = client.request("executions", since=told["seq"])
    assert (row.event, row.c, client.directory.venues[row.venue]) == (fill.event, client.session, "V1")
    taken, stop = sorted(told["orders"], key=lambda row: row["first_cl_ord_id"], reverse=True)
    assert (stop["first_cl_ord_id"], stop["stop_px"], stop["ord_status"]) == ("rests", "1.05", "new")
    assert (taken["first_cl_ord_id"], taken["cum_qty"]) == ("takes", "3000")
    assert {taken["order"], stop["order"]} == {0, 1}
    (only,) = told["fills"]
    assert (only["event"], only["time_ns"], only["first_cl_ord_id"]) == (fill.event, fill.time_ns, "takes")
    assert (
        Decimal(only["fee"]) == Decimal(row.d).scaleb(-8) == Decimal(only["px"]) * 3000 * Decimal("0.00002")
    )
    assert later["fills"] == []
    assert later["seq"] >= told["seq"] >= fill.event


def test_a_stop_price_is_replaced(core: Process) -> None:
    with connect(core.socket, name="mine") as client:
        client.market(QUOTE | {"bid_px": "1.10000", "ask_px": "1.10002"})
        line = {"cl_ord_id": "rests", "account": "A", "symbol": "EURUSD", "side": "buy", "order_qty": "100"}
        client.send(line | {"ord_type": "stop", "stop_px": "1.2", "trigger": "bid_ask"})
        client.replace("rests", stop_px="1.3")
        kinds = (event.exec_type for event in client.events(WAIT_S) if isinstance(event, OrderEvent))
        assert "replaced" in kinds  # in what comes, until it does
        assert client.request("executions")["orders"][0]["stop_px"] == "1.3"


def test_what_only_some_orders_have(core: Process) -> None:
    """Who makes an order from what is told of it needs all of its terms."""
    expires = time.time_ns() + 3600 * 10**9
    line = {"account": "A", "symbol": "EURUSD", "side": "sell", "order_qty": "1000"}
    trails = {"ord_type": "trailing_stop", "trail": "1.5", "trail_unit": "bps", "trigger": "mid"}
    limit = {"ord_type": "limit", "price": "1.3", "time_in_force": "gtd", "expire_at": expires}
    with connect(core.socket, name="mine") as client:
        client.market(QUOTE | {"bid_px": "1.10000", "ask_px": "1.10002"})
        client.send(line | trails | {"cl_ord_id": "trails"})
        client.send(line | limit | {"cl_ord_id": "shows", "max_floor": "100"})

        def both() -> dict[str, Any]:
            rows = {row["first_cl_ord_id"]: row for row in client.request("executions")["orders"]}
            return rows if rows.keys() == {"trails", "shows"} else {}

        told = until(both, "the core has taken both", WAIT_S)
    keys = ("trail", "trail_unit", "trigger", "max_floor", "expire_ns")
    assert [told["trails"][key] for key in keys] == ["1.5", "bps", "mid", None, None]
    assert [told["shows"][key] for key in keys] == [None, None, None, "100", expires]
