"""The worker of a remote engine: it stands at the engine's place on the path, and does what the engine
says.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from core.build import build_id
from core.live.turns import Turns
from core.live.worker import Worker
from core.remote.link import EngineLost, Link
from core.remote.partitions import Partitioned
from core.remote.past import pieces
from core.remote.stage import ProxyStage
from core.stage import Stage
from core.topology import LIVE_CURSORS


class RemoteWorker(Worker):
    """One stage, whose engine is elsewhere. Where the engine began anew, this ends, and is brought back."""

    def build(self) -> Stage:
        """Begins the engine where a former one left off."""
        (name,) = self.plan.stages
        board = self.board
        until = board.spine.get_cursor(LIVE_CURSORS.index(name))
        self.link = link_to(self.plan.remote, self.plan.partition_by)
        while not self._begun(name, until):
            pass
        self.proxy = ProxyStage(name, board, board.sends if name == "execution" else None)
        self.proxy.resume(until)
        self.stages[name] = self.proxy
        return self.proxy

    def _begun(self, name: str, until: int) -> bool:
        """Whether the engine has lived through the past; one that is lost meanwhile begins anew."""
        past = pieces(Path(self.plan.journal), self.board.spine, until)
        try:
            self.link.begin(name, self.plan.capacity, build_id().hex(), past)
        except EngineLost as lost:
            print(f"{name}: {lost}", file=sys.stderr)
            return False
        return True

    def _turn(self, turns: Turns) -> None:
        wait = self.plan.wait != "spin"
        try:
            while True:
                turns.look()
                self._serve(block=self.resting or bool(self.board.faults))
                if self.stopping:
                    return
                while not turns.is_called():
                    turns.count(self.link.turn(self.proxy, wait=wait))
        except EngineLost as lost:
            sys.exit(f"{self.plan.name}: {lost}")

    def _op_digests(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        return {"digests": {self.proxy.name: self.link.digest(self.proxy)}}

    def _op_usage(self, request: dict[str, Any], fds: list[int]) -> dict[str, Any]:
        return {**super()._op_usage(request, fds), **self.link.counts,
                "remote": self.link.usage(self.proxy)}  # fmt: skip


def link_to(addresses: str, by: str) -> Link | Partitioned:
    """To the engine at an address, or to several, with spaces between, that share its work."""
    found = addresses.split()
    return Partitioned(found, by) if len(found) > 1 else Link(addresses)
