"""A gateway's file: what it says, and errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from periphery.fix.config import BadConfig, read

HEAD = 'store = "s"\n[dictionaries]\n"FIX.4.4" = "d.xml"\n'
SESSION = '[[session]]\nname = "oms"\nsender = "N"\ntarget = "O"\n'


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "fix.toml"
    path.write_text(text)
    return path


def test_what_it_says(tmp_path: Path) -> None:
    more = 'account = "A"\naccounts = { F = "A" }\nthrottle_per_s = 5\n[session.schedule]\nstart = "08:00"\n'
    found = read(config(tmp_path, HEAD + SESSION + more))
    (session,) = found.sessions
    assert found.store == tmp_path / "s"
    assert session.dictionary == tmp_path / "d.xml"
    assert (session.account, session.accounts, session.settings.throttle_per_s) == ("A", {"F": "A"}, 5)
    assert session.settings.schedule.start.hour == 8
    assert session.cancel_on_disconnect
    assert not session.settings.initiator


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("store = ", "not TOML"),
        (SESSION, r'session oms: name the dictionary of FIX\.4\.4'),
        (HEAD, r"\[\[session\]\]: give at least one"),
        (SESSION + HEAD.replace('store = "s"', ""), "store: name a folder"),
        ('lissen = "x"\n' + HEAD + SESSION, "lissen: no such key"),
        ('listen = "here"\n' + HEAD + SESSION, "listen 'here': give HOST:PORT"),
        (HEAD + SESSION + 'role = "boss"\n', "session oms.role 'boss': one of orders"),
        (HEAD + SESSION + 'begin = "FIX.5.0"\n', r"session oms.begin 'FIX.5.0': one of FIX.4.2"),
        (HEAD + SESSION + "throttle_per_s = -1\n", "throttle_per_s -1: a whole number"),
        (HEAD + SESSION + 'cancel_on_disconnect = "no"\n', "cancel_on_disconnect 'no': true or false"),
        (HEAD + SESSION + 'colour = "red"\n', "session oms.colour: no such key"),
        (HEAD + SESSION + '[session.schedule]\nstart = "8"\nzone = "x/y"\n', r"session oms.schedule"),
        (HEAD + SESSION + SESSION, "name 'oms' is there twice"),
        (HEAD + SESSION + SESSION.replace("oms", "two"), "'FIX.4.4 N O' is there twice"),
        (HEAD + SESSION + 'role = "broker"\n', "a broker's has connect"),
        (HEAD + SESSION + 'connect = "h:1"\n', "a broker's has connect"),
        (HEAD + SESSION.replace('"oms"', '"o m s"'), "give 1 to 24 letters"),
        (HEAD + '[[session]]\nname = "oms"\ntarget = "O"\n', "session oms.sender: give some text"),
        ('tls = { cert = "x" }\n' + HEAD + SESSION, "tls.cert: no such key"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadConfig, match=why):
        read(config(tmp_path, text))
