"""The client against a core that speaks the protocol: answers, gaps, busy, and what goes wrong."""

from __future__ import annotations

import asyncio
import itertools
import pickle
import time
from pathlib import Path

import pytest

from core import messages as m
from core.enums import ExecType, OrdStatus
from periphery.client import (
    AsyncClient,
    BadRequest,
    Busy,
    Client,
    DenyEvent,
    Gap,
    HangUp,
    NoAnswer,
    NoCore,
    OrderEvent,
    QuoteEvent,
    Refused,
    VersionMismatch,
    WrongToken,
    connect,
    connect_async,
    session,
)
from periphery.client.directory import Directory
from periphery.client.port import PlainPort
from periphery.client.shared_memory import Rings
from tests.support_session import TOKEN, FakeCore, text

PATIENCE_S = 60.0


@pytest.fixture(autouse=True, params=["compiled", "plain"])
def port(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test with both: the compiled port, and that which needs nothing compiled."""

    def plain(rings: Rings, prefix: str, _directory: Directory) -> PlainPort:
        return PlainPort(rings.requests, rings.responses, prefix)

    if request.param == "plain":
        monkeypatch.setattr(Rings, "port", plain)


def answers(client: Client, count: int) -> list[object]:
    found = list(itertools.islice(client.events(timeout=PATIENCE_S), count))
    assert len(found) == count
    return list(found)


def test_an_order_and_its_answers(core: FakeCore) -> None:
    with connect(name="Mine!") as client:
        sent = client.submit("AAPL", "buy", 100, "limit", "190.02", strategy="alpha")
        pending, new = answers(client, 2)
    assert sent.startswith("Mine-")
    assert isinstance(pending, OrderEvent)
    assert isinstance(new, OrderEvent)
    assert (pending.seq, pending.cl_ord_id, pending.exec_type) == (1, sent, "pending_new")
    assert (new.seq, new.symbol, new.ord_status, str(new.price)) == (2, "AAPL", "new", "190.02")
    assert core.said[0] == {
        "op": "hello", "id": 1, "version": 1, "token": TOKEN, "name": "Mine!", "cancel_on_disconnect": True,
        "hears_all": False, "feeds": False,
    }  # fmt: skip


def test_ids_are_new_and_sequences_without_a_gap(core: FakeCore) -> None:
    with connect() as client:
        sent = {client.submit("AAPL", "buy", 1) for _ in range(10)}
        assert len(answers(client, 30)) == 30
    assert len(sent) == 10
    assert [int(head["source_seq"]) for head, _ in core.requests] == list(range(1, 11))


def test_a_denial_a_replace_and_cancels(core: FakeCore) -> None:
    with connect() as client:
        denied = client.submit("AAPL", "buy", 2_000)
        (event,) = answers(client, 1)
        assert event == DenyEvent(1, 1_000, denied, None, "AAPL", "max_order_qty")
        sent = client.submit("AAPL", "sell", 10, "limit", "190", cl_ord_id="own-1")
        changed = client.replace(sent, qty=20, price="190.5")
        client.cancel(changed, cl_ord_id="own-2")
        client.cancel("nobody")
        client.cancel_all(account="A1", symbol="AAPL", strategy="alpha")
        *_, replaced, canceled, unknown = answers(client, 5)
    assert isinstance(replaced, OrderEvent)
    assert (replaced.orig_cl_ord_id, str(replaced.order_qty), str(replaced.price)) == (
        "own-1",
        "20",
        "190.50",
    )
    assert isinstance(canceled, OrderEvent)
    assert (canceled.cl_ord_id, canceled.ended, canceled.symbol) == ("own-2", True, "AAPL")
    assert isinstance(unknown, DenyEvent)
    assert (unknown.reason, unknown.symbol) == ("unknown_order", None)


def test_a_float_is_a_type_error_and_nothing_is_sent(core: FakeCore) -> None:
    with connect() as client:
        with pytest.raises(TypeError, match="a float, which is not exact: give text or Decimal"):
            client.submit("AAPL", "buy", 1, "limit", 190.02)  # type: ignore[arg-type]
        with pytest.raises(BadRequest):
            client.submit("AAPL", "buy", "1.5")
        client.submit("AAPL", "buy", 1)
        answers(client, 1)
    assert [int(head["source_seq"]) for head, _ in core.requests] == [1]


def test_another_sessions_order_is_asked_for_before_it_is_replaced(core: FakeCore) -> None:
    with connect() as first:
        sent = first.submit("AAPL", "buy", 10, "limit", "190")
        answers(first, 2)
    with connect() as second:
        second.replace(sent, qty=11)
        with pytest.raises(BadRequest, match="isn't known to the core"):
            second.replace("nobody", qty=1)
        (event,) = answers(second, 1)
    assert isinstance(event, OrderEvent)
    assert event.symbol == "AAPL"


def test_an_answer_about_an_order_that_was_forgotten(core: FakeCore) -> None:
    with connect() as client:
        sent = client.submit("AAPL", "buy", 10, "limit", "190")
        answers(client, 2)
        client._session._symbols.clear()
        core.tell(cl_ord_id=sent, exec_type=ExecType.NEW, status=OrdStatus.NEW, price=19000)
        (event,) = answers(client, 1)
    assert isinstance(event, OrderEvent)
    assert (event.symbol, str(event.price)) == ("AAPL", "190.00")


def test_an_answer_about_an_order_that_nobody_knows(core: FakeCore) -> None:
    with connect() as client:
        core.tell(cl_ord_id="ghost", exec_type=ExecType.NEW, status=OrdStatus.NEW, price=19000, side=1)
        (event,) = answers(client, 1)
        core.tell(m.ResponseKind.DENY, cl_ord_id="ghost-2", reason=m.Reason.UNKNOWN_ORDER)
        (denial,) = answers(client, 1)
    assert isinstance(event, OrderEvent)
    assert (event.symbol, event.side, str(event.price)) == (None, "sell", "19000")
    assert denial == DenyEvent(2, 1_000, "ghost-2", None, None, "unknown_order")


def test_events_are_values(core: FakeCore) -> None:
    with connect() as client:
        client.submit("AAPL", "buy", 100, "limit", "190.02", cl_ord_id="own-1")
        first, second = answers(client, 2)
    assert isinstance(first, OrderEvent)
    again = pickle.loads(pickle.dumps(first))
    assert again == first
    assert hash(again) == hash(first)
    assert first != second
    assert first != "text"
    assert repr(first).startswith(
        "OrderEvent(seq=1, time_ns=1000, cl_ord_id='own-1', orig_cl_ord_id=None, sym"
    )
    with pytest.raises(AttributeError):
        first.side = "sell"  # type: ignore[misc]


def test_what_has_ended_is_forgotten_in_time(core: FakeCore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "ENDED_KEPT", 2)
    with connect() as client:
        for name in ("a", "b", "c"):
            client.submit("AAPL", "buy", 1, cl_ord_id=name)
        client.submit("AAPL", "buy", 1, "limit", "1", cl_ord_id="open")
        answers(client, 11)
        assert set(client._session.port.known) == {"b", "c", "open"}
        denied = [client.submit("AAPL", "buy", 2_000) for _ in range(3)]
        answers(client, 3)
        assert set(client._session.port.known) == {*denied[1:], "open"}


def test_a_new_strategy_is_interned_once(core: FakeCore) -> None:
    with connect() as client:
        for _ in range(2):
            client.submit("AAPL", "buy", 1, strategy="beta")
        answers(client, 6)
    assert [asked["name"] for asked in core.said if asked["op"] == "intern"] == ["beta"]
    assert [int(request["strategy"]) for _, request in core.requests] == [1, 1]


def test_busy_is_local_and_leaves_no_gap(core: FakeCore) -> None:
    with connect() as client:
        core.paused = True
        for _ in range(core.capacity):
            client.submit("AAPL", "buy", 1, "limit", "1")
        with pytest.raises(Busy, match=r"has not taken 64 requests yet. Nothing was sent"):
            client.submit("AAPL", "buy", 1)
        core.paused = False
        answers(client, 2)
        client.submit("AAPL", "buy", 2, "limit", "1")
        while len(core.requests) <= core.capacity:
            answers(client, 1)
    assert int(core.requests[-1][0]["source_seq"]) == core.capacity + 1
    assert int(core.requests[-1][1]["qty"]) == 2


def lap(core: FakeCore, client: Client, count: int) -> None:
    """An order of the client, then `count` answers about it that it doesn't read."""
    sent = client.submit("AAPL", "buy", 10, "limit", "190")
    answers(client, 2)
    for _ in range(count):
        core.tell(cl_ord_id=sent, exec_type=ExecType.RESTATED, status=OrdStatus.NEW)


def test_a_lapped_client_asks_again_and_misses_nothing(core: FakeCore) -> None:
    with connect() as client:
        lap(core, client, 200)
        events = answers(client, 200)
    assert [event.seq for event in events if isinstance(event, OrderEvent)] == list(range(3, 203))
    asked = [asked["from"] for asked in core.said if asked["op"] == "resend"]
    assert asked[0] == 3
    assert len(asked) < 20  # from the ring again as soon as it holds what is next


def test_what_the_core_no_longer_holds_is_a_gap(core: FakeCore) -> None:
    with connect() as client:
        core.holds_from = 100
        lap(core, client, 200)
        events = answers(client, 104)
    assert events[0] == Gap("responses", 3, 99)
    assert Gap("responses", 3, 99).missed == 97
    assert [event.seq for event in events[1:] if isinstance(event, OrderEvent)] == list(range(100, 203))


@pytest.mark.parametrize("resends", [True, False])
def test_answers_from_before_the_seat_are_a_gap(core: FakeCore, resends: bool) -> None:
    with connect() as client:
        core.begin_late(5)
        core.holds_from = 6 if resends else 10_000
        for name in ("a", "b"):
            core.tell(kind=m.ResponseKind.DENY, cl_ord_id=name)
        gap, *events = answers(client, 3)
    assert gap == Gap("responses", 1, 5)
    assert [event.cl_ord_id for event in events if isinstance(event, DenyEvent)] == ["a", "b"]


def test_a_core_that_resends_nothing_is_a_gap_and_goes_on(core: FakeCore) -> None:
    with connect() as client:
        core.holds_from = 10_000
        lap(core, client, 200)
        gap, after = answers(client, 2)
    assert gap == Gap("responses", 3, 202 - 32)
    assert isinstance(after, OrderEvent)
    assert after.seq == 202 - 31


def test_quotes_and_their_gap(core: FakeCore) -> None:
    with connect() as client:
        core.quote(1, symbol=0, venue=1, bid_px=19001, bid_qty=5, ask_px=19002, ask_qty=6)
        quote = next(client.quotes(timeout=PATIENCE_S))
        assert isinstance(quote, QuoteEvent)
        assert (quote.symbol, quote.venue, str(quote.bid_px), quote.ask_qty) == ("AAPL", "XV2", "190.01", 6)
        for seq in range(2, 102):
            core.quote(seq)
        gap, after = itertools.islice(client.quotes(timeout=PATIENCE_S), 2)
    assert gap == Gap("quotes", 2, 101 - 32)
    assert after.seq == 101 - 31 if isinstance(after, QuoteEvent) else False


def test_an_iterator_ends_after_its_timeout(core: FakeCore) -> None:
    with connect() as client:
        assert list(client.events(timeout=0)) == []
        assert list(client.quotes(timeout=0.01)) == []
        assert client.poll() is None
        assert client.poll_quote() is None


def test_what_was_said_before_the_hang_up_is_read_first(core: FakeCore) -> None:
    with connect() as client:
        client.submit("AAPL", "buy", 1)
        answers(client, 1)
        core.hang_up()
        events = client.events(timeout=PATIENCE_S)
        assert [next(events).seq, next(events).seq] == [2, 3]  # type: ignore[union-attr]
        with pytest.raises(HangUp, match="unknown, not failed: connect again"):
            next(events)
        with pytest.raises(HangUp):
            client.status()


def test_a_closed_client_says_so(core: FakeCore) -> None:
    client = connect()
    client.close()
    for use in (lambda: client.submit("AAPL", "buy", 1), client.status, lambda: next(client.events())):
        with pytest.raises(HangUp, match="this client is closed"):
            use()


def test_no_order_goes_into_the_memory_of_a_core_that_is_gone(core: FakeCore) -> None:
    with connect() as client:
        core.hang_up()
        while not client._control.is_hung_up:
            time.sleep(0.001)
        time.sleep(0.002)
        with pytest.raises(HangUp):
            client.submit("AAPL", "buy", 1)


def test_no_core(tmp_path: Path) -> None:
    with pytest.raises(NoCore, match="start one with `nacre core run`"):
        connect(tmp_path / "none.sock")


def test_a_wrong_token(core: FakeCore, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WrongToken, match=r"unknown token. Another token goes into token="):
        connect(token="no")
    monkeypatch.delenv("NACRE_TOKEN")
    with pytest.raises(WrongToken, match="A token goes into"):
        connect()
    core.address.with_suffix(".token").write_text(f"{TOKEN}\n")
    connect().close()


def test_another_version(core: FakeCore) -> None:
    core.version = 2
    with pytest.raises(VersionMismatch, match="speaks version 2, not 1"):
        connect()


def test_a_core_that_says_nothing(core: FakeCore) -> None:
    with connect(timeout=PATIENCE_S) as client:
        core.quiet = {"status"}
        client._control.sock.settimeout(0.1)
        with pytest.raises(NoAnswer, match="did not answer status"):
            client.status()
        client._control.sock.settimeout(PATIENCE_S)
        assert client.limits() == [{"check": "max_order_qty", "value": "1000"}]


def test_the_cores_refusal_is_its_own_words(core: FakeCore) -> None:
    with connect() as client, pytest.raises(Refused, match="unknown check nonsense: one of"):
        client.risk_set({"type": "limit", "check": "nonsense", "value": "1"})


def test_requests_on_the_socket(core: FakeCore) -> None:
    with connect() as client:
        assert client.positions()["positions"][0]["symbol"] == "AAPL"
        assert client.kill("all", by="ann") == {"orders": 0, "epochs": [5]}
        assert client.rearm("account", "A1", by="ann")["epochs"] == [5]
        client.market({"type": "mark", "symbol": "AAPL", "px": "190"})
        assert not client.is_live
        assert (client.session, client.status()["seq"]) == (3, 12)
    assert core.said[2] == {"op": "kill", "id": 3, "scope": "all", "key": "", "by": "ann"}


async def taken(client: AsyncClient, count: int) -> list[object]:
    """So many events, as they come, and no more within a moment."""
    found: list[object] = []
    async for event in client.events(timeout=PATIENCE_S):
        found.append(event)
        if len(found) == count:
            break
    return found + [event async for event in client.events(timeout=0)]


def test_asyncio(core: FakeCore) -> None:
    async def run() -> None:
        async with await connect_async(name="aio") as client:
            sent = await client.submit("AAPL", "buy", 100, strategy="beta")
            events = await taken(client, 3)
            assert [event.exec_type for event in events if isinstance(event, OrderEvent)] == [
                "pending_new", "new", "trade",
            ]  # fmt: skip
            many = await asyncio.gather(client.orders(live_only=False), client.positions(), client.limits())
            assert many[0][0]["cl_ord_id"] == sent
            with pytest.raises(Refused):
                await client.risk_set({"check": "nonsense"})
            core.quote(1, symbol=0)
            assert isinstance(await anext(client.quotes(timeout=PATIENCE_S)), QuoteEvent)
            await client.cancel(sent)
            await client.cancel_all(symbol="AAPL")
            await client.replace(sent, qty=5)
            assert (await anext(client.events(timeout=PATIENCE_S))).seq == 4  # type: ignore[union-attr]
            core.hang_up()
            with pytest.raises(HangUp):
                [event async for event in client.events(timeout=PATIENCE_S)]

    asyncio.run(run())


def test_asyncio_asks_again_for_what_it_missed(core: FakeCore) -> None:
    async def run() -> list[int]:
        async with await connect_async() as client:
            core.rows["x"] = {"cl_ord_id": "x", "symbol": "AAPL", "ord_status": "new", "account": "A1"}
            for _ in range(100):
                core.tell(cl_ord_id="x", exec_type=ExecType.RESTATED, status=OrdStatus.NEW)
            return [event.seq for event in await taken(client, 100) if isinstance(event, OrderEvent)]

    assert asyncio.run(run()) == list(range(1, 101))


def test_asyncio_without_an_answer(core: FakeCore) -> None:
    async def run() -> None:
        async with await connect_async(timeout=PATIENCE_S) as client:
            core.quiet = {"status"}
            client._control.timeout = 0.1
            with pytest.raises(NoAnswer):
                await client.status()
            client._control.timeout = PATIENCE_S
            assert await client.limits()

    asyncio.run(run())


def test_requests_are_read_by_the_cores_own_layout(core: FakeCore) -> None:
    with connect() as client:
        sent = client.submit("BTCUSD", "sell", "0.00000001", "limit", "1.5", venue="XV1", time_in_force="ioc")
        answers(client, 2)
    _, request = core.requests[0]
    assert text(request["cl_ord_id"]) == sent
    assert (request["qty"], request["price"], request["time_in_force"]) == (1, 15, m.TimeInForce.IOC)
