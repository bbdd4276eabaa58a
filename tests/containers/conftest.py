"""Tests with real containers run by `make test-containers` alone: it sees to the engine and the images."""

import os
from pathlib import Path

import pytest

from core.backtest.market import has_recording
from tests.containers.composed import ROOT

collect_ignore_glob = [] if os.environ.get("NACRE_CONTAINERS") == "1" else ["test_*"]


@pytest.fixture(scope="session")
def recordings() -> Path | None:
    """The folder of recordings, where there is one; else the demonstration's quotes are synthetic."""
    folder = Path(os.environ.get("NACRE_DATA", ROOT.parent / "shared" / "data")).resolve()
    return folder if has_recording(folder) else None
