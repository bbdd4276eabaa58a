"""A core with a backend before it, as the backend's tests use them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from periphery.backend.config import Config
from tests.integration.live_core import Client, Process, until
from tests.support_backend import UNHURRIED_S, Serving, config_of

CORE = 'second_person = true\n[groups]\ndesk = ["A", "B"]\n'
PINNED = CORE.replace("[groups]", 'placement = "pinned"\nplacements = {venues = "pinned"}\n[groups]')


@contextmanager
def running_core(folder: Path, text: str = CORE) -> Iterator[Process]:
    """A core with a quote of EURUSD: 1.10000 to 1.10010."""
    (folder / "core.toml").write_text(text)
    core = Process(folder, "--config", str(folder / "core.toml"))
    core.start()
    try:
        client = Client(core, "market")
        client.quote("1.10000", "1.10010")
        client.close()
        yield core
    finally:
        core.end()


@contextmanager
def running_both(folder: Path, text: str = CORE, **settings: Any) -> Iterator[tuple[Process, Serving]]:
    with running_core(folder, text) as core, Serving(config_of(folder, core.socket, **settings)) as backend:
        yield core, backend


def until_status(backend: Serving, cl_ord_id: str, status: str) -> dict[str, Any]:
    """The order, once the core has it so."""

    def found() -> dict[str, Any] | None:
        answer = backend.ask("viewer", "GET", f"/orders/{cl_ord_id}")
        row: dict[str, Any] = answer.json()
        return row if answer.ok and row["ord_status"] == status else None

    row: dict[str, Any] = until(found, f"{cl_ord_id} is {status}", UNHURRIED_S)
    return row


def keyed(n: int) -> dict[str, str]:
    """The header of an idempotency key."""
    return {"Idempotency-Key": f"key-{n:06}"}


__all__ = ["CORE", "PINNED", "Config", "keyed", "running_both", "running_core", "until_status"]
