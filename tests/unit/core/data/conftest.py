"""Recordings made by a test, and what a check tells of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.data.check import check
from core.data.recording import Options, open_all

type Told = Callable[..., dict[str, Any]]


@pytest.fixture
def told(tmp_path: Path) -> Told:
    """Writes files by name and checks them as one call; the report."""

    def run(files: dict[str, bytes], events: list[Any] | None = None, **options: Any) -> dict[str, Any]:
        paths = []
        for name, data in files.items():
            paths.append(tmp_path / name)
            paths[-1].write_bytes(data)

        def sink_of(_n: int) -> Callable[[Any], None]:
            return lambda rows: events.append(rows.copy()) if events is not None else None

        recordings, _ = open_all(paths, Options(**options), None if events is None else sink_of)
        return check(recordings)

    return run
