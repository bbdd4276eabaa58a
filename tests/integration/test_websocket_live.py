"""The websocket engine beside a core: both as processes, the engine killed in mid-run."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.cli import root
from periphery.client import Client, connect
from tests.integration.live_core import Process, until
from tests.support_websocket import WAIT_S, Mirror

QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_qty": "1000000", "ask_qty": "1000000"}
TOPICS = [f"{kind}:*" for kind in ("quotes", "orders", "fills", "positions", "accounts")]


def nacre(*words: str) -> str:
    result = CliRunner().invoke(root, words)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


class Engine:
    """`nacre websocket run`, started anew after a kill."""

    def __init__(self, folder: Path, journal: Path) -> None:
        secret, keys = folder / "secret", folder / "keys.toml"
        nacre("websocket", "secret", str(secret))
        self.token = nacre("websocket", "token", "ann", "--secret", str(secret), "--account", "A")
        self.key = nacre("websocket", "key", "robot", "--keys", str(keys), "--account", "*").splitlines()[0]
        self.words = [sys.executable, "-m", "core.cli", "websocket", "run", "--journal", str(journal)]
        self.words += ["--secret", str(secret), "--keys", str(keys)]
        self.words += ["--listen", "127.0.0.1:0", "--http", "127.0.0.1:0"]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.words, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        begins = json.loads(line)
        assert begins["message"] == "begins", line
        self.port, self.http = begins["listen"], begins["port"]

    def end(self, number: signal.Signals) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.communicate(timeout=WAIT_S)
        return self.process.returncode

    def probe(self, path: str) -> tuple[int, str]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=WAIT_S) as answer:
            return answer.status, answer.read().decode()


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    process = Process(tmp_path)
    process.start()
    yield process
    process.end()


@pytest.fixture
def engine(core: Process, tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path, core.journal)
    yield made
    made.end(signal.SIGKILL)


def trade(core: Process, bid: int, orders: int) -> dict[str, Any]:
    """Orders of both accounts, filled and open; what the core answers then."""
    with connect(core.socket, name="desk", cancel_on_disconnect=False) as client:
        client.market(QUOTE | {"bid_px": f"1.{bid}", "ask_px": f"1.{bid + 1}"})
        for i in range(orders):
            price = f"1.{bid + 1}" if i % 2 else "1.0"
            client.submit("EURUSD", "buy", 10 + i, "limit", price, account="AB"[i % 3 == 0])
        until(lambda: _settled(client, orders), "all orders", WAIT_S)
        return {"orders": client.orders(), **client.positions()}


def _settled(client: Client, orders: int) -> bool:
    """Whether every second order is filled, all that was filled is booked, and nothing is under way."""
    rows, positions = client.orders(live_only=False), client.positions()["positions"]
    filled = sum(row["ord_status"] == "filled" for row in rows)
    booked = sum(Decimal(row["qty"]) for row in positions)
    pending = any(row["ord_status"].startswith("pending") for row in rows)
    whole = len(rows) > 0 and len(rows) % orders == 0 and 2 * filled == len(rows)
    return whole and not pending and booked == sum(Decimal(row["cum_qty"]) for row in rows)


async def check(mirror: Mirror, asked: dict[str, Any], accounts: str) -> None:
    """Once the mirror is there, it has what the core answered."""

    def equal() -> bool:
        own = {name: mirror.state.get(f"orders:{name}", {}) for name in accounts}
        orders = {
            row["cl_ord_id"]: row["ord_status"] for row in asked["orders"] if row["account"] in accounts
        }
        found = {key: values["ord_status"] for of in own.values() for key, values in of.items()}
        positions = [row for name in accounts for row in mirror.state.get(f"positions:{name}", {}).values()]
        told = [row for row in asked["positions"] if row["account"] in accounts]
        sums = [mirror.state.get(f"accounts:{name}", {}).get(name) for name in accounts]
        return (
            found == orders
            and positions == told
            and sums == [row for row in asked["accounts"] if row["account"] in accounts]
        )

    await mirror.until(equal, "what the core answered")


def test_killed_and_resumed_it_says_what_the_core_answers(core: Process, engine: Engine) -> None:
    async def test() -> None:
        robot, ann = Mirror(), Mirror()
        await robot.connect(engine.port, engine.key)
        await ann.connect(engine.port, engine.token)
        for round_ in range(3):
            for mirror in (robot, ann):
                had = set(mirror.n)
                await mirror.ask("subscribe", topics=TOPICS, after=mirror.n, stream=mirror.stream, id=round_)
                answer = await mirror.until(lambda m=mirror, r=round_: m.answer("subscribed", id=r), "answer")
                assert all(row["resumed"] for row in answer["topics"] if row["topic"] in had), answer
            asked = await asyncio.to_thread(trade, core, 20000 + round_, 12)
            await check(robot, asked, "AB")
            await check(ann, asked, "A")
            if round_ == 2:
                break
            engine.end(signal.SIGKILL)
            assert await robot.ended()
            assert await ann.ended()
            asked = await asyncio.to_thread(trade, core, 20010 + round_, 12)
            await asyncio.to_thread(engine.start)
            await robot.connect(engine.port, engine.key)
            await ann.connect(engine.port, engine.token)
        for topic, changes in robot.changes.items():
            if topic.startswith("fills"):
                numbers = [change["n"] for change in changes]
                assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert "B" not in {topic.rpartition(":")[2] for topic in ann.state}
        assert set(robot.snapshots.values()) <= {1}
        assert await asyncio.to_thread(engine.probe, "/ready") == (200, "ok")
        told = json.loads((await asyncio.to_thread(engine.probe, "/status"))[1])
        assert told["engine"] == "websocket"
        counted = lambda: "nacre_websocket_clients 2" in engine.probe("/metrics")[1]  # noqa: E731
        await asyncio.to_thread(until, counted, "two clients", WAIT_S)
        code = await asyncio.to_thread(engine.end, signal.SIGTERM)
        assert (code, (await robot.ended())[0], (await ann.ended())[0]) == (0, 1001, 1001)

        await robot.close()
        await ann.close()

    asyncio.run(test())


def test_what_is_wrong_is_said(core: Process, tmp_path: Path) -> None:
    runner = CliRunner()
    ran = runner.invoke(root, ["websocket", "run", "--journal", str(core.journal)])
    assert ran.exit_code != 0
    assert "secret" in ran.output
    ran = runner.invoke(
        root, ["websocket", "token", "a", "--secret", str(tmp_path / "none"), "--account", "A"]
    )
    assert ran.exit_code != 0
    assert "nacre websocket secret" in ran.output
    nacre("websocket", "secret", str(tmp_path / "s"))
    made = (tmp_path / "s").read_text()
    nacre("websocket", "secret", "--keep", str(tmp_path / "s"))
    assert (tmp_path / "s").read_text() == made
    for words in (
        ["secret", str(tmp_path / "s")],
        ["token", "a", "--secret", str(tmp_path / "s"), "--account", "A", "--topic", "x"],
    ):
        ran = runner.invoke(root, ["websocket", *words])
        assert ran.exit_code != 0
