"""The HTTP interface against its own document: every operation reaches a success, no walk breaks its word."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import schemathesis

from tests.integration.backend_api import DESTROYS, FULL, Walk, machine, prepared
from tests.support_backend import UNHURRIED_S, Serving

EXAMPLES, STEPS = 4, 6


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with prepared(tmp_path_factory.mktemp("api")) as found:
        yield found


def test_every_operation_reaches_a_success_as_the_document_says(backend: Serving) -> None:
    schema = schemathesis.openapi.from_url(f"{backend.url}/openapi.json", timeout=UNHURRIED_S)
    walk = Walk(backend, schema)
    walk.all()
    operations = {
        f"{method.upper()} {path}"
        for path, item in schema.raw_schema["paths"].items()
        for method in item
        if method in ("get", "post", "put", "patch", "delete")
    }
    assert set(walk.reached) == operations
    assert all(200 <= status < 300 for status in walk.reached.values()), walk.reached


def test_no_walk_breaks_the_document_s_word(backend: Serving) -> None:
    machine(backend, EXAMPLES, STEPS)


def test_what_a_walk_may_not_destroy_is_of_the_document(backend: Serving) -> None:
    known = json.loads(backend.http.get(f"{backend.url}/openapi.json", timeout=60).text)["paths"]
    for operation in DESTROYS:
        method, path = operation.split()
        assert method.lower() in known[path]
    assert FULL
