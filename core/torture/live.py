"""A core in a process of its own, and a raw client of its protocol."""

from __future__ import annotations

import json
import mmap
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core import messages as m
from core.live.ask import ask
from core.live.sample import EURUSD
from core_ext.ring import Ring
from core_ext.spine import Spine

ROOT = Path(__file__).resolve().parents[2]
"""Where the modules are: of a checkout, or of an installation."""
WAIT_S = 60.0
END_S = 300.0
"""An answer is waited for so long, and the end of a core: a machine that has other work isn't a failure."""
DECLARED: list[dict[str, Any]] = [
    EURUSD,
    {"type": "venue", "venue": "V1", "mode": "match", "symbols": ["EURUSD"], "taker_fee_bps": "0.2"},
    {"type": "account", "account": "A", "currency": "USD", "cash": "1000000"},
    {"type": "account", "account": "B", "currency": "USD", "cash": "1000000"},
    {"type": "limit", "check": "max_order_qty", "account": "A", "value": "10000"},
]  # fmt: skip
INPUT = np.dtype(
    [
        ("time_ns", "<i8"),
        ("source_seq", "<u8"),
        ("kind", "<u2"),
        ("length", "<u2"),
        ("session", "<u4"),
        ("source", "u1"),
        ("flags", "u1"),
        ("pad", "V6"),
        ("pad2", "V16"),
        ("request", "V256"),
    ]
)


def until(true: Callable[[], Any], what: str, seconds: float = WAIT_S) -> Any:
    """What `true` gives once it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.002)
    raise AssertionError(f"not within {seconds} s: {what}")


def name_field(text: str) -> np.void:
    return np.void(bytes([len(text)]) + text.encode().ljust(39, b"\0"))


class Process:
    """`nacre core run` in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        *options: str,
        declared: list[dict[str, Any]] | None = None,
        root: Path = ROOT,
        env: dict[str, str] | None = None,
    ) -> None:
        """root: whose modules it runs. env: beside the environment that there is."""
        self.folder = folder
        self.root = root
        self.socket = folder / "run" / "core.sock"
        self.journal = folder / "journal"
        self.socket.parent.mkdir(mode=0o700, exist_ok=True)
        self.declares = ["--declare", str(folder / "declared.jsonl")]
        lines = DECLARED if declared is None else declared
        (folder / "declared.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        self.options = options
        self.env = os.environ | (env or {})
        self.process: subprocess.Popen[str] | None = None
        self.clients: list[Client] = []

    def start(self) -> dict[str, Any]:
        """Starts it; what it says when it is ready."""
        command = [sys.executable, "-m", "core.cli", "core", "run", "--socket", str(self.socket)]
        command += ["--journal", str(self.journal), *self.declares, *self.options]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            command, cwd=self.root, stdout=pipe, stderr=pipe, text=True, env=self.env
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"it doesn't start: {self.process.communicate()[1]}")
        ready: dict[str, Any] = json.loads(line)
        return ready

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def workers(self) -> list[dict[str, Any]]:
        """The core's other processes: name, pid, stages."""
        found: list[dict[str, Any]] = self.ask("status")["workers"]
        return found

    def ask(self, op: str) -> dict[str, Any]:
        """Without a session."""
        return ask(self.socket, op)

    def freeze(self) -> list[int]:
        """Stops all its processes where they are; `thaw` lets them go on."""
        pids = [self.pid, *(each["pid"] for each in self.workers())]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        return pids

    def thaw(self, pids: list[int]) -> None:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.reap()

    def reap(self) -> tuple[int, str, str]:
        """(exit code, standard output, standard error) of what has ended, or ends soon."""
        assert self.process is not None
        out, err = self.process.communicate(timeout=END_S)
        code = self.process.returncode
        self.process = None
        return code, out, err

    def stop(self) -> dict[str, Any]:
        """SIGTERM; what it had come to. It must end with 0."""
        self.signal(signal.SIGTERM)
        code, out, err = self.reap()
        assert code == 0, err
        told: dict[str, Any] = json.loads(out.splitlines()[-1])
        return told

    def end(self) -> None:
        """For a test's end, however it went."""
        for client in self.clients:
            client.close()
        if self.process is not None:
            self.process.kill()
            self.reap()


