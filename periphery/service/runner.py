"""The loop around an engine: events in, outputs out, state saved; killed, it goes on where it was."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from core import messages as m
from core.rows.rows import Hearer
from periphery.service.acts import Acts
from periphery.service.batched import Batches, BatchSource
from periphery.service.config import BadConfig, Config
from periphery.service.engine import Engine, Output
from periphery.service.journaled import JournalBatches
from periphery.service.keeping import Keeping
from periphery.service.log import Log
from periphery.service.mark import BEGIN, Mark
from periphery.service.part import Part, part_of
from periphery.service.probes import Health
from periphery.service.source import Gone
from periphery.service.state import VERSION, Said, Saved, read_said, read_saved

if TYPE_CHECKING:
    from periphery.service.outlet import Outlet

WAIT_S = 0.05
AGAIN_S = 0.2
BEAT_S = 0.05


class Runner:
    """One engine over one journal or stream."""

    def __init__(self, kind: type[Engine], config: Config, batches: Batches | None = None) -> None:
        """batches: where its events come from; None: as `config` says. BadConfig, BadState, BadKeys, Gone."""
        self.config = config
        self.params = _params(kind, config.params)
        self.part = _part(config.part)
        self.folder = Path(config.state)
        self.folder.mkdir(parents=True, exist_ok=True)
        saved = read_saved(self.folder / "state", kind.name, self.told_params)
        self._told = saved.inputs if saved else 0  # of all that it was told of, beside what its hearer took
        known = saved.mark if saved else BEGIN
        batches = batches or open_batches(config, hears(kind), known)
        self.source = BatchSource(batches, hears(kind), self._page, known)
        self.engine = kind(self.params, self.source.book)
        self.engine.part = self.part
        self.said = Said(self.folder / "outputs", saved)
        self.outlet = _outlet(kind.name, config, self.said.path)
        self._to_load = saved.state if saved else None
        self._keeping = Keeping(self.folder / "state", self.said)
        self._saved_seq = self.source.known.seq
        self._kinds = frozenset(int(kind) for kind in kind.kinds)
        self._saved_s = time.monotonic()
        self.health = Health(kind.name, config.stale_after_s)
        self._why = self.health.why
        self.engine.instrument(self.health.registry)
        self.log = Log(kind.name, lambda: self.source.seq)
        said = [Output(topic, values) for _, _, topic, values in read_said(self.said.path)]
        name = kind.name if self.part.count == 1 else f"{kind.name}.{self.part.index}"
        self.acts = Acts(name, said, saved.come if saved else 0, self.log.say)

    @property
    def inputs(self) -> int:
        """Events that the engine was told of."""
        return self._told + self.source.heard

    @property
    def told_params(self) -> dict[str, Any]:
        """Its parameters, as a state names them; with its part, where it is one."""
        told: dict[str, Any] = msgspec.to_builtins(self.params)
        return told if self.part.count == 1 else told | {"part": str(self.part)}

    # ---- the loop ------------------------------------------------------------------------------------------

    def run(self, stopped: Callable[[], bool]) -> None:
        """Until it is stopped; then its state is saved."""
        gc.freeze()  # what is there stays: to look through all of a library's objects takes long
        while not stopped():
            self.turn()
            self.source.wait(WAIT_S)
        self.end()

    def turn(self) -> None:
        """Events that there are; its state, where it is time."""
        try:
            self.source.poll()
            self._why = "" if self.source.caught_up else self._why
        except Gone as error:
            if self._why != str(error):
                self.log.say(str(error))
            self._why = str(error)
            time.sleep(AGAIN_S)
        if self.config.core:
            self.acts.push(self.config.core, self.source.seq, self._sessions)
        self._beat_sometimes()
        if time.monotonic() - self._saved_s >= self.config.save_every_s:
            self._save_beside()

    def end(self) -> None:
        """Keeps what it knows, and lets go of all."""
        self._beat(self._why)
        self.save()
        self.acts.close()
        self.close()

    @property
    def _sessions(self) -> dict[str, int]:
        return self.source.book.directory.spaces[m.Space.SESSION]

    def catch_up(self, last: int = 0) -> Runner:
        """Until there is nothing more, or through the event `last`."""
        self.source.last = last
        while self.source.poll():
            pass
        self._beat("")
        return self

    def _beat_sometimes(self) -> None:
        """Not each turn: to tell what is new would cost more than what is new."""
        why = self._why
        if why != self.health.why or time.monotonic() - self.health.beat_s > BEAT_S:
            self._beat(why)

    def _beat(self, why: str) -> None:
        self.health.beat(self.source.seq, self.inputs, self.said.count, self.said.digest, why)

    def _page(self, raw: bytes) -> None:
        if not self.source.is_new:
            return
        if self._to_load is not None:
            self.engine.load(self._to_load)
            self._to_load = None
        self._tell(raw)
        self.source.hearer = self._hearer

    @property
    def _hearer(self) -> Hearer | None:
        """An engine may have another one after an event."""
        return self.engine.hearer

    def _tell(self, raw: bytes) -> None:
        kind = int.from_bytes(raw[40:42], "little")
        if kind == m.Kind.SIGNAL:
            self.acts.saw(raw, np.frombuffer(raw, m.PAGE)[0]["header"], self._sessions)
        if kind not in self._kinds:
            return
        self._told += 1
        page = np.frombuffer(raw, m.PAGE)[0]
        header = page["header"]
        count = self.said.count
        for output in self.engine.on_page(page, raw):
            self.said.add(int(header["seq"]), int(header["time_ns"]), output)
            self.acts.ask(output)
        if self.said.count > count:
            self._hand_on()

    def _hand_on(self) -> None:
        """What was just said goes out at once: behind it other events may wait that take their time."""
        if self.outlet is not None:
            self.said.show()
            self.outlet.wake()
        if self.config.core:
            self.acts.push(self.config.core, self.source.seq, self._sessions)

    # ---- state ---------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Where it is, so that it goes on from here. What it said is on the disk before."""
        self._keeping.wait()
        saved = self._state()
        if saved is not None:
            self._keeping.keep(saved)

    def _save_beside(self) -> None:
        """The same, but events don't wait for the disk."""
        if self._keeping.is_busy:
            return
        saved = self._state()
        if saved is not None:
            self._keeping.begin(saved)

    def _state(self) -> bytes | None:
        """As msgpack has it; None: nothing has come since the state that there is."""
        self._saved_s = time.monotonic()
        if self.source.seq <= self._saved_seq:
            return None
        self._saved_seq = self.source.seq
        saved = Saved(
            VERSION, self.engine.name, self.told_params, self.source.mark, self.inputs, self.said.count,
            self.said.show(), self.said.digest, self.acts.come, self.engine.save(),
        )  # fmt: skip
        return msgspec.msgpack.encode(saved)

    def close(self) -> None:
        if self.outlet is not None:
            self.outlet.close()
        self.source.close()
        self._keeping.wait()
        self.said.close()


