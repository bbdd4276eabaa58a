"""Engines fused: in one process, on one thread, in turns. Where one runs changes nothing that it says."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from pathlib import Path

from periphery.service.config import BadConfig, Config
from periphery.service.engine import Engine
from periphery.service.runner import WAIT_S, Runner, hears, open_batches
from periphery.service.shared import Shared, least
from periphery.service.state import known_mark

_SAME = ("journal", "connect", "key", "server_key")


class Together:
    """Runners over one source. BadConfig: they don't name the same one, or the same state. And as Runner."""

    def __init__(self, engines: Sequence[tuple[type[Engine], Config]]) -> None:
        configs = [config for _, config in engines]
        _must_share(configs)
        kinds = frozenset(each for kind, _ in engines for each in hears(kind))
        begin = least([known_mark(Path(config.state) / "state") for config in configs])
        shared = Shared(open_batches(configs[0], kinds, begin))
        self.runners = [Runner(kind, config, shared.join()) for kind, config in engines]

    def run(self, stopped: Callable[[], bool]) -> None:
        """Until they are stopped; then their states are saved."""
        gc.freeze()  # as Runner.run
        while not stopped():
            for runner in self.runners:
                runner.turn()
            if all(runner.source.is_done for runner in self.runners):
                self.runners[0].source.wait(WAIT_S)
        for runner in self.runners:
            runner.end()


def _must_share(configs: Sequence[Config]) -> None:
    for name in _SAME:
        found = {getattr(config, name) for config in configs}
        if len(found) > 1:
            raise BadConfig(
                f"engines of one process hear one core: {name} is {', '.join(sorted(map(repr, found)))}"
            )
    states = [config.state for config in configs]
    if len(set(states)) < len(states):
        raise BadConfig(f"engines of one process have a state folder each, not {', '.join(states)}")
