"""Alerts that act: which rule takes what, whom it names; nothing is done unless it is switched on."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from periphery.monitoring import acting
from periphery.monitoring.acting import Actor, BadRules, read_rules
from periphery.monitoring.hook import Hook

TOKEN = "0123456789abcdef"
KILL = """
enabled = {enabled}
token_file = "token"
[[rule]]
alert = "NacreLimitUsed90"
match = {{ check = "daily_loss" }}
kill = "account"
key_from = "scope"
"""


def rules_of(folder: Path, text: str) -> Path:
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "act.toml").write_text(text)
    return folder / "act.toml"


def alert(
    name: str = "NacreLimitUsed90", begins: str = "1", status: str = "firing", **labels: str
) -> dict[str, Any]:
    told = {"alertname": name, "check": "daily_loss", "scope": "account=A1,symbol=AAPL"} | labels
    return {"alerts": [{"status": status, "labels": told, "fingerprint": "f", "startsAt": begins}]}


class Done:
    """What the core was asked to do, and what was said of it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, enabled: str = "true") -> None:
        self.asked: list[dict[str, Any]] = []
        self.kills: list[dict[str, Any]] = []
        self.said: list[str] = []
        monkeypatch.setattr(acting, "ask", self.ask)
        rules, token = read_rules(rules_of(folder, KILL.format(enabled=enabled)))
        self.actor = Actor(rules, token, folder / "core.sock", lambda text, **_: self.said.append(text))

    def ask(self, _path: Path, op: str, **values: Any) -> dict[str, Any]:
        if op == "status":
            return {"kills": self.kills}
        self.asked.append(values)
        return {}


def test_it_kills_whom_the_label_names_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Done(tmp_path, monkeypatch)
    assert [done.actor.take(alert()), done.actor.take(alert())] == [1, 0]
    assert done.asked == [{"scope": "account", "key": "A1", "by": "robot.alerts"}]
    done.actor.take(alert(begins="2"))
    assert len(done.asked) == 2, "it fires anew"
    done.kills.append({"scope": "account", "key": "A1"})
    done.actor.take(alert(begins="3"))
    assert len(done.asked) == 2, "it is killed already"


def test_other_alerts_are_none_of_its(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Done(tmp_path, monkeypatch)
    for told in (alert("NacreGaps"), alert(check="position"), alert(status="resolved")):
        assert done.actor.take(told) == 0
    assert done.asked == []


def test_without_enabled_it_says_and_does_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Done(tmp_path, monkeypatch, "false")
    assert done.actor.take(alert()) == 0
    assert (done.asked, done.said) == ([], ["would act, but isn't enabled"])


def test_an_alert_that_names_nobody_kills_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Done(tmp_path, monkeypatch)
    assert done.actor.take(alert(scope="symbol=AAPL")) == 0
    assert (done.asked, done.said) == ([], ["could not act"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('token_file = "token"\n[[rule]]\nalert = "A"', "one of the two"),
        ('token_file = "token"\n[[rule]]\nalert = "A"\nkill = "account"', "key_from"),
        ('token_file = "token"\n[[rule]]\nalert = "A"\nkill = "planet"\nkey = "X"', "one of all"),
        ('token_file = "token"\nenable = true', "enable"),
        ('token_file = "none"', "none"),
        ("", "token_file"),
    ],
)
def test_rules_that_cant_be(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(BadRules, match=why):
        read_rules(rules_of(tmp_path, text))


def test_a_short_token_is_refused(tmp_path: Path) -> None:
    path = rules_of(tmp_path, 'token_file = "token"')
    (tmp_path / "token").write_text("short")
    with pytest.raises(BadRules, match="16"):
        read_rules(path)


def post(port: int, body: bytes, token: str = TOKEN, path: str = "/alerts") -> tuple[int, str]:
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", body, {"Authorization": f"Bearer {token}"}, method="POST"
    )
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_hook_asks_for_the_token_and_survives_nonsense(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = Done(tmp_path, monkeypatch)
    hook = Hook(done.actor, "127.0.0.1:0")
    try:
        body = json.dumps(alert()).encode()
        assert post(hook.port, body, "wrong")[0] == 401
        assert post(hook.port, body, path="/")[0] == 404
        for nonsense in (b"{", b"[]", b'{"alerts": [1]}', b'{"alerts": 5}'):
            assert post(hook.port, nonsense)[0] == 400
        assert done.asked == []
        assert post(hook.port, body) == (200, '{"acts": 1}')
    finally:
        hook.close()
