"""Orders over HTTP into a core that runs: their life, one order a key, what risk says."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from periphery.backend.idempotency import id_of
from tests.integration.backend_core import keyed, running_both, running_core, until_status
from tests.integration.live_core import Process, until
from tests.support_backend import UNHURRIED_S, Serving, config_of, order, problem

CLIENTS = 20


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Serving]]:
    with running_both(tmp_path_factory.mktemp("orders")) as found:
        yield found


@pytest.fixture
def backend(both: tuple[Process, Serving]) -> Serving:
    return both[1]


def test_an_order_s_life(backend: Serving) -> None:
    sent = backend.must("trader", "POST", "/orders", order(), **{"Idempotency-Key": "life-0001"})
    assert sent["cl_ord_id"] == id_of("trader", "life-0001")
    row = until_status(backend, sent["cl_ord_id"], "new")
    assert (row["account"], row["order_qty"], row["price"], row["session"]) == ("A", "100", "1", "backend")
    assert [child["venue"] for child in row["children"]] == ["V1"]
    changed = backend.must(
        "trader",
        "PATCH",
        f"/orders/{sent['cl_ord_id']}",
        {"order_qty": "200"},
        **{"Idempotency-Key": "life-0002"},
    )
    assert until_status(backend, changed["cl_ord_id"], "new")["order_qty"] == "200"
    ended = backend.must(
        "trader", "DELETE", f"/orders/{changed['cl_ord_id']}", **{"Idempotency-Key": "life-0003"}
    )
    assert ended["orig_cl_ord_id"] == changed["cl_ord_id"]
    row = until_status(backend, changed["cl_ord_id"], "canceled")
    assert row["leaves_qty"] == "0"
    found = backend.must("viewer", "GET", "/orders?live_only=true")
    assert sent["cl_ord_id"] not in {each["cl_ord_id"] for each in found["orders"]}


def test_a_fill_is_a_position(backend: Serving) -> None:
    body = order(price="1.20000", account="B", order_qty="1000")
    sent = backend.must("trader", "POST", "/orders", body, **{"Idempotency-Key": "fill-0001"})
    assert until_status(backend, sent["cl_ord_id"], "filled")["avg_px"].startswith("1.1001")
    (position,) = backend.must("viewer", "GET", "/positions?account=B")["positions"]
    assert (position["symbol"], position["qty"]) == ("EURUSD", "1000")
    (account,) = backend.must("viewer", "GET", "/pnl?account=B")["accounts"]
    assert account["currency"] == "USD"
    assert float(account["fees"]) > 0


def test_a_denial_is_a_problem_with_its_reason_and_stays_the_key_s_answer(backend: Serving) -> None:
    large = order(order_qty="10001")
    answer = backend.ask("trader", "POST", "/orders", large, keyed(1))
    found = problem(answer, 409)
    assert (found["code"], found["reason"]) == ("denied", "max_order_qty")
    again = backend.ask("trader", "POST", "/orders", large, keyed(1))
    assert again.json() == found
    assert again.headers["Idempotent-Replay"] == "true"
    other = problem(backend.ask("trader", "POST", "/orders", order(), keyed(1)), 409)
    assert other["code"] == "key_reused"
    preview = backend.must("trader", "POST", "/orders/preview", large)
    assert preview["denied"] == "max_order_qty"
    (limit,) = [each for each in preview["limits"] if each["check"] == "max_order_qty"]
    assert (limit["passes"], limit["limit"], limit["room"]) == (False, "10000", "-1")


@pytest.mark.parametrize(
    ("more", "status", "place"),
    [
        ({"order_qty": "1e3"}, 422, "body.order_qty"),
        ({"order_qty": 100}, 422, "body.order_qty"),
        ({"side": "hold"}, 422, "body.side"),
        ({"nothing": "1"}, 422, "body.nothing"),
        ({"symbol": "NONE"}, 409, ""),
        ({"account": "NOBODY"}, 409, ""),
        ({"price": "1.0000001"}, 409, ""),
    ],
)
def test_what_can_t_be_an_order_is_refused_with_its_place(
    backend: Serving, more: dict[str, Any], status: int, place: str
) -> None:
    key = {
        "Idempotency-Key": f"bad-{sorted(more.items())!r}".translate(str.maketrans("[](){}'\" ,.", "-" * 11))
    }
    found = problem(backend.ask("trader", "POST", "/orders", order(**more), key), status)
    assert found["place"].startswith(place)


def test_no_key_no_order(backend: Serving) -> None:
    found = problem(backend.ask("trader", "POST", "/orders", order()), 422)
    assert found["place"] == "header.Idempotency-Key"
    assert problem(backend.ask("trader", "PATCH", "/orders/none", {"order_qty": "1"}, keyed(3)), 409)


def test_twenty_clients_with_one_key_make_one_order(both: tuple[Process, Serving]) -> None:
    core, backend = both
    before = core.ask("status")["sends"]["intents"]
    start, answers = threading.Barrier(CLIENTS), list[requests.Response]()

    def one() -> None:
        token = backend.token("trader")
        with requests.Session() as http:
            start.wait()
            answers.append(
                http.post(
                    f"{backend.url}/orders",
                    json=order(price="0.90000"),
                    timeout=120,
                    headers={"Authorization": f"Bearer {token}", **keyed(20)},
                )
            )

    threads = [threading.Thread(target=one) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * CLIENTS
    assert len({answer.text for answer in answers}) == 1
    assert sorted(answer.headers["Idempotent-Replay"] for answer in answers) == ["false"] + ["true"] * 19
    cl_ord_id = answers[0].json()["cl_ord_id"]
    until_status(backend, cl_ord_id, "new")
    rows = backend.must("viewer", "GET", "/orders?account=A&live_only=false")["orders"]
    assert [row["price"] for row in rows].count("0.9") == 1
    assert core.ask("status")["sends"]["intents"] == before + 1


def test_a_key_holds_over_a_restart_and_without_the_backend_s_memory(tmp_path: Path) -> None:
    with running_core(tmp_path) as core:
        config = config_of(tmp_path, core.socket)
        with Serving(config) as backend:
            first = backend.must("trader", "POST", "/orders", order(), **{"Idempotency-Key": "over-0001"})
            until_status(backend, first["cl_ord_id"], "new")
        with Serving(config) as backend:
            again = backend.ask("trader", "POST", "/orders", order(), {"Idempotency-Key": "over-0001"})
            assert (again.json(), again.headers["Idempotent-Replay"]) == (first, "true")
            with backend.backend.db.change() as run:  # it died before the answer was kept
                run("UPDATE idempotency SET status = 0, answer = ''")
            again = backend.ask("trader", "POST", "/orders", order(), {"Idempotency-Key": "over-0001"})
            assert (again.status_code, again.json()["ord_status"]) == (201, "new")
            with backend.backend.db.change() as run:  # all of its memory is lost: the core refuses a second
                run("DELETE FROM idempotency")
            again = backend.ask("trader", "POST", "/orders", order(), {"Idempotency-Key": "over-0001"})
            assert (again.status_code, again.json()["cl_ord_id"]) == (201, first["cl_ord_id"])
            rows = backend.must("viewer", "GET", "/orders?live_only=false")["orders"]
            assert [row["cl_ord_id"] for row in rows] == [first["cl_ord_id"]]
        assert core.ask("status")["sends"]["intents"] == 1


def test_a_core_that_has_gone_is_said_and_found_again(tmp_path: Path) -> None:
    with running_both(tmp_path) as (core, backend):
        sent = backend.must("trader", "POST", "/orders", order(), **{"Idempotency-Key": "gone-0001"})
        core.stop()
        found = problem(backend.ask("viewer", "GET", "/orders"), 503)
        assert (found["code"], found["place"]) == ("no_core", "core")
        assert problem(backend.ask("trader", "POST", "/orders", order(), keyed(9)), 503)
        assert backend.ask(None, "GET", "/ready").status_code == 503
        core.start()
        until(
            lambda: backend.ask("viewer", "GET", f"/orders/{sent['cl_ord_id']}").ok,
            "it is found",
            UNHURRIED_S,
        )
        assert backend.ask(None, "GET", "/ready").json() == {"ok": True, "why": ""}
