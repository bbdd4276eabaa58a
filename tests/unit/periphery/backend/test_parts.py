"""Rates, the audit's chain, one order a key, two people, settings."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from periphery.backend.approvals import APPROVED, REJECTED, Approval, Approvals
from periphery.backend.audit import Audit, without_secrets
from periphery.backend.buckets import PEERS_MOST, Buckets
from periphery.backend.config import BadConfig, read_config
from periphery.backend.database import Database
from periphery.backend.idempotency import Idempotency, Sent, id_of
from periphery.backend.problems import Refusal


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "state")
    yield found
    found.close()


def quiet(_message: str, **_values: Any) -> None:
    """Nobody listens."""


def test_a_bucket_empties_and_fills() -> None:
    now = 0.0
    bucket = Buckets(2.0, 3, lambda: now)
    assert [bucket.wait_s("a") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert bucket.wait_s("a") == 0.5
    assert bucket.wait_s("b") == 0.0
    now = 0.5
    assert bucket.wait_s("a") == 0.0
    assert bucket.wait_s("a") == 0.5
    for peer in range(PEERS_MOST + 10):
        bucket.wait_s(str(peer))
    assert len(bucket._left) == PEERS_MOST


def test_the_audit_is_only_added_to_and_shows_a_change(db: Database) -> None:
    audit = Audit(db, quiet)
    for n in range(3):
        audit.add("anna", "password", "::1", "POST /orders", "/orders", 201, {"n": n, "password": "x"})
    rows = audit.rows(0, 10)
    assert [row["detail"] for row in rows] == [{"n": n, "password": "***"} for n in range(3)]
    assert audit.broken_at() == 0
    with sqlite3.connect(db.path) as other:
        for statement in ("DELETE FROM audit", "UPDATE audit SET who = 'bob' WHERE n = 2"):
            with pytest.raises(sqlite3.IntegrityError, match="only added"):
                other.execute(statement)
        other.execute("DROP TRIGGER audit_stays")
        other.execute("UPDATE audit SET who = 'bob' WHERE n = 2")
    other.close()
    assert audit.broken_at() == 2


def test_what_can_t_be_recorded_waits_and_nothing_else_is_changed(db: Database) -> None:
    said: list[str] = []
    audit = Audit(db, lambda message, **_values: said.append(message))
    with sqlite3.connect(db.path) as other:
        other.execute("ALTER TABLE audit RENAME TO gone")
        audit.add("anna", "", "", "POST /kill", "/kill", 200, {})
        assert said
        with pytest.raises(Refusal) as refused:
            audit.need()
        assert refused.value.status == 503
        other.execute("ALTER TABLE gone RENAME TO audit")
    other.close()
    audit.need()
    assert [row["action"] for row in audit.rows(0, 10)] == ["POST /kill"]


def test_secrets_are_left_out_wherever_they_are() -> None:
    given = {"a": [{"totp": "1", "b": 2}], "Password": "x", "key": "A1"}
    assert without_secrets(given) == {"a": [{"totp": "***", "b": 2}], "Password": "***", "key": "A1"}


def test_twenty_with_one_key_send_once(db: Database) -> None:
    keys, sent, told = Idempotency(db), [], []

    def send(cl_ord_id: str, again: bool) -> Sent:
        sent.append((cl_ord_id, again))
        return Sent(201, {"cl_ord_id": cl_ord_id})

    def one() -> None:
        told.append(keys.once("anna", "key-0001", "{}", send))

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sent == [(id_of("anna", "key-0001"), False)]
    assert {tuple(each.body.items()) for each in told} == {(("cl_ord_id", sent[0][0]),)}
    assert sum(each.replayed for each in told) == 19
    assert Idempotency(db).once("anna", "key-0001", "{}", send).replayed
    with pytest.raises(Refusal) as refused:
        keys.once("anna", "key-0001", "{other}", send)
    assert refused.value.body["code"] == "key_reused"
    assert id_of("bob", "key-0001") != id_of("anna", "key-0001")


def test_who_died_while_sending_is_taken_up(db: Database) -> None:
    def dies(_id: str, _again: bool) -> Sent:
        raise OSError("the machine is gone")

    with pytest.raises(OSError, match="machine"):
        Idempotency(db).once("anna", "key-0001", "{}", dies)
    asked = []

    def looks(cl_ord_id: str, again: bool) -> Sent:
        asked.append(again)
        return Sent(202, {}, final=False)

    for _ in range(2):
        Idempotency(db).once("anna", "key-0001", "{}", looks)
    assert asked == [True, True]


def test_it_takes_two_and_is_done_once(db: Database) -> None:
    approvals, done = Approvals(db), []
    asked = approvals.ask("limit", {"check": "credit"}, "more room", "anna")
    with pytest.raises(Refusal, match="second person"):
        approvals.decide(asked.id, "anna", APPROVED, done.append)

    def fails(_asked: Approval) -> None:
        raise Refusal(409, "refused", "the core says no")

    with pytest.raises(Refusal, match="the core"):
        approvals.decide(asked.id, "bob", APPROVED, fails)
    assert approvals.get(asked.id).state == "pending"
    found = approvals.decide(asked.id, "bob", APPROVED, done.append)
    assert (found.state, found.second, done) == ("approved", "bob", [asked])
    with pytest.raises(Refusal, match="approved"):
        approvals.decide(asked.id, "eve", APPROVED, done.append)
    other = approvals.ask("rearm", {"scope": "all"}, "it is over", "anna")
    assert approvals.decide(other.id, "anna", REJECTED, lambda _asked: None).state == "rejected"
    assert len(approvals.all(None, 10)) == 2


def test_settings_are_read_with_their_folder_and_refused_with_their_place(tmp_path: Path) -> None:
    file = tmp_path / "backend.toml"
    file.write_text(
        '[backend]\nstate = "state"\nstore = "sqlite:///nacre.db"\n[backend.limits]\nuser_burst = 3\n'
    )
    config = read_config(file)
    assert config.state == str(tmp_path / "state")
    assert config.store == f"sqlite:///{tmp_path}/nacre.db"
    assert config.limits.user_burst == 3
    for text in ('state = ""', 'state = "x"\nlisten = 4', 'state = "x"\nnothing = 1', "state ="):
        file.write_text(f"[backend]\n{text}\n")
        with pytest.raises(BadConfig, match=r"backend\.toml"):
            read_config(file)
