"""A strategy beside a running core, in a process of its own: over shared memory, or over the bridge."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.enums import SignalWhat
from periphery.client.client import Client
from periphery.client.errors import Busy
from periphery.client.events import Gap
from periphery.client.stream import Pacer
from periphery.client.units import to_units
from periphery.strategy.state import Kept, load_state, save_state
from periphery.strategy.strategy import Strategy
from periphery.strategy.streamed import Streamed

BEAT_S = 0.25  # between two words to its health
BREATH_S = 0.05  # between two looks at what comes, while it warms up
BREATH = 1024  # times TOGETHER: of what is heard then
TOGETHER = 64  # of what is heard, between two looks at the clock
PATIENCE_S = 1.0  # that a full ring of requests is waited for
STOP_S = 10.0  # that the end of open orders is waited for
NAP_S = 50e-6
Wait = Literal["spin", "sleep"]
SPINS: dict[Wait, int] = {"spin": Pacer.SPINS, "sleep": 0}

type Log = Callable[[dict[str, Any]], None]
type Beat = Callable[[int, int, int, bytes, str], None]
"""(last event, events heard, orders sent, "", why it isn't ready): periphery.service.probes.Health.beat."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a strategy is run. state: where it keeps its state, or None; save_s: how often, 0: at its end.

    blocked_s: a handler that takes longer ends the process; 0: never. cpu: the processor it is pinned to.
    wait: whether it looks on at once for a while after it has heard something, or sleeps at once.
    """

    state: Path | None = None
    save_s: float = 0.0
    blocked_s: float = 0.0
    cpu: int | None = None
    wait: Wait = "spin"


class LiveHost(Streamed):
    """Runs one strategy over a client that `hears_all`, until it is stopped."""

    def __init__(self, strategy: Strategy, client: Client, setting: Setting, log: Log) -> None:
        super().__init__(strategy, client._session, client._strategy(client._session.name))
        self.client = client
        self.setting = setting
        self._write = log
        self.beat: Beat | None = None
        self.asked_to_stop = ""
        self._stop_sent_at = 0.0
        self._next_tick_ns = self._ticked_for_ns = 0
        self._saved_at, self._watched_at = time.monotonic(), 0.0
        self._beat_at = self._breath_at = 0.0
        self._last_event = 0
        self._ticking = False

    # ---- the run -------------------------------------------------------------------------------------------

    def run(self) -> dict[str, Any]:
        """Until SIGTERM, SIGINT or a STOP signal; what it came to. HangUp; what the strategy raises."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        if self.setting.cpu is not None:
            os.sched_setaffinity(0, {self.setting.cpu})
        began_ns = time.monotonic_ns()
        self._know_positions()
        self._tell_core(SignalWhat.BEGIN)
        try:
            self._live()
        finally:
            faulthandler.cancel_dump_traceback_later()
        self._save()
        if self.strategy.at_stop == "keep":
            self.client.request("leave", cancel=False)
        return self._report(time.monotonic_ns() - began_ns)

    def _live(self) -> None:
        pacer = Pacer(SPINS[self.setting.wait])
        while not self.done:
            if self._hear_some():
                pacer.reset()
            self._look_after()
            sleep_s = pacer.next_sleep()
            if sleep_s:
                if self.client._control.is_hung_up:
                    self._hear_some()
                    raise self.client._control.hung_up()
                time.sleep(sleep_s)

    def _hear_some(self) -> bool:
        for i in range(TOGETHER):
            heard = self.client.hear()
            if heard is None:
                return i > 0
            self.hear(heard)
            if not isinstance(heard, Gap) and not self.stopping:  # from then on the market isn't told
                self._last_event = max(heard.event, self._last_event)
            if self.done:
                break
        return True

    def _look_after(self) -> None:
        """The stop, timers that are due, the state, the watchdog."""
        now = time.monotonic()
        if self.asked_to_stop and self.begun and not self._stop_sent_at:
            self._stop_sent_at = now
            self._tell_core(SignalWhat.STOP)
        if self._stop_sent_at and now - self._stop_sent_at > STOP_S and self.stopping:
            self.log("orders are open still at the end", {"open": len(self._open)})
            self.done = True
        self._tick()
        if self.setting.save_s and now - self._saved_at >= self.setting.save_s and not self.stopping:
            self._saved_at = now
            self._save()
        self._watch(now)
        self._tell_health(now)

    def breathe(self) -> None:
        """The bridge hears that somebody is here, what comes doesn't pile up: history has its market."""
        now = time.monotonic()
        if now - self._breath_at < BREATH_S:
            return
        for _ in range(BREATH):
            if not self._hear_some():
                break
        self._tell_health(now)
        self._breath_at = time.monotonic()

    def _tell_health(self, now: float) -> None:
        if self.beat is not None and now - self._beat_at >= BEAT_S:
            self._beat_at = now
            why = "" if self.begun else "it hasn't begun yet"
            self.beat(self._last_event, self.counts["events"], self.counts["orders"], b"", why)

    def _tick(self) -> None:
        """Asks for a place on the spine where a timer is due and nothing else comes to tell the time."""
        due_ns, now_ns = self.next_due_ns, time.time_ns()
        if due_ns is None or self._ticking or not self.begun or now_ns < max(due_ns, self._next_tick_ns):
            return
        self._ticking, self._ticked_for_ns = True, due_ns
        self._tell_core(SignalWhat.TICK)

    def on_tick(self) -> None:
        self._ticking = False
        due_ns = self.next_due_ns
        is_behind = (
            due_ns is not None and due_ns <= self._ticked_for_ns
        )  # the core's clock is behind this one
        self._next_tick_ns = time.time_ns() + due_ns - self.time_ns if due_ns is not None and is_behind else 0

    def _watch(self, now: float) -> None:
        """A process that doesn't come back here in time ends itself, and says where it was."""
        blocked_s = self.setting.blocked_s
        if blocked_s and now - self._watched_at > blocked_s / 4:
            self._watched_at = now
            faulthandler.dump_traceback_later(blocked_s, exit=True, file=sys.stderr)

    def _on_signal(self, number: int, _frame: object) -> None:
        self.asked_to_stop = self.asked_to_stop or signal.Signals(number).name

    def _tell_core(self, what: SignalWhat) -> None:
        session = self.session
        self.patiently(lambda: session.signal(what, to=session.index))

    def _know_positions(self) -> None:
        """What is held now; what changes from now on is heard before BEGIN comes back."""
        for row in self.client.positions()["positions"]:
            symbol = self.directory.symbol(row["symbol"])
            key = self.directory.account(row["account"]), symbol.index
            self.held[key] = to_units(row["qty"], symbol.qty_precision, "qty", symbol.name)

    # ---- what a host has -----------------------------------------------------------------------------------

    def signal_name(self, index: int) -> str:
        return self.client.signal_name(index)

    def send_line(self, line: Mapping[str, Any]) -> str:
        return str(self.client.send({"type": "order", **line})["cl_ord_id"])

    def patiently[T](self, ask: Callable[[], T]) -> T:
        """Waits for room in the ring, PATIENCE_S at most. HangUp, Busy."""
        end = time.monotonic() + PATIENCE_S
        while True:
            try:
                return ask()
            except Busy:
                self.client._control.check()
                if time.monotonic() > end:
                    raise
                time.sleep(NAP_S)

    def log(self, message: str, values: Mapping[str, Any]) -> None:
        self._write({"time_ns": self.time_ns, "message": message, **values})

    def on_begun(self, event: int) -> None:
        self.log("begun", {"session": self.session.name, "event": event})

    def load(self) -> Kept | None:
        if self.setting.state is None:
            return None
        kept = load_state(self.setting.state, self.strategy)
        if kept is not None:
            self.log("state loaded", {"file": str(self.setting.state), "event": kept.event})
        return kept

    def _save(self) -> None:
        if self.setting.state is not None and self.begun:
            heard = max(self._last_event, self.warm_after or 0)
            save_state(self.setting.state, self.strategy, self.time_ns, heard)

    def _report(self, run_ns: int) -> dict[str, Any]:
        return {
            "ok": True,
            "strategy": type(self.strategy).__name__,
            "session": self.session.name,
            **self.counts,
            "missed": self.missed,
            "open": len(self._open),
            "stopped_by": self.asked_to_stop or "a signal",
            "run_ns": run_ns,
        }
