"""Username and password in a gateway's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.venues.fix.dictionary import load
from periphery.backend.passwords import hashed
from periphery.fix.access import BadConfig, admits, credentials
from periphery.fix.config import read
from periphery.fix.gateway import Gateway
from tests.support_fix import dictionary_of


def test_a_peer_knows_both_or_is_not_let_in() -> None:
    right = admits({"username": "oms", "password_hash": hashed("open sesame")}, "s")
    assert right is not None
    assert right("oms", "open sesame")
    assert not right("oms", "open")
    assert not right("other", "open sesame")
    assert not right("", "")


def test_without_them_nobody_is_asked() -> None:
    assert admits({}, "s") is None
    assert credentials({"role": "broker"}, "s", Path()) == ()


@pytest.mark.parametrize(
    ("row", "wrong"),
    [
        ({"username": "oms"}, "s.password_hash: give some text"),
        ({"username": "oms", "password_hash": "plain"}, "nacre fix password"),
        ({"password_hash": "$argon2id$"}, "s.username: give some text"),
    ],
)
def test_what_an_acceptor_can_not_follow(row: dict[str, str], wrong: str) -> None:
    with pytest.raises(BadConfig, match=wrong):
        admits(row, "s")


def test_a_broker_is_told_what_a_file_has(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("open sesame\nnot this\n")
    (tmp_path / "empty").write_text("")
    row = {"role": "broker", "username": "desk", "password_file": "secret"}
    assert credentials(row, "s", tmp_path) == ((553, b"desk"), (554, b"open sesame"))
    with pytest.raises(BadConfig, match="first line"):
        credentials(row | {"password_file": "empty"}, "s", tmp_path)
    with pytest.raises(BadConfig, match="No such file"):
        credentials(row | {"password_file": "none"}, "s", tmp_path)


def test_a_version_whose_logon_has_no_place_for_them(tmp_path: Path) -> None:
    begin = "FIX.4.2"
    assert 553 not in load(dictionary_of(begin)).messages[b"A"].tags
    path = tmp_path / "fix.toml"
    path.write_text(
        f'store = "s"\n[dictionaries]\n"{begin}" = "{dictionary_of(begin)}"\n[[session]]\nname = "oms"\n'
        f'begin = "{begin}"\nsender = "N"\ntarget = "O"\nusername = "u"\npassword_hash = "{hashed("x")}"\n'
    )
    with pytest.raises(BadConfig, match=r"Logon has none.*take FIX.4.4"):
        Gateway(read(path), print)
