"""The bridge: a client that shares no memory with the core trades, sees the market, and leaves nothing
behind.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from core.recovery import replay
from periphery.bridge.wire import counted, rows
from periphery.client import Client, OrderEvent, connect
from periphery.client.errors import Busy, HangUp, WrongToken
from periphery.client.over_bridge import KEPT, Market
from tests.integration.live_core import WAIT_S, Process, until

QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_px": "1.09000", "bid_qty": "1000000",
         "ask_px": "1.09010", "ask_qty": "1000000"}  # fmt: skip


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    found = Process(tmp_path)
    found.start()
    yield found
    found.end()


@pytest.fixture
def bridge(core: Process) -> Iterator[str]:
    orders, feed = (f"ipc://{core.socket.parent}/{name}" for name in ("orders", "feed"))
    command = [sys.executable, "-m", "core.cli", "bridge", "run", "--socket", str(core.socket)]
    process = subprocess.Popen(
        [*command, "--orders", orders, "--feed", feed], cwd=core.root, stderr=subprocess.PIPE
    )
    yield orders
    process.terminate()
    _, said = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, said.decode()


def client(core: Process, address: str, name: str = "far") -> Client:
    return connect(address, core.socket.with_suffix(".token").read_text(), name, timeout=WAIT_S)


def statuses(client: Client, cl_ord_id: str) -> Iterator[str]:
    """Of that order, by whatever request, as they come."""
    for event in client.events(WAIT_S):
        if isinstance(event, OrderEvent) and cl_ord_id in (event.cl_ord_id, event.orig_cl_ord_id):
            yield event.ord_status


def test_it_trades_and_sees_the_market(core: Process, bridge: str) -> None:
    with client(core, bridge) as far:
        far.market(QUOTE)
        (quote,) = [next(far.quotes(timeout=WAIT_S))]
        assert str(quote.ask_px) == "1.09010"  # type: ignore[union-attr]
        sent = far.submit("EURUSD", "buy", 1000, "limit", "1.09010", account="A")
        assert "filled" in statuses(far, sent)
        rest = far.submit("EURUSD", "buy", 1000, "limit", "1.05", account="A")
        far.cancel(rest)
        assert "canceled" in statuses(far, rest)
        assert [row["cl_ord_id"] for row in far.orders(live_only=False)] == [rest, sent]
    until(lambda: [each["name"] for each in core.ask("status")["sessions"]] == ["bridge"], "its session ends")
    told_by_core = core.stop()
    assert replay(core.journal)["state_hash"] == told_by_core["state_hash"]


def test_who_comes_later_sees_the_market_as_it_stands(core: Process, bridge: str) -> None:
    with client(core, bridge, "first") as first:
        first.market(QUOTE)
        with client(core, bridge, "second") as second:
            assert str(next(second.quotes(timeout=WAIT_S)).bid_px) == "1.09000"  # type: ignore[union-attr]
            first.market({**QUOTE, "bid_px": "1.08990"})
            bids = (str(quote.bid_px) for quote in second.quotes(timeout=WAIT_S))  # type: ignore[union-attr]
            assert (
                next(bid for bid in bids if bid != "1.09000") == "1.08990"
            )  # the first may come by the feed too


def test_many_orders_come_through_once_and_in_order(core: Process, bridge: str) -> None:
    count, told, sent = 3000, [], []
    with client(core, bridge) as far:
        while len(sent) < count:
            try:
                sent.append(far.submit("EURUSD", "buy", 1000, "limit", "1.05", account="A"))
            except Busy:
                next(far.events(timeout=WAIT_S))
                told.append(None)
        answers = list(islice(far.events(WAIT_S), count - len(told)))
        assert far.poll() is None
        rows_known = far.orders()
    assert [row["cl_ord_id"] for row in rows_known] == sent[::-1]
    assert len(told) + len(answers) == count


def test_a_token_that_was_left_in_a_file(
    core: Process, bridge: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a bridge leaves it for services; they may be there before it."""
    monkeypatch.delenv("NACRE_TOKEN", raising=False)
    monkeypatch.setenv("NACRE_TOKEN_FILE", str(tmp_path / "left"))
    with pytest.raises(WrongToken):
        connect(bridge, name="left", timeout=WAIT_S)
    (tmp_path / "left").write_text(core.socket.with_suffix(".token").read_text())
    with connect(bridge, name="left", timeout=WAIT_S) as client:
        assert client.status()["seq"] > 0


def test_a_wrong_token_and_a_core_that_goes(core: Process, bridge: str) -> None:
    with pytest.raises(WrongToken):
        connect(bridge, "wrong", timeout=WAIT_S)
    far = client(core, bridge)
    core.stop()
    with pytest.raises(HangUp):
        for _ in far.events(timeout=WAIT_S):
            pass
    far.close()


def test_a_gap_of_the_feed_is_seen() -> None:
    market = Market()
    quote = bytes(64)
    market.begin([quote])
    market.put(7, [quote, quote])  # the first of the feed: nothing is missing
    market.put(11, [quote])  # 9 and 10 are
    assert market.read() is not None
    assert market.read() is not None
    assert market.read() is not None
    assert market.read() is None
    assert market.oldest() == market.next_seq + 2
    market.put(12, [quote] * (KEPT + 1))
    assert market.oldest() is not None


def test_the_wire_counts_and_cuts() -> None:
    assert counted(b"Q", 7, b"x") == b"Q" + (7).to_bytes(8, "little") + b"x"
    with pytest.raises(ValueError, match="no rows"):
        rows(b"abc", 2)