class Client:
    """A session, byte by byte."""

    def __init__(
        self,
        core: Process,
        name: str = "test",
        *,
        cancels: bool = True,
        patience_s: float = WAIT_S,
        **more: Any,
    ) -> None:
        """patience_s: how long an answer is waited for."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        core.clients.append(self)
        self.patience_s = patience_s
        self.sock.settimeout(patience_s)
        self.sock.connect(str(core.socket))
        token = core.socket.with_suffix(".token").read_text()
        self.ids = 0
        self.sent = 0
        self.read = 0
        self.fds: list[int] = []
        said = {"version": 1, "token": token, "name": name, "cancel_on_disconnect": cancels}
        self.told = self.ask("hello", **(said | more))
        if self.told["ok"]:
            memory = [mmap.mmap(fd, os.fstat(fd).st_size) for fd in self.fds]
            self.requests = Ring.attach(memory[0])
            self.responses = Spine.attach(memory[1])
            self.quotes = Spine.attach(memory[2])

    def ask(self, op: str, **values: Any) -> dict[str, Any]:
        self.ids += 1
        self.sock.send(msgspec.msgpack.encode({"op": op, "id": self.ids, **values}))
        packet, fds, _, _ = socket.recv_fds(self.sock, 1 << 22, 3)
        self.fds += fds
        answer: dict[str, Any] = msgspec.msgpack.decode(packet)
        assert answer["id"] == self.ids
        return answer

    def must(self, op: str, **values: Any) -> dict[str, Any]:
        """The answer; waits while a process of the core is brought back."""
        end = time.monotonic() + self.patience_s
        answer = self.ask(op, **values)
        while "is being brought back" in answer.get("error", "") and time.monotonic() < end:
            answer = self.ask(op, **values)
        assert answer["ok"], answer
        return answer

    def quote(self, bid: str, ask: str, qty: str = "1000000") -> None:
        line = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_px": bid, "ask_px": ask}
        self.must("market", line={**line, "bid_qty": qty, "ask_qty": qty})

    def push(self, kind: m.Kind, request: bytes, source_seq: int | None = None) -> bool:
        row = np.zeros((), INPUT)
        row["kind"] = kind
        row["source_seq"] = self.sent + 1 if source_seq is None else source_seq
        row["request"] = np.void(request.ljust(256, b"\0"))
        if not self.requests.try_push(row.tobytes()):
            return False
        self.sent += 1
        return True

    def order(self, cl_ord_id: str, price: int, qty: int = 100, account: int = 0, **more: Any) -> bool:
        row = np.zeros((), m.ORDER_EVENT)
        row["cl_ord_id"] = name_field(cl_ord_id)
        row["account"], row["symbol"], row["strategy"], row["venue"] = account, 0, m.NONE, 0
        row["ord_type"], row["time_in_force"] = m.OrdType.LIMIT, m.TimeInForce.GTC
        row["flags"] = m.OrderFlag.HAS_QTY | m.OrderFlag.HAS_PRICE
        row["qty"], row["price"] = qty, price
        for key, value in more.items():
            row[key] = value
        return self.push(m.Kind.ORDER, row.tobytes())

    def replace(self, orig: str, cl_ord_id: str, qty: int) -> bool:
        row = np.zeros((), m.REPLACE_EVENT)
        row["cl_ord_id"], row["orig_cl_ord_id"] = name_field(cl_ord_id), name_field(orig)
        row["qty"], row["flags"] = qty, m.OrderFlag.HAS_QTY
        return self.push(m.Kind.REPLACE, row.tobytes())

    def cancel(self, orig: str, cl_ord_id: str) -> bool:
        row = np.zeros((), m.CANCEL_EVENT)
        row["cl_ord_id"], row["orig_cl_ord_id"] = name_field(cl_ord_id), name_field(orig)
        return self.push(m.Kind.CANCEL, row.tobytes())

    def cancel_all(self) -> bool:
        row = np.zeros((), m.FILTER_EVENT)
        row["scope"] = np.frombuffer(b"\xff" * m.SCOPE_KEYS.itemsize, m.SCOPE_KEYS)[0]
        return self.push(m.Kind.CANCEL_ALL, row.tobytes())

    def next(self) -> np.void | None:
        if not self.responses.is_published(self.read + 1):  # first: a slot is claimed before it is whole
            return None
        raw = self.responses.read(self.read + 1)
        if raw is None:
            return None
        self.read += 1
        row: np.void = np.frombuffer(raw, m.RESPONSE, 1)[0]
        return row

    def expect(
        self, cl_ord_id: str, *, status: m.OrdStatus | None = None, reason: m.Reason | None = None
    ) -> np.void:
        """The next response about the order in that status, or its denial for that reason."""

        def found() -> np.void | None:
            row = self.next()
            if row is None:
                return None
            name = row["cl_ord_id"].tobytes()
            if name[1 : 1 + name[0]].decode() != cl_ord_id:
                return None
            if reason is not None:
                return row if row["kind"] == 1 and row["reason"] == reason else None
            return row if row["kind"] == 2 and row["status"] == status else None

        row: np.void = until(found, f"{cl_ord_id}: {status or reason}")
        return row

    def close(self) -> None:
        self.sock.close()
        for fd in self.fds:
            os.close(fd)
        self.fds = []
