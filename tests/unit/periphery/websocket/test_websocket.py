"""Clients of the websocket engine: snapshots, changes, resuming, slowness, rights, bad messages."""

from __future__ import annotations

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.exceptions import InvalidStatus

from core.live import queries
from core.live.shadow import Shadow
from core.recovery.journal import capacity_of
from periphery.service.config import BadConfig
from periphery.service.engine import Output
from periphery.service.source import JournalSource
from periphery.service.state import Said
from periphery.websocket.settings import read
from tests.support import order, quote
from tests.support_websocket import Mirror
from tests.unit.periphery.recorder.day import live, traded
from tests.unit.periphery.stream.turning import streaming
from tests.unit.periphery.websocket.desk import Desk, desk, run, token

ALL = tuple(
    f"{kind}:*" for kind in ("quotes", "trades", "orders", "children", "fills", "positions", "accounts")
)


def test_snapshot_and_changes_are_the_cores_answers(tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(tmp_path) as d:
            live(d.run)
            early = await d.join(None, *ALL, "risk:*", "denials:*")
            traded(d.run)
            d.run.feed(quote(bid="90.00", ask="90.02"))
            await d.settled(early)
            late = await d.join(None, *ALL, "risk:*", "denials:*")
            await late.until(lambda: len(late.state) == len(early.state), "all snapshots")
            assert early.state == late.state
            for topic, state in early.state.items():
                assert state == d.truth(topic), topic
                assert late.dates[topic] == {key: early.dates[topic][key] for key in state}, topic
            told = _core(d)
            assert list(early.state["positions:A1"].values()) == told["positions"]
            assert [early.state[f"accounts:{name}"][name] for name in ("A1", "B2")] == told["accounts"]
            assert early.state["risk"]["all"]["state"] == "killed"

    run(test)


def _core(d: Desk) -> dict[str, Any]:
    shadow = Shadow(d.place / "journal", capacity_of(d.place / "journal"))
    shadow.follow()
    source = JournalSource(d.place / "journal", lambda raw: None)
    while source.poll():
        pass
    return queries.positions(shadow, source.book)


def test_what_is_said_before_it_is_subscribed_is_in_the_snapshot_alone(tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(tmp_path) as d:
            d.run.feed(quote(at=1000), *(order(f"o{i}", qty="1") for i in range(30)))
            mirror = await d.join()
            await mirror.ask("subscribe", topics=["fills:A1"])
            d.run.feed(*(order(f"p{i}", qty="1") for i in range(30)))
            await mirror.until(lambda: "fills:A1" in mirror.n, "a snapshot")
            await d.settled(mirror)
            assert len(mirror.state["fills:A1"]) == 60

    run(test)


def test_a_client_goes_on_where_it_was(tmp_path: Path) -> None:
    """Disconnected, and the service killed meanwhile: nothing is lost, nothing doubled."""

    async def test() -> None:
        async with desk(tmp_path) as d:
            topics = ["orders:A1", "fills:A1", "quotes:AAPL"]
            d.run.feed(quote(at=1000))
            mirror = await d.join(None, *topics)
            for round_ in range(3):
                d.run.feed(*(order(f"a{round_}.{i}", qty="1") for i in range(10)))
                await d.settled(mirror)
                await mirror.close()
                d.run.feed(*(order(f"b{round_}.{i}", qty="1") for i in range(10)), quote(bid=f"9{round_}.00"))
                if round_ == 1:
                    await d.stop()
                    await d.start()
                await mirror.connect(d.port, token())
                await mirror.ask("subscribe", topics=topics, after=mirror.n, stream=mirror.stream, id=round_)
                answer = await mirror.until(lambda r=round_: mirror.answer("subscribed", id=r), "an answer")
                assert all(row["resumed"] for row in answer["topics"])
            await d.settled(mirror)
            assert mirror.snapshots == dict.fromkeys(topics, 1)
            numbers = [change["n"] for change in mirror.changes["fills:A1"]]
            assert numbers == list(range(1, 61))
            assert mirror.state["quotes:AAPL"] == d.truth("quotes:AAPL")

    run(test)


async def gone_on(mirror: Mirror, d: Desk, topics: list[str], id_: str) -> None:
    """Connected, and going on from where it was."""
    await mirror.connect(d.port, token())
    welcome = await mirror.until(lambda: mirror.answer("welcome"), "a welcome")
    after = {topic: mirror.n.get(topic, 0) for topic in topics}
    await mirror.ask("subscribe", topics=topics, after=after, stream=welcome["stream"], id=id_)
    answer = await mirror.until(lambda: mirror.answer("subscribed", id=id_), "an answer")
    assert all(row["resumed"] for row in answer["topics"])


def test_killed_at_ten_points_a_client_has_what_an_undisturbed_one_has(tmp_path: Path) -> None:
    """Byte for byte: the service died before, after or between what it told, and a pass that nobody disturbs
    tells the whole journal to a client of its own.
    """

    async def test() -> None:
        chance = random.Random(11)
        topics = ["orders:A1", "fills:A1"]
        async with desk(tmp_path) as d:
            d.run.feed(quote(at=1000), order("first", qty="1"))
            mirror = Mirror()
            await gone_on(mirror, d, topics, "begin")
            for n in range(10):
                for i in range(chance.randrange(5, 40)):
                    d.run.feed(order(f"k{n}.{i}", qty="1"))
                    if chance.random() < 0.2:
                        await asyncio.sleep(0)
                if chance.random() < 0.5:
                    await mirror.until(lambda: mirror.changes.get("fills:A1"), "some")
                d.task.cancel()
                await asyncio.gather(d.task, return_exceptions=True)
                await mirror.ended()
                await d.start()
                await gone_on(mirror, d, topics, f"{n}")
            await d.settled(mirror)
            await d.stop()
            await d.start()
            whole = Mirror()
            await gone_on(whole, d, topics, "whole")
            await d.settled(whole)
            assert len(whole.changes["fills:A1"]) > 50
            assert json.dumps(mirror.changes) == json.dumps(whole.changes)
            assert mirror.snapshots == whole.snapshots == {}
            await mirror.close()
            await whole.close()

    run(test)


def test_over_the_stream_it_tells_the_same(tmp_path: Path) -> None:
    """A client goes on where it was, from the service over the journal to the one over the stream."""

    async def test() -> None:
        async with desk(tmp_path) as d:
            live(d.run)
            topics = ["orders:A1", "fills:A1", "quotes:AAPL"]
            mirror = await d.join(None, *topics)
            await d.settled(mirror)
            await mirror.close()
            await d.stop()
            with streaming(tmp_path / "journal") as stream:
                d.settings = msgspec.structs.replace(d.settings, journal="", connect=stream.address)
                traded(d.run)
                await d.start()
                assert d.service.health.status["ready"]
                await mirror.connect(d.port, token())
                await mirror.ask("subscribe", topics=topics, after=mirror.n, stream=mirror.stream, id="again")
                answer = await mirror.until(lambda: mirror.answer("subscribed", id="again"), "an answer")
                assert all(row["resumed"] for row in answer["topics"])
                d.run.feed(quote(bid="90.00", ask="90.02"), order("last", qty="1"))
                await d.settled(mirror)
                assert mirror.snapshots == dict.fromkeys(topics, 1)
                for topic in topics:
                    assert mirror.state[topic] == d.truth(topic)
                await d.stop()

    run(test)


def test_too_old_to_resume_is_a_snapshot_and_told(tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(tmp_path, retained=5) as d:
            d.run.feed(quote(at=1000), *(order(f"o{i}", qty="1") for i in range(20)))
            mirror = await d.join()
            for after, stream, why in (
                (2, None, "too old"),
                (999, None, "no change 999"),
                (20, "x", "another stream"),
            ):
                stream = (
                    mirror.stream or (await mirror.until(lambda: mirror.answer("welcome"), "w"))["stream"]
                    if stream is None
                    else stream
                )
                before = mirror.snapshots["fills:A1"]
                await mirror.ask(
                    "subscribe", topics=["fills:A1"], after={"fills:A1": after}, stream=stream, id=why
                )
                answer = await mirror.until(lambda w=why: mirror.answer("subscribed", id=w), "an answer")
                assert answer["topics"][0]["resumed"] is False
                assert why in answer["topics"][0]["why"]
                await mirror.until(lambda b=before: mirror.snapshots["fills:A1"] == b + 1, "a snapshot")

    run(test)


def test_a_client_without_the_account_sees_nothing_of_it(tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(tmp_path) as d:
            d.run.feed(quote(at=1000))
            mirror = await d.join(
                token("B2", topics=("orders", "fills", "positions", "accounts", "denials", "risk"))
            )
            await mirror.ask("subscribe", topics=["orders:A1", "orders:NOBODY", "quotes:AAPL", "risk"])
            await mirror.ask(
                "subscribe",
                topics=[
                    f"{kind}:*" for kind in ("orders", "fills", "positions", "accounts", "denials", "risk")
                ],
            )
            d.run.feed(order("a"), order("b", account="B2"), order("a"), order("b", account="B2"))
            d.run.feed({"type": "kill", "scope": "account", "key": "A1", "by": "ann"})
            d.run.feed({"type": "kill", "scope": "all", "by": "ann"})
            await mirror.until(lambda: "all" in mirror.state.get("risk", {}), "the last event")
            await mirror.ask("list")
            listed = (await mirror.until(lambda: mirror.answer("topics"), "a list"))["topics"]
            assert {"orders:B2", "fills:B2", "positions:B2", "denials:B2", "risk"} <= set(listed)
            assert "A1" not in json.dumps([mirror.state, mirror.changes, listed])
            refused = [each for each in mirror.said if each["type"] == "error"]
            assert [(each["topic"], each["code"]) for each in refused] == [
                ("orders:A1", "forbidden"), ("orders:NOBODY", "forbidden"), ("quotes:AAPL", "forbidden"),
            ]  # fmt: skip

    run(test)


@pytest.mark.parametrize(
    ("raw", "code", "words"),
    [
        ("{", "bad_message", "JSON"),
        ("[]", "bad_message", "object"),
        ('{"op":"buy"}', "bad_message", "subscribe"),
        ('{"op":"subscribe"}', "bad_message", "topics"),
        ('{"op":"subscribe","topics":"x"}', "bad_message", "array"),
        ('{"op":"subscribe","topics":["x"]}', "bad_topic", "quotes"),
        ('{"op":"subscribe","topics":["orders"]}', "bad_topic", "orders:ACCOUNT"),
        ('{"op":"subscribe","topics":["quotes:NONE"]}', "unknown_topic", "NONE"),
        ('{"op":"subscribe","topics":["engine:none"]}', "unknown_topic", "none"),
        ('{"op":"auth","token":"x"}', "auth", "token"),
    ],
)
def test_bad_messages_are_answered(tmp_path: Path, raw: str, code: str, words: str) -> None:
    async def test() -> None:
        async with desk(tmp_path) as d:
            mirror = await d.join()
            await mirror.raw(raw)
            error = await mirror.until(lambda: mirror.answer("error"), "an error")
            assert error["code"] == code
            assert words in error["message"]
            await mirror.ask("ping", id=7)
            assert await mirror.until(lambda: mirror.answer("pong", id=7), "it still serves")

    run(test)


def test_who_says_nothing_or_has_no_good_token_is_not_let_in(tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(tmp_path, auth_within_s=0.05, origins=["https://desk.example"]) as d:
            silent = await d.join("")
            assert (await silent.ended())[0] == 4001
            for bad in ("x", token(for_s=-5), token() + "x"):
                with pytest.raises(InvalidStatus) as refused:
                    await d.join(bad)
                assert refused.value.response.status_code == 401
            with pytest.raises(InvalidStatus) as refused:
                await d.join(None, origin="https://elsewhere.example")
            assert refused.value.response.status_code == 403
            await d.join(None, "quotes:*", origin="https://desk.example")

    run(test)


def test_a_browser_says_who_it_is_in_a_message_and_is_cut_at_its_tokens_end(tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(tmp_path) as d:
            mirror = await d.join("")
            await mirror.ask("subscribe", topics=["quotes:*"])
            await mirror.until(lambda: mirror.answer("error", code="auth"), "refused")
            await mirror.ask("auth", token=token("A1", for_s=1.5))
            welcome = await mirror.until(lambda: mirror.answer("welcome"), "welcome")
            assert welcome["accounts"] == ["A1"]
            await mirror.ask("auth", token=token("B2"))
            await mirror.until(
                lambda: mirror.answer("error", message="other rights than before: connect again"), "e"
            )
            code, reason = await mirror.ended()
            assert code == 4002
            assert "expired" in reason

    run(test)


class Slow(Mirror):
    """Takes nothing from its socket until it is told to."""

    async def _read(self) -> None:
        assert self.connection is not None
        self.connection.transport.pause_reading()
        await super()._read()

    def go_on(self) -> None:
        assert self.connection is not None
        self.connection.transport.resume_reading()


async def _slow(d: Desk, *topics: str) -> Slow:
    slow = Slow()
    await slow.connect(d.port, token())
    await slow.ask("subscribe", topics=topics)
    d.mirrors.append(slow)
    while not any(client.cursors for client in d.service.hub.clients):
        await asyncio.sleep(0.001)
    return slow


async def _flood(d: Desk, lines: int, first: int = 0) -> None:
    for i in range(first, first + lines):
        d.run.feed(quote(bid=f"9{i % 10}.00", ask="100.02", at=d.run.at + 1))
        if i % 20 == 0:
            while d.service.hub.view.seq < d.seq:
                await asyncio.sleep(0)
            await asyncio.sleep(0.002)


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages so long that the kernel's buffers are soon full."""
    monkeypatch.setattr("periphery.websocket.server.WRITE_LIMIT_BYTES", 1)
    pad = b'{"type":"deltas","pad":"' + b"x" * 100_000 + b'","topics":['
    monkeypatch.setattr("periphery.websocket.messages.deltas", lambda parts: pad + b",".join(parts) + b"]}")


@pytest.mark.usefixtures("full")
def test_a_slow_client_gets_the_newest_and_delays_nobody(tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(tmp_path) as d:
            d.run.feed(quote(at=1000))
            fast = await d.join(None, "quotes:AAPL")
            slow = await _slow(d, "quotes:AAPL")
            await fast.until(lambda: "quotes:AAPL" in fast.state, "a snapshot")
            await _flood(d, 2000)
            await d.settled(fast)
            got = len(fast.changes["quotes:AAPL"])
            slow.go_on()
            await slow.until(lambda: slow.n.get("quotes:AAPL") == fast.n["quotes:AAPL"], "the newest")
            assert slow.conflated["quotes:AAPL"] > fast.conflated["quotes:AAPL"]
            assert len(slow.changes["quotes:AAPL"]) < got
            assert slow.state == fast.state

    run(test)


@pytest.mark.usefixtures("full")
def test_a_client_too_slow_for_orders_is_cut_and_told(tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(tmp_path, retained=50) as d:
            d.run.feed(quote(at=1000), order("same"))
            fast = await d.join(None, "denials:A1")
            await fast.until(lambda: "denials:A1" in fast.n, "a snapshot")
            slow = await _slow(d, "denials:A1")
            for _ in range(5000):
                d.run.feed(*(order("same") for _ in range(10)))
                await fast.until(
                    lambda: d.service.hub.view.seq == d.seq and fast.n["denials:A1"] == _n(d), "all"
                )
                if d.service.cuts:
                    break
            slow.go_on()
            code, reason = await slow.ended()
            assert code == 4008
            assert "denials:A1" in reason
            await d.settled(fast)
            assert fast.closed is None
            assert fast.n["denials:A1"] == _n(d)

    run(test)


def _n(d: Desk) -> int:
    return next((log.n for topic, log in d.service.hub.logs.items() if str(topic) == "denials:A1"), 0)


def test_bounds(tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(tmp_path, clients=2, subscriptions=2, message_bytes=500, messages_per_s=5) as d:
            d.run.feed(quote(at=1000), quote("MANU"))
            first, second = await d.join(), await d.join()
            with pytest.raises(InvalidStatus) as refused:
                await d.join()
            assert refused.value.response.status_code == 503
            await first.ask("subscribe", topics=["quotes:AAPL", "orders:A1", "fills:A1"])
            error = await first.until(lambda: first.answer("error"), "an error")
            assert (error["code"], error["topic"]) == ("too_many_topics", "fills:A1")
            await second.raw('{"op":"ping","id":"' + "x" * 600 + '"}')
            assert (await second.ended())[0] == 1009
            for _ in range(20):
                await first.ask("ping")
            assert (await first.ended())[0] == 4029

    run(test)


def test_a_silent_client_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("periphery.websocket.server.CLOSE_S", 0.1)

    async def test() -> None:
        async with desk(tmp_path, ping_every_s=0.05, silent_after_s=0.1) as d:
            slow = await _slow(d, "quotes:AAPL")
            while d.service.hub.clients:
                await asyncio.sleep(0.01)
            slow.go_on()
            await slow.ended()

    run(test)


def test_topics_left_are_not_told(tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(tmp_path) as d:
            mirror = await d.join(None, "orders:*", "quotes:AAPL")
            await mirror.ask("unsubscribe", topics=["orders:*", "quotes:AAPL"])
            await mirror.until(lambda: mirror.answer("unsubscribed"), "left")
            d.run.feed(quote(at=1000), order("o1"))
            while d.service.hub.view.seq < d.seq:
                await asyncio.sleep(0.001)
            await mirror.ask("ping")
            await mirror.until(lambda: mirror.answer("pong"), "pong")
            assert not mirror.changes

    run(test)


def test_what_engines_say_is_told_by_account(tmp_path: Path) -> None:
    async def test() -> None:
        said = Said(tmp_path / "outputs")
        async with desk(tmp_path, engines={"risk": str(tmp_path)}) as d:
            mine = await d.join(token("A1"), "engine:*")
            both = await d.join(None, "engine:*", "engine:risk", "engine:risk")
            assert [row["topic"] for row in both.said[-1]["topics"]] == ["engine:risk"]
            for account in ("A1", "B2"):
                said.add(7, 8, Output("risk", {"account": account, "var": 1.5}))
            said.add(7, 8, Output("note", {"x": 1}))
            said.sync()
            await both.until(lambda: len(both.changes) == 3, "three topics")
            await mine.until(lambda: len(mine.changes) == 2, "two topics")
            assert set(mine.changes) == {"engine:risk", "engine:risk:A1"}
            assert mine.state["engine:risk:A1"]["risk"]["var"] == 1.5
        said.close()

    run(test)


def test_stop_is_told_and_health_counts(tmp_path: Path) -> None:
    async def test() -> None:
        async with desk(tmp_path) as d:
            d.run.feed(quote(at=1000))
            mirror = await d.join(None, "quotes:*")
            await d.settled(mirror)
            end = time.monotonic() + 60
            while d.service.health.status["clients"] != 1 or not d.service.health.status["ready"]:
                assert time.monotonic() < end, d.service.health.status
                await asyncio.sleep(0.01)
            assert d.service.health.status["last_seq"] == d.seq
            await d.stop()
            assert (await mirror.ended())[0] == 1001
            await d.start()

    run(test)


def test_settings(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="secret"):
        read(None, {"journal": "j"}, {})
    with pytest.raises(BadConfig, match="or connect, the address"):
        read(None, {"journal": "j", "connect": "c", "secret": "s"}, {})
    with pytest.raises(BadConfig, match="nonsense"):
        read(None, {"journal": "j", "nonsense": 1}, {})
    found = read(None, {"journal": "j", "secret": "s"}, {"NACRE_WEBSOCKET_ORIGINS": "https://a, https://b"})
    assert found.origins == ["https://a", "https://b"]
    (tmp_path / "f.toml").write_text('[websocket]\njournal = "j"\nkeys = "k"\nclients = 0\n')
    with pytest.raises(BadConfig, match="clients"):
        read(tmp_path / "f.toml", {}, {})
