"""What engines ask of a live core: signals once each, whatever was killed; limits that are in force."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import messages as m
from core_ext.journal import JournalReader
from periphery.client import connect
from periphery.recorder.recorder import Recorder
from periphery.recorder.sqlite import SqliteStore
from periphery.service.config import Config
from periphery.service.engine import Engine, Output, request
from periphery.service.runner import Runner
from tests.integration.live_core import Process, until

KILLS = 10
FIRST = 110_000


class Echo(Engine):
    """Says each bid as a signal, and a limit at each hundredth quote."""

    name = "echo"
    line = "For tests."
    kinds = frozenset({m.Kind.QUOTE})

    def on_page(self, page: np.void, raw: bytes) -> Iterable[Output]:
        bid = int(request(raw, m.QUOTE_EVENT)["bid_px"])
        yield Output("signal", {"name": "bid", "value": bid, "symbol": "EURUSD"})
        if bid % 100 == 0:
            yield Output(
                "limit", {"check": "max_order_qty", "account": "B", "value": str(20_000 - bid % 1000)}
            )

    def save(self) -> dict[str, Any]:
        return {}

    def load(self, state: dict[str, Any]) -> None:
        pass


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    (tmp_path / "core.toml").write_text("second_person = true\n")
    found = Process(tmp_path, "--config", str(tmp_path / "core.toml"))
    found.start()
    yield found
    found.end()


def quote(desk: Any, bid: int) -> None:
    line = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_qty": "5", "ask_qty": "5"}
    desk.market(line | {"bid_px": f"{bid / 1e5:.5f}", "ask_px": f"{(bid + 2) / 1e5:.5f}"})


def begin(core: Process, place: Path) -> Runner:
    config = Config(journal=str(core.journal), state=str(place), core=str(core.socket))
    return Runner(Echo, config)


def turn(runner: Runner, core: Process) -> None:
    runner.source.poll()
    runner.acts.push(str(core.socket), runner.source.seq, runner._sessions)


def heard(core: Process) -> list[int]:
    """The signals in the journal."""
    size, found = m.HEADER.itemsize, []
    for _, body in JournalReader(core.journal):
        if int.from_bytes(body[40:42], "little") == m.Kind.SIGNAL:
            row = np.frombuffer(body, m.SIGNAL_EVENT, 1, size)[0]
            found.append(int(row["mantissa"]) * 10 ** int(row["exponent"]))
    return found


def test_each_signal_comes_once(core: Process, tmp_path: Path) -> None:
    """The engine is gone at ten seeded points, with signals under way, with and without a save before."""
    chance, place, bids = random.Random(5), tmp_path / "echo", []
    with connect(core.socket, name="md") as desk:
        for _ in range(KILLS):
            runner = begin(core, place)
            runner.source.step = chance.randrange(1, 9)
            for _ in range(chance.randrange(5, 60)):
                if chance.random() < 0.7:
                    bids.append(FIRST + len(bids))
                    quote(desk, bids[-1])
                turn(runner, core)
                if chance.random() < 0.1:
                    runner.save()
            if runner.acts._client is not None:
                runner.acts._client._control.sock.close()  # as the kernel does when a process is killed
            runner.close()
            time.sleep(chance.uniform(0, 0.05))
        runner = begin(core, place)

        def all_came() -> bool:
            turn(runner, core)
            return not runner.acts.waiting and runner.acts.come == len(bids)

        until(all_came, "all signals are in the journal", 60)
        runner.acts.close()
        runner.close()
    assert heard(core) == bids
    store = SqliteStore(tmp_path / "store.db")
    store.migrate()
    Recorder(core.journal, store).catch_up()
    rows = store.read("signals")
    assert [(r["session"], r["name"], r["symbol"], int(r["value"])) for r in rows] == [
        ("engine.echo", "bid", "EURUSD", bid) for bid in bids
    ]
    store.close()
    assert len(bids) > 100


def test_a_limit_is_set_and_a_looser_one_refused(
    core: Process, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def limit() -> str | None:
        rows = [row for row in core.ask("limits")["limits"] if row.get("account") == "B"]
        return rows[0]["value"] if rows else None

    runner = begin(core, tmp_path / "echo")
    with connect(core.socket, name="md") as desk:
        for bid, value in ((FIRST + 200, "19800"), (FIRST + 700, "19300"), (FIRST + 100, "19300")):
            quote(desk, bid)

            def set_so(value: str = value) -> bool:
                turn(runner, core)
                return limit() == value and not runner.acts.waiting

            until(set_so, f"the limit is {value}", 60)
        until(
            lambda: turn(runner, core) or "second" in capsys.readouterr().err, "the looser one is refused", 60
        )
    runner.acts.close()
    runner.close()
    assert limit() == "19300"
