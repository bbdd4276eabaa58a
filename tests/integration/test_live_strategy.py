"""Strategies beside a running core: what they are told, how they end, what their journal gives again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.cli import root
from core.live.sample import EURUSD
from core.recovery import replay
from periphery.client import connect
from periphery.strategy.journaled import Journaled, NotThere
from periphery.strategy.loading import load_strategy
from periphery.strategy.warming import warm_by_journal
from tests.integration.live_core import WAIT_S, Process, until

QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_px": "1.09000", "bid_qty": "1000000",
         "ask_px": "1.09010", "ask_qty": "1000000"}  # fmt: skip
DECLARED: list[dict[str, Any]] = [
    EURUSD,
    {"type": "venue", "venue": "V1", "mode": "match", "symbols": ["EURUSD"], "taker_fee_bps": "0.2"},
    {"type": "account", "account": "A", "currency": "USD", "cash": "1000000"},
    {"type": "limit", "check": "max_order_qty", "account": "A", "value": "10000"},
]  # fmt: skip
ALL = """
from periphery.strategy import Parameters, Strategy

class All(Strategy):
    state_version = 2

    class Params(Parameters, frozen=True):
        qty: int = 1000

    def on_start(self):
        self.quotes = 0
        self.bars("EURUSD", "200ms")
        self.timer("soon", in_s=0.1)

    def save(self):
        return {"quotes": self.quotes}

    def load(self, state):
        self.quotes = state["quotes"]
        self.log("went on", quotes=self.quotes)

    def on_quote(self, quote):
        self.quotes += 1
        self.log("quote", bid=quote.bid, at=quote.time_ns == self.time_ns, warming=self.warming)
        if self.quotes == 1:
            self.buy("EURUSD", self.params.qty)
            self.buy("EURUSD", self.params.qty, "1.05000", venue="V1")
        if quote.bid == 1.09002:
            self.sell("EURUSD", 99_000)
            for order in self.orders("EURUSD"):
                self.moved = self.replace(order.cl_ord_id, price="1.06000")
        if quote.bid == 1.09003:
            self.cancel(self.moved)
            self.send(symbol="EURUSD", side="sell", order_qty="100", ord_type="stop", stop_px="1.01")

    def on_trade(self, trade):
        self.log("trade", px=trade.price, side=trade.side)

    def on_depth(self, level):
        self.log("depth", px=level.price, size=level.size, side=level.side)

    def on_bar(self, bar):
        self.log("bar", open=bar.open, count=bar.count)
        self.sell("EURUSD", 10)

    def on_order(self, order):
        self.log("order", kind=order.exec_type, status=order.ord_status)

    def on_fill(self, order):
        self.log("fill", qty=order.last_qty, held=self.position("EURUSD"))

    def on_position(self, symbol):
        self.log("position", symbol=symbol, held=self.position(symbol))

    def on_deny(self, denial):
        self.log("deny", reason=denial.reason)

    def on_timer(self, name, due_ns):
        self.log("timer", name=name, late=self.time_ns >= due_ns)
        self.buy("EURUSD", 7)

    def on_signal(self, signal):
        self.log("signal", name=signal.name, value=signal.value, symbol=signal.symbol)
        if signal.name == "raise":
            raise ValueError("as asked")
        if signal.name == "block":
            import time
            time.sleep(60)
        self.buy("EURUSD", 11)

    def on_params(self, before):
        self.log("params", before=before.qty, now=self.params.qty)
        self.buy("EURUSD", self.params.qty)

    def on_stop(self):
        self.log("stop", held=self.position("EURUSD"))
"""


NOTHING_COMPILED = """
import sys
from importlib.machinery import EXTENSION_SUFFIXES, PathFinder

