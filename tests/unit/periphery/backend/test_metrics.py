"""The backend's own metrics: each request under its operation and status, each problem under its code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.support_backend import UNHURRIED_S, Serving, config_of


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with Serving(config_of(tmp_path_factory.mktemp("metrics"))) as found:
        yield found


@pytest.fixture(scope="module")
def address(backend: Serving) -> str:
    return f"http://127.0.0.1:{backend.backend.metrics.begin('127.0.0.1:0')}"


def values(address: str) -> dict[tuple[str, ...], float]:
    """By the sample's name and labels."""
    text = requests.get(f"{address}/metrics", timeout=UNHURRIED_S).text
    return {
        (sample.name.removeprefix("nacre_backend_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_operation_and_status(backend: Serving, address: str) -> None:
    before = values(address)
    for user, path in (("admin", "/users"), ("admin", "/users/anna"), ("viewer", "/users"), (None, "/users")):
        backend.ask(user, "GET", path)
    backend.ask("viewer", "GET", "/nowhere/at-all")
    backend.ask("viewer", "GET", "/orders?most=0")
    now = values(address)

    def more(*key: str) -> float:
        return now.get(key, 0.0) - before.get(key, 0.0)

    assert [more("requests_total", "GET /users", status) for status in ("200", "403", "401")] == [1, 1, 1]
    assert more("requests_total", "GET /users/{name}", "404") == 1
    assert more("requests_total", "none", "404") == 1
    assert more("requests_total", "GET /orders", "422") == 1
    assert more("request_seconds_count", "GET /users") == 3
    codes = ("forbidden", "unauthorized", "no_user", "no_such_path", "bad_field")
    assert [more("refused_total", code) for code in codes] == [1, 1, 1, 1, 1]


def test_it_isn_t_ready_without_a_core_and_nobody_follows(backend: Serving, address: str) -> None:
    told = requests.get(f"{address}/status", timeout=UNHURRIED_S).json()
    assert (told["engine"], told["live"], told["ready"]) == ("backend", True, False)
    found = values(address)
    assert (found["core_session",], found["websockets",]) == (0.0, 0.0)
    assert requests.get(f"{backend.url}/metrics", timeout=UNHURRIED_S).status_code == 404


def test_an_address_that_can_t_be_had_is_told(backend: Serving, address: str) -> None:
    with pytest.raises(ValueError, match="in use"):
        backend.backend.metrics.begin(address.removeprefix("http://"))