def _part(text: str) -> Part:
    try:
        return part_of(text)
    except ValueError as error:
        raise BadConfig(str(error)) from error


def _outlet(name: str, config: Config, path: Path) -> Outlet | None:
    if not config.publish:
        return None
    from periphery.service.outlet import open_outlet  # only this way needs ZeroMQ

    return open_outlet(name, config, path)


def hears(kind: type[Engine]) -> frozenset[m.Kind]:
    """The events that its runner wants: the engine's, and signals, of which some are its own."""
    return kind.kinds | {m.Kind.SIGNAL}


def open_batches(config: Config, kinds: Iterable[m.Kind], begin: Mark) -> Batches:
    """As settings say. begin: what a stream goes on from; a journal is played whole. BadKeys, Gone."""
    if config.journal:
        return JournalBatches(config.journal, config.every_s)
    from periphery.service.streamed import StreamBatches  # only this way needs ZeroMQ
    from periphery.stream.keys import client_keys

    keys = client_keys(config.key, config.server_key)
    return StreamBatches(config.connect, kinds, begin, keys, config.every_s)


def _params(kind: type[Engine], given: dict[str, Any]) -> Any:
    try:
        return msgspec.convert(given, kind.Params, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(field.name for field in msgspec.structs.fields(kind.Params)) or "none"
        raise BadConfig(f"engine {kind.name}, params: {error}; there is {known}") from error
