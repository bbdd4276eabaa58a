"""Tests with real containers run by `make test-containers` alone: it sees to the engine and the images."""

import os

import pytest

collect_ignore_glob = [] if os.environ.get("NACRE_CONTAINERS") == "1" else ["test_*"]


@pytest.fixture(scope="session")
def data() -> list[str]:
    """The demonstration's quotes: containers have no recordings, so every placement plays synthetic ones."""
    return ["--synthetic"]