class Pure(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        found = super().find_spec(name, path, target)
        own = name.split(".")[0] in ("core", "core_ext", "periphery")
        is_compiled = found is not None and str(found.origin).endswith(tuple(EXTENSION_SUFFIXES))
        return None if own and is_compiled else found

sys.meta_path[:] = [Pure if each is PathFinder else each for each in sys.meta_path]
from core.cli import main
main()
"""
"""The command where the project's compiled modules aren't: on a container that only talks ZeroMQ."""


SAMPLES = Path(__file__).parents[2] / "periphery" / "strategy" / "samples"


class Run:
    """`nacre strategy run` in a process of its own."""

    def __init__(self, core: Process, text: str, *options: str, address: str | None = None) -> None:
        self.file = core.folder / "mine.py"
        self.file.write_text(text)
        start = ["-m", "core.cli"] if address is None else ["-c", NOTHING_COMPILED]
        command = [sys.executable, *start, "strategy", "run", str(self.file), *options]
        command += ["--connect", address or str(core.socket)]
        command += ["--token-file", str(core.socket.with_suffix(".token"))]
        self.err = (core.folder / "strategy.log").open("w+")
        self.process = subprocess.Popen(
            command, cwd=core.root, stdout=subprocess.PIPE, stderr=self.err, text=True
        )
        self.ended = False

    def lines(self) -> list[dict[str, Any]]:
        text = Path(self.err.name).read_text()
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def told(self, message: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["message"] == message]

    def until_told(self, message: str, count: int = 1) -> list[dict[str, Any]]:
        def found() -> list[dict[str, Any]]:
            assert self.process.poll() is None or len(self.told(message)) >= count, self.text()
            told = self.told(message)
            return told if len(told) >= count else []

        try:
            return until(found, message)
        except AssertionError as error:
            raise AssertionError(f"{count} x {message}: {self.text()}") from error

    def text(self) -> str:
        return Path(self.err.name).read_text()

    def wait(self) -> int:
        self.out, _ = self.process.communicate(timeout=WAIT_S)
        self.ended = True
        self.err.close()
        return self.process.returncode

    def stop(self) -> dict[str, Any]:
        self.process.send_signal(signal.SIGTERM)
        code = self.wait()
        assert code == 0, self.text()
        report: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return report

    def end(self) -> None:
        if not self.ended:
            self.process.kill()
            self.wait()


@pytest.fixture
def core(tmp_path: Path) -> Iterator[Process]:
    found = Process(tmp_path, declared=DECLARED)
    found.start()
    yield found
    found.end()


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    found: list[Run] = []
    yield found
    for run in found:
        run.end()


def desk(core: Process) -> Any:
    return connect(core.socket, name="desk2", cancel_on_disconnect=False)


def play(core: Process, run: Run) -> None:
    """A little of everything."""
    with desk(core) as client:
        client.market({**QUOTE, "bid_px": "1.09001"})
        run.until_told("fill")
        trade = {"type": "trade", "venue": "V1", "symbol": "EURUSD", "px": "1.09005", "qty": "5"}
        client.market({**trade, "aggressor": "buy"})
        level = {"type": "depth", "venue": "V1", "symbol": "EURUSD", "qty": "1000000"}
        client.market({**level, "side": "sell", "px": "1.09010"})
        client.market({**level, "side": "buy", "px": "1.09000"})
        client.market({**QUOTE, "bid_px": "1.09002"})
        run.until_told("deny")
        client.market({**QUOTE, "bid_px": "1.09003"})
        client.signal("alpha", 0.125, "EURUSD")
        run.until_told("signal")
        client.submit("EURUSD", "sell", 3, account="A")
        client._session.signal(3, client.signal_index("qty=200"), index_of(client, "All"))
        client._session.signal(3, client.signal_index("qty=x"), index_of(client, "All"))
        run.until_told("parameter refused")
        run.until_told("timer")
        run.until_told("bar")
        client.market({**QUOTE, "bid_px": "1.09004"})
        run.until_told("bar", 2)


def index_of(client: Any, session: str) -> int:
    return int(client.request("names", space="session")["names"].index(session))


def test_it_is_told_everything_and_its_journal_gives_the_same_again(core: Process, runs: list[Run]) -> None:
    run = Run(core, ALL, "--state", str(core.folder / "state.json"))
    runs.append(run)
    run.until_told("begun")
    play(core, run)
    report = run.stop()
    assert report["missed"] == report["open"] == 0
    assert [line["value"] for line in run.told("signal")] == [0.125]
    assert run.told("signal")[0]["symbol"] == "EURUSD"
    assert [(line["before"], line["now"]) for line in run.told("params")] == [(1000, 200)]
    assert run.told("trade")[0]["side"] == "buy"
    assert (run.told("depth")[0]["px"], run.told("depth")[0]["side"]) == (1.0901, "sell")
    assert all(line["at"] and not line["warming"] for line in run.told("quote"))
    assert "max_order_qty" in {line["reason"] for line in run.told("deny")}, run.text()
    assert all(line["late"] for line in run.told("timer"))
    assert run.told("fill")[0]["held"] == "1000"
    assert len(run.told("position")) == len(run.told("fill")) + 1, "the desk's fill changes what is held"
    times = [line["time_ns"] for line in run.lines()]
    assert times == sorted(times)
    with desk(core) as client:
        held = {row["symbol"]: row["qty"] for row in client.positions()["positions"]}
    assert held["EURUSD"] == "0", "at_stop closes what is held"
    told = core.stop()
    again = Journaled(load_strategy(run.file)(), core.journal)
    found = again.run()
    assert found["difference"] is None
    assert found["ok"]
    assert found["compared"] > 10
    assert found["state_hash"] == told["state_hash"] == replay(core.journal)["state_hash"]
    assert (found["orders"], found["fills"], found["denied"]) == tuple(
        report[key] for key in ("orders", "fills", "denied")
    )
    live = [line for line in run.lines() if line["message"] not in ("begun",)]
    assert json.loads(json.dumps(again.logged, default=str)) == live, "every handler, in the same order"


def test_another_strategy_is_told_apart_by_its_first_request(core: Process, runs: list[Run]) -> None:
    run = Run(core, ALL)
    runs.append(run)
    run.until_told("begun")
    play(core, run)
    run.stop()
    core.stop()
    words = ["backtest", str(run.file), "--from-journal", str(core.journal), "-o", "json"]
    same = CliRunner().invoke(root, words)
    assert same.exit_code == 0, same.output
    assert json.loads(same.stdout)["equal"]
    other = CliRunner().invoke(root, [*words, "--param", "qty=500"])
    assert other.exit_code == 1
    found = json.loads(other.stdout)
    assert not found["ok"]
    assert found["difference"]["journal"]["qty"] == 1000
    assert found["difference"]["strategy"]["qty"] == 500
    with pytest.raises(NotThere, match="no session other of a strategy; there is All"):
        Journaled(load_strategy(run.file)(), core.journal, "other")


@pytest.mark.parametrize("how", ["raise", "block", "kill"])
def test_one_that_fails_hurts_only_itself(core: Process, runs: list[Run], how: str) -> None:
    run = Run(core, ALL, "--blocked-s", "1")
    runs.append(run)
    run.until_told("begun")
    with desk(core) as client:
        client.market(QUOTE)
        run.until_told("fill")
        assert len(client.orders()) == 1
        if how == "kill":
            run.process.kill()
        else:
            client.signal(how)
        assert run.wait() == {"raise": 1, "block": 1, "kill": -signal.SIGKILL}[how]
        until(lambda: not client.orders(), "its open order is cancelled")
        if how == "raise":
            (line,) = run.told("raised")
            assert "ValueError: as asked" in line["traceback"]
        if how == "block":
            assert "on_signal" in run.text()
        client.market({**QUOTE, "bid_px": "1.08000"})
        sent = client.submit("EURUSD", "buy", 5, account="A")
        status = (each.ord_status for each in client.events(WAIT_S) if each.cl_ord_id == sent)
        assert "filled" in status  # in what comes, until it does
    told = core.stop()
    assert replay(core.journal)["state_hash"] == told["state_hash"]


def test_its_state_goes_on_and_an_older_one_is_refused(core: Process, runs: list[Run]) -> None:
    state = core.folder / "state.json"
    run = Run(core, ALL, "--state", str(state))
    runs.append(run)
    run.until_told("begun")
    with desk(core) as client:
        client.market(QUOTE)
        run.until_told("quote")
    run.stop()
    assert json.loads(state.read_text())["state"] == {"quotes": 1}
    again = Run(core, ALL, "--state", str(state))
    runs.append(again)
    assert again.until_told("went on")[0]["quotes"] == 1
    again.stop()
    older = Run(core, ALL.replace("state_version = 2", "state_version = 3"), "--state", str(state))
    runs.append(older)
    assert older.wait() == 2
    assert "state of version 2, All has version 3: define migrate" in older.text()


def test_it_warms_up_by_the_journal_and_orders_are_refused_meanwhile(core: Process, runs: list[Run]) -> None:
    with desk(core) as client:
        for bid in ("1.09000", "1.09001"):
            client.market({**QUOTE, "bid_px": bid})
        run = Run(core, ALL, "--warm-up-journal")
        runs.append(run)
        run.until_told("begun")
        assert [line["warming"] for line in run.told("quote")] == [True, True]
        assert {line["reason"] for line in run.told("deny")} == {"warming_up"}
        assert client.orders(live_only=False) == []
        client.market({**QUOTE, "bid_px": "1.09005"})
        assert run.until_told("quote", 3)[-1]["warming"] is False
    run.stop()
    told = core.stop()
    again = Journaled(load_strategy(run.file)(), core.journal)
    warm_by_journal(again, core.journal, again.of.begin)
    found = again.run()
    assert found["ok"], found
    assert again.replay.core.state_hash() == told["state_hash"]


KEEPS = """
from periphery.strategy import Strategy

class Keeps(Strategy):
    at_stop = "keep"

    def on_start(self):
        self.buy("EURUSD", 5, "1.05000", venue="V1", time_in_force="gtc")

    def on_order(self, order):
        self.log("order", status=order.ord_status)
"""


def test_orders_that_are_to_stay_stay_when_it_stops_in_order(core: Process, runs: list[Run]) -> None:
    run = Run(core, KEEPS)
    runs.append(run)
    run.until_told("order", 2)
    run.stop()
    with desk(core) as client:
        until(lambda: all(each["name"] != "Keeps" for each in core.ask("status")["sessions"]), "it has left")
        assert [row["ord_status"] for row in client.orders()] == ["new"]
    core.stop()


def test_the_core_goes_first(core: Process, runs: list[Run]) -> None:
    run = Run(core, KEEPS)
    runs.append(run)
    run.until_told("order", 2)
    core.stop()
    assert run.wait() == 3
    assert "hung up" in run.text()


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


def test_over_the_bridge_with_nothing_compiled_it_is_the_same(
    core: Process, runs: list[Run], bridge: str
) -> None:
    run = Run(core, ALL, address=bridge)
    runs.append(run)
    run.until_told("begun")
    play(core, run)
    report = run.stop()
    assert report["missed"] == report["open"] == 0
    told = core.stop()
    again = Journaled(load_strategy(run.file)(), core.journal)
    found = again.run()
    assert found["ok"], found
    assert found["state_hash"] == told["state_hash"]
    live = [line for line in run.lines() if line["message"] not in ("begun",)]
    assert json.loads(json.dumps(again.logged, default=str)) == live


def test_many_rows_come_over_the_bridge_in_order_and_none_is_missing(
    core: Process, runs: list[Run], bridge: str
) -> None:
    run = Run(core, COUNTS, address=bridge)
    runs.append(run)
    run.until_told("begun")
    with desk(core) as client:
        for i in range(2000):
            client.market({**QUOTE, "bid_px": f"1.0{i % 1000:04d}"})
        client.signal("end")
    (line,) = run.until_told("counted")
    assert (line["quotes"], line["wrong"]) == (2000, 0)
    assert run.stop()["missed"] == 0
    core.stop()
    assert Journaled(load_strategy(run.file)(), core.journal).run()["ok"]


COUNTS = """
from periphery.strategy import Strategy

class Counts(Strategy):
    def on_start(self):
        self.quotes = self.wrong = 0

    def on_quote(self, quote):
        self.wrong += str(quote.bid_px) != f"1.0{self.quotes % 1000:04d}"
        self.quotes += 1
        if self.quotes % 10 == 0:
            self.buy("EURUSD", 1)

    def on_signal(self, signal):
        self.log("counted", quotes=self.quotes, wrong=self.wrong)
"""


def test_a_sample_lives_on_signals_of_the_command(core: Process, runs: list[Run]) -> None:
    text = (SAMPLES / "signal_taker.py").read_text()
    run = Run(core, text, "--param", "most=1000", "--param", "symbol=EURUSD")
    runs.append(run)
    run.until_told("begun")
    where = ["--connect", str(core.socket)]
    with desk(core) as client:
        client.market(QUOTE)
        for value, held in (("0.5", "500"), ("-1", "-1000")):
            done = CliRunner().invoke(root, ["strategy", "signal", "target", *where, "--", value])
            assert done.exit_code == 0, done.output

            def holds(wanted: str = held) -> bool:
                return [row["qty"] for row in client.positions()["positions"]] == [wanted]

            until(holds, held)
        done = CliRunner().invoke(root, ["strategy", "set", "SignalTaker", "most=10", *where])
        assert done.exit_code == 0, done.output
        assert run.until_told("parameter changed")[0]["most"] == "10"
        done = CliRunner().invoke(root, ["strategy", "stop", "SignalTaker", *where])
        assert done.exit_code == 0, done.output
        assert run.wait() == 0, run.text()
        until(lambda: [row["qty"] for row in client.positions()["positions"]] == ["0"], "0")
    wrong = CliRunner().invoke(root, ["strategy", "stop", "nobody", *where])
    assert wrong.exit_code == 2
    assert "session nobody: there is" in wrong.stderr
    with desk(core) as client:
        until(lambda: "SignalTaker" not in [row["name"] for row in client.status()["sessions"]], "it is gone")
    for words in (["set", "SignalTaker", "most=10"], ["stop", "SignalTaker"]):
        gone = CliRunner().invoke(root, ["strategy", *words, *where])
        assert gone.exit_code == 2
        assert "session SignalTaker is not connected" in gone.stderr


def test_one_that_is_stopped_as_soon_as_it_is_there_stops(core: Process, runs: list[Run]) -> None:
    """A stop may come before the strategy has begun."""
    with desk(core) as client:
        for _ in range(3):
            run = Run(core, COUNTS)
            runs.append(run)
            until(lambda: "Counts" in [row["name"] for row in client.status()["sessions"]], "a session", 60)
            done = CliRunner().invoke(root, ["strategy", "stop", "Counts", "--connect", str(core.socket)])
            assert done.exit_code == 0, done.output
            assert run.wait() == 0, run.text()
            until(lambda: "Counts" not in [row["name"] for row in client.status()["sessions"]], "it is gone")


SLOW = """
import time
from periphery.strategy import Strategy

class Slow(Strategy):
    def on_signal(self, signal):
        time.sleep(signal.value)
"""


def test_its_probes_say_how_it_is(core: Process, runs: list[Run]) -> None:
    run = Run(core, SLOW, "--http", "127.0.0.1:0", "--stale-after-s", "1")
    runs.append(run)
    address = f"127.0.0.1:{run.until_told('probes')[0]['port']}"

    def health(*words: str) -> int:
        return CliRunner().invoke(root, ["engine", "health", address, *words]).exit_code

    until(lambda: health("--ready") == 0, "it is ready")
    with desk(core) as client:
        client.signal("sleep", 4)
        until(lambda: health() == 1, "a handler holds it up")
        until(lambda: health() == 0, "it goes on")
        client.market(QUOTE)

        def heard() -> bool:
            with urllib.request.urlopen(f"http://{address}/status", timeout=60) as answer:
                told = json.loads(answer.read())
            return told["last_seq"] > 0 and told["inputs"] >= 2

        until(heard, "what it heard is counted")
    run.stop()
    assert health() == 1
