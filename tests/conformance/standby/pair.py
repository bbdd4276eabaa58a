"""Two hosts, a witness, and a core under load: what each test of a standby is played on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.recovery import replay
from periphery.standby.control import NobodyThere, ask
from tests.integration.live_core import ROOT, Client, Process, until
from tests.integration.network import Network

WAIT_S = 90.0
LEASE_S = "2"
ONE, TWO, THIRD = 1, 2, 3
NAMES = {ONE: "one", TWO: "two"}


class Host:
    """A core and its process of `nacre standby`, on one host of a network."""

    def __init__(self, pair: Pair, number: int) -> None:
        self.pair, self.number = pair, number
        self.folder = pair.folder / NAMES[number]
        self.folder.mkdir()
        self.core = Process(self.folder, "--fenced", "--placement", "fused")
        self.process: subprocess.Popen[str] | None = None
        self.said: Path = self.folder / "said"
        self.clients = 0

    @property
    def socket(self) -> Path:
        return self.core.socket

    def _common(self) -> list[str]:
        at, other = self.pair.network.address(self.number), 3 - self.number
        voters = [self.pair.network.address(each) for each in (other, THIRD)]
        words = [
            "--name",
            NAMES[self.number],
            "--socket",
            str(self.socket),
            "--journal",
            str(self.core.journal),
        ]
        words += [
            "--secret",
            str(self.pair.secret),
            "--listen",
            f"{self.pair.kind}://{at}:7800",
            "--lease",
            LEASE_S,
        ]
        words += ["--vote", f"tcp://{at}:7801"]
        return words + [word for each in voters for word in ("--voter", f"tcp://{each}:7801")]

    def serve(self) -> None:
        """As the primary of the core that runs here."""
        self.core.start()
        self._start("serve", *self._common())

    def follow(self, promote_after_s: float = 0) -> None:
        """As the standby of the other."""
        at, other = (self.pair.network.address(each) for each in (self.number, 3 - self.number))
        words = ["--connect", f"{self.pair.kind}://{other}:7800", "--promote-after", str(promote_after_s)]
        words += ["--own", f"{self.pair.kind}://{at}:7900"] * (self.pair.kind == "aeron")
        self._start("run", *self._common(), *words, "--segment-mb", "1", "--", "--placement", "fused")

    def _start(self, *words: str) -> None:
        command = self.pair.network.on(self.number, sys.executable, "-m", "core.cli", "standby", *words)
        with self.said.open("a") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, text=True)

    def status(self, **values: Any) -> dict[str, Any]:
        """{}: nobody answers."""
        with suppress(NobodyThere):
            return ask(self.socket, "status", **values)
        return {}

    def until(self, what: str, **wanted: Any) -> dict[str, Any]:
        """Its status, once it has all that."""
        return self._until(what, lambda told: all(told.get(key) == value for key, value in wanted.items()))

    def _until(self, what: str, true: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        def found() -> dict[str, Any] | None:
            told = self.status()
            return told if true(told) else None

        try:
            told: dict[str, Any] = until(found, what, WAIT_S)
        except AssertionError as error:
            raise AssertionError(
                f"{error}: {self.status()}; it said: {self.said.read_text()[-3000:]}"
            ) from None
        return told

    def caught_up(self, seq: int) -> dict[str, Any]:
        """Its status, a standby's, once it has replayed up to there, and what the primary did since."""
        return self._until(
            f"event {seq} is replayed",
            lambda told: told.get("replayed", 0) >= seq and told.get("behind") == 0,
        )

    def client(self) -> Client:
        self.clients += 1
        return Client(self.core, f"c{self.clients}", cancels=False)

    def load(self, orders: int) -> Client:
        """So many orders that rest, each of them answered."""
        client = self.client()
        client.quote("1.10000", "1.10010")
        name = f"{NAMES[self.number]}{self.clients}"
        for i in range(orders):
            until(lambda i=i: client.order(f"{name}-{i}", 109000 - i % 50), "the ring has room", WAIT_S)
            client.next()
        until(lambda: self.seq_stands(client, orders), "all orders are taken", WAIT_S)
        return client

    def seq_stands(self, client: Client, orders: int) -> bool:
        while client.next() is not None:
            pass
        return client.read >= orders

    def settled(self) -> int:
        """The core's last sequence, once nothing is under way any more."""

        def quiet() -> int:
            told = self.core.ask("status")
            done = {told["seq"], *told["cursors"].values()}
            return int(told["seq"]) if told["sends"]["under_way"] == 0 and len(done) == 1 else 0

        found: int = until(lambda: quiet() and quiet(), "the core is quiet", WAIT_S)
        return found

    def replayed(self) -> dict[str, Any]:
        """What its journal comes to, played afresh."""
        told = replay(self.core.journal)
        assert told["ok"], told
        return told

    def ended(self) -> int:
        assert self.process is not None
        return self.process.wait(WAIT_S)

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def end(self) -> None:
        """However the test went: whatever runs here."""
        if self.process is not None and self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.core.end()


class Pair:
    """kind: of the transport, "tcp" or "aeron"."""

    def __init__(self, folder: Path, kind: str, seed: int = 1) -> None:
        self.folder, self.kind = folder, kind
        self.secret = folder / "secret"
        self.network = Network(3, seed)
        self.witness: subprocess.Popen[bytes] | None = None
        subprocess.run(
            self._nacre("standby", "secret", str(self.secret)), cwd=ROOT, check=True, capture_output=True
        )
        self.hosts = {number: Host(self, number) for number in (ONE, TWO)}

    @staticmethod
    def _nacre(*words: str) -> list[str]:
        return [sys.executable, "-m", "core.cli", *words]

    def start_witness(self) -> None:
        words = ["--vote", f"tcp://{self.network.address(THIRD)}:7801", "--secret", str(self.secret)]
        words += ["--state", str(self.folder / "witness")]
        command = self.network.on(THIRD, *self._nacre("standby", "witness", *words))
        self.witness = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
        assert self.witness.stderr is not None
        assert b"a witness" in self.witness.stderr.readline()

    def stop_witness(self) -> None:
        if self.witness is not None:
            self.witness.terminate()
            self.witness.communicate(timeout=WAIT_S)
            self.witness = None

    def end(self) -> None:
        self.network.heal()
        self.network.loss = 0
        try:
            for host in self.hosts.values():
                host.end()
            self.stop_witness()
        finally:
            self.network.end()
