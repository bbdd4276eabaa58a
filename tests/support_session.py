"""A core that isn't one: the session protocol over a real socket and sealed memory, with answers made up.

Orders are acknowledged, market orders filled at 190.02; a quantity above 1,000 is denied; what else a test
wants said, it says with `tell`, `quote`, `hang_up`. It reads requests with numpy's dtypes, the client writes
them with `struct`: where the two agree, both are right.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import socket
import threading
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from core import messages as m
from core_ext.ring import Ring
from core_ext.spine import Spine

TOKEN = "let me in"
DIRECTORY: dict[str, Any] = {
    "symbols": [
        {
            "name": name,
            "kind": "equity",
            "price_precision": price_precision,
            "qty_precision": qty_precision,
            "tick": "0.01",
            "lot": "1",
            "multiplier": "1",
            "multiplier_precision": 0,
            "inverse": False,
            "currency": "USD",
            "settle_currency": "USD",
            "venues": ["XV1", "XV2"],
        }
        for name, price_precision, qty_precision in (("AAPL", 2, 0), ("BTCUSD", 1, 8))
    ],
    "venues": ["XV1", "XV2"],
    "accounts": [{"name": "OTHER", "currency": "USD"}, {"name": "A1", "currency": "USD"}],
    "strategies": ["alpha"],
}
REQUESTS = {
    m.Kind.ORDER: m.ORDER_EVENT,
    m.Kind.REPLACE: m.REPLACE_EVENT,
    m.Kind.CANCEL: m.CANCEL_EVENT,
    m.Kind.CANCEL_ALL: m.FILTER_EVENT,
}
INPUT = np.dtype(
    [
        ("time_ns", "<i8"),
        ("source_seq", "<u8"),
        ("kind", "<u2"),
        ("length", "<u2"),
        ("session", "<u4"),
        ("rest", "V24"),
        ("request", "V256"),
    ]
)
QUOTE = np.dtype(
    [
        ("seq", "<u8"),
        ("time_ns", "<i8"),
        ("symbol", "<u4"),
        ("venue", "<u2"),
        ("pad", "<u2"),
        ("bid_px", "<i8"),
        ("bid_qty", "<i8"),
        ("ask_px", "<i8"),
        ("ask_qty", "<i8"),
        ("rest", "V8"),
    ]
)
SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
MOST_QTY = 1_000
ENDED = ("filled", "canceled")


def decode(slot: bytes) -> tuple[np.void, np.void]:
    """(head, request) of a request slot, each by the dtype of the core."""
    head = np.frombuffer(slot, INPUT)[0]
    dtype = REQUESTS[m.Kind(head["kind"])]
    assert head["length"] == dtype.itemsize
    return head, np.frombuffer(slot, dtype, 1, 48)[0]


def text(field: np.void) -> str:
    """The text of a name's field."""
    raw = field.tobytes()
    return raw[1 : 1 + raw[0]].decode()


def name_field(name: str) -> np.void:
    """A name's field."""
    return np.void(bytes([len(name)]) + name.encode().ljust(39, b"\0"))


def memory(size: int) -> tuple[int, mmap.mmap]:
    """Sealed memory of `size` bytes: (descriptor, mapping)."""
    fd = os.memfd_create("nacre-test", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(fd, size)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    return fd, mmap.mmap(fd, size)


class FakeCore:
    """A listening core with one session at a time; use it as a context manager."""

    def __init__(self, folder: Path, capacity: int = 64, live: bool = False) -> None:
        self.address = folder / "core.sock"
        self.capacity = capacity
        self.live = live
        self.paused = False
        self.killed = [5]
        self.version = 1
        self.holds_from = 1
        """The oldest response that `resend` still has."""
        self.quiet: set[str] = set()
        self.requests: list[tuple[np.void, np.void]] = []
        self.said: list[dict[str, Any]] = []
        self.told: list[bytes] = []
        self.rows: dict[str, dict[str, Any]] = {}
        self.closed_by: str | None = "start of day"
        self.day: str | None = None
        self.strategies = list(DIRECTORY["strategies"])
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(str(self.address))
        self._listener.listen()
        self._listener.settimeout(0.02)
        self._peer: socket.socket | None = None
        self._stop = threading.Event()
        self._drop = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> FakeCore:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)
        self._listener.close()
        self.address.unlink(missing_ok=True)

    # ---- what a test says ----------------------------------------------------------------------------------

    def hang_up(self) -> None:
        """End the session."""
        self._drop.set()

    def tell(self, kind: m.ResponseKind = m.ResponseKind.ORDER, **values: Any) -> None:
        """The next response."""
        row = np.zeros((), m.RESPONSE)
        row["seq"], row["time_ns"], row["kind"] = len(self.told) + 1, 1_000, kind
        for key, value in values.items():
            row[key] = name_field(value) if isinstance(value, str) else value
        slot = row.tobytes()
        self.told.append(slot)
        assert self.responses.try_write(len(self.told), slot[8:])

    def begin_late(self, missed: int) -> None:
        """So many responses were made before the session had its seat, and are kept nowhere."""
        self.told = [b""] * missed
        self.holds_from = missed + 1
        self.responses.begin_at(missed + 1)
        self.responses.start_at(missed)

    def quote(self, seq: int, **values: Any) -> None:
        """The quote with that sequence."""
        row = np.zeros((), QUOTE)
        for key, value in values.items():
            row[key] = value
        assert self.quotes.try_write(seq, row.tobytes()[8:])

    # ---- the loop ------------------------------------------------------------------------------------------

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                peer, _ = self._listener.accept()
            except TimeoutError:
                continue
            self._drop.clear()
            with peer:
                self._session(peer)

    def _session(self, peer: socket.socket) -> None:
        peer.settimeout(0.001)
        while not (self._stop.is_set() or self._drop.is_set()):
            try:
                packet = peer.recv(1 << 20)
            except TimeoutError:
                self._drain()
                continue
            except OSError:
                return
            if not packet:
                return
            self._drain()
            self._answer(peer, msgspec.msgpack.decode(packet))

    def _answer(self, peer: socket.socket, asked: dict[str, Any]) -> None:
        self.said.append(asked)
        op = asked["op"]
        if op in self.quiet:
            return
        fds: list[int] = []
        try:
            if op == "hello":
                told, fds = self._hello(asked)
            else:
                told = getattr(self, f"_op_{op}")(asked)
            answer = {"id": asked["id"], "ok": True, **told}
        except ValueError as error:
            answer = {"id": asked["id"], "ok": False, "error": str(error)}
        socket.send_fds(peer, [msgspec.msgpack.encode(answer)], fds)
        for fd in fds:
            os.close(fd)

    def _hello(self, asked: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
        if asked["version"] != self.version:
            raise ValueError(f"this core speaks version {self.version}, not {asked['version']}")
        if asked["token"] != TOKEN:
            raise ValueError("unknown token")
        self.told, self.requests = [], []
        fds = []
        for size in (
            Ring.bytes_needed(self.capacity, 304),
            Spine.bytes_needed(self.capacity, 192, 0),
            Spine.bytes_needed(self.capacity, 64, 0),
        ):
            fds.append(memory(size))
        self.ring = Ring.format(fds[0][1], self.capacity, 304)
        self.responses = Spine.format(fds[1][1], self.capacity, 192, 0)
        self.quotes = Spine.format(fds[2][1], self.capacity, 64, 0)
        directory = {**DIRECTORY, "strategies": self.strategies}
        told = {"session": 3, "epoch": 7, "live": self.live, "accounts": ["A1"], "directory": directory}
        return told, [fd for fd, _ in fds]

    # ---- requests on the socket ----------------------------------------------------------------------------

    def _op_intern(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["name"] not in self.strategies:
            self.strategies.append(asked["name"])
        return {"index": self.strategies.index(asked["name"])}

    def _op_orders(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = [row for row in self.rows.values() if not asked["live_only"] or row["ord_status"] not in ENDED]
        return {"orders": [row for row in rows if asked.get("account") in (None, row["account"])]}

    def _op_positions(self, _asked: dict[str, Any]) -> dict[str, Any]:
        position = {"account": "A1", "symbol": "AAPL", "qty": "-100", "avg_cost": "190.02", "currency": "USD"}
        account = {"account": "A1", "currency": "USD", "cash": {"USD": "1000"}, "equity": "1000"}
        return {"positions": [position], "accounts": [account]}

    def _op_limits(self, _asked: dict[str, Any]) -> dict[str, Any]:
        return {"limits": [{"check": "max_order_qty", "value": str(MOST_QTY)}]}

    def _op_status(self, _asked: dict[str, Any]) -> dict[str, Any]:
        return {"pid": os.getpid(), "live": self.live, "seq": 12}

    def _op_risk_set(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["limit"]["check"] == "nonsense":
            raise ValueError("unknown check nonsense: one of max_order_qty")
        return {}

    def _op_risk_override(self, asked: dict[str, Any]) -> dict[str, Any]:
        if not asked["line"].get("second"):
            raise ValueError("an override needs a second named person: give --second NAME")
        return {"lifted": 1}

    def _op_risk_load(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = asked["limits"]
        looser = [row["check"] for row in rows if int(row["value"]) > MOST_QTY]
        if asked["apply"] and looser and not asked.get("second"):
            raise ValueError("needs a second named person: give --second NAME")
        changed = [{**row, "before": str(MOST_QTY)} for row in rows]
        return {"new": [], "changed": changed, "missing": [], "looser": looser}

    def _op_risk_status(self, _asked: dict[str, Any]) -> dict[str, Any]:
        states = [{"scope": "group", "key": "fast", "state": "halted", "reason": ""}]
        used = {"check": "max_order_qty", "value": str(MOST_QTY), "used": "400", "percent": 40.0}
        return {"states": states, "limits": [used]}

    def _op_risk_explain(self, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["line"]["symbol"] != "AAPL":
            raise ValueError(f"symbol {asked['line']['symbol']!r} isn't declared")
        qty = int(asked["line"]["order_qty"])
        row = {
            "check": "max_order_qty",
            "value": str(qty),
            "limit": str(MOST_QTY),
            "room": str(MOST_QTY - qty),
        }
        return {"denied": "max_order_qty" if qty > MOST_QTY else None, "limits": [row]}

    def _day(self) -> dict[str, Any]:
        working = sum(row["ord_status"] not in ENDED for row in self.rows.values())
        return {"open": self.closed_by is None, "closed_by": self.closed_by, "date": None, "doubts": [],
                "working": working, "unknown": 0, "day": self.day, "compared": False}  # fmt: skip

    def _op_day_status(self, _asked: dict[str, Any]) -> dict[str, Any]:
        return self._day()

    def _op_day_open(self, asked: dict[str, Any]) -> dict[str, Any]:
        if not asked.get("second"):
            raise ValueError("opening trading needs a second named person: give --second NAME")
        self.closed_by = None
        return self._day()

    def _op_day_close(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.closed_by = asked["by"]
        if asked["cancel"]:
            self.rows.clear()
        return self._day()

    def _op_day_next(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {**self._day(), "date": asked["date"]}

    def _op_day_files(self, _asked: dict[str, Any]) -> dict[str, Any]:
        if self.closed_by is None or self._day()["working"]:
            raise ValueError("close the day first")
        return {"day": self.day, "accounts": [], "positions": [], "limits": [], "restricted": []}

    def _op_market(self, _asked: dict[str, Any]) -> dict[str, Any]:
        return {}

    def _op_kill(self, _asked: dict[str, Any]) -> dict[str, Any]:
        return {"orders": len(self.rows), "epochs": [5]}

    def _op_rearm(self, _asked: dict[str, Any]) -> dict[str, Any]:
        return {"orders": 0, "epochs": self.killed}

    def _op_resend(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"responses": self.told[max(asked["from"], self.holds_from) - 1 :][:10]}

    # ---- requests in the ring ------------------------------------------------------------------------------

    def _drain(self) -> None:
        ring = getattr(self, "ring", None)
        while ring is not None and not self.paused and (slot := ring.try_pop()) is not None:
            head, request = decode(slot)
            self.requests.append((head, request))
            assert head["source_seq"] == len(self.requests)
            handle = {
                m.Kind.ORDER: self._on_order,
                m.Kind.REPLACE: self._on_replace,
                m.Kind.CANCEL: self._on_cancel,
                m.Kind.CANCEL_ALL: lambda _request: None,
            }
            handle[m.Kind(head["kind"])](request)

    def _on_order(self, order: np.void) -> None:
        name, qty = text(order["cl_ord_id"]), int(order["qty"])
        if qty > MOST_QTY and order["symbol"] == 0:
            self.tell(m.ResponseKind.DENY, cl_ord_id=name, reason=m.Reason.MAX_ORDER_QTY)
            return
        filled = order["ord_type"] == m.OrdType.MARKET
        told = {"cl_ord_id": name, "order_qty": qty, "price": order["price"], "side": order["side"]}
        for exec_type, status in (("PENDING_NEW", "PENDING_NEW"), ("NEW", "NEW")):
            self.tell(exec_type=m.ExecType[exec_type], status=m.OrdStatus[status], leaves_qty=qty, **told)
        if filled:
            self.tell(
                exec_type=m.ExecType.TRADE,
                status=m.OrdStatus.FILLED,
                cum_qty=qty,
                last_qty=qty,
                last_px=19002,
                notional_lo=qty * 19002,
                **told,
            )
        self._add_row(name, order, "filled" if filled else "new")

    def _add_row(self, name: str, order: np.void, status: str) -> None:
        qty, price = int(order["qty"]), f"{int(order['price']) / 100:.2f}"
        done = qty if status == "filled" else 0
        child = {"child_id": f"{name}.1", "venue": "XV1", "ord_status": status, "order_qty": str(qty),
                 "cum_qty": str(done), "leaves_qty": str(qty - done), "price": price}  # fmt: skip
        self.rows[name] = {
            "cl_ord_id": name,
            "account": DIRECTORY["accounts"][order["account"]]["name"],
            "symbol": DIRECTORY["symbols"][order["symbol"]]["name"],
            "side": m.Side(order["side"]).name.lower(),
            "ord_type": m.OrdType(order["ord_type"]).name.lower(),
            "time_in_force": m.TimeInForce(order["time_in_force"]).name.lower(),
            "order_qty": str(qty),
            "cum_qty": str(done),
            "leaves_qty": str(qty - done),
            "avg_px": "190.02" if done else "0",
            "price": price,
            "ord_status": status,
            "session": "client",
            "children": [child],
        }

    def _on_replace(self, replace: np.void) -> None:
        name, orig = text(replace["cl_ord_id"]), text(replace["orig_cl_ord_id"])
        row = self.rows.pop(orig, None)
        if row is None:
            self._deny_unknown(name, orig)
            return
        qty = int(replace["qty"]) or int(row["order_qty"])
        self.rows[name] = {**row, "cl_ord_id": name, "order_qty": str(qty)}
        self.tell(
            exec_type=m.ExecType.REPLACED, status=m.OrdStatus.NEW, cl_ord_id=name, orig_cl_ord_id=orig,
            order_qty=qty, leaves_qty=qty, price=int(replace["price"]),
        )  # fmt: skip

    def _on_cancel(self, cancel: np.void) -> None:
        name, orig = text(cancel["cl_ord_id"]), text(cancel["orig_cl_ord_id"])
        row = self.rows.get(orig)
        if row is None or row["ord_status"] in ENDED:
            self._deny_unknown(name, orig)
            return
        row["ord_status"] = "canceled"
        self.tell(
            exec_type=m.ExecType.CANCELED, status=m.OrdStatus.CANCELED, cl_ord_id=name, orig_cl_ord_id=orig,
            order_qty=int(row["order_qty"]),
        )  # fmt: skip

    def _deny_unknown(self, name: str, orig: str) -> None:
        self.tell(m.ResponseKind.DENY, cl_ord_id=name, orig_cl_ord_id=orig, reason=m.Reason.UNKNOWN_ORDER)
