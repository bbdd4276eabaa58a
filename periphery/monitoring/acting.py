"""Alerts that act: what Alertmanager sends becomes a kill or a tighter limit, by rules that are switched on.

    enabled = true                          # false, or left out: it says what it would do, and does nothing
    by = "robot.alerts"                     # in the journal, and in every list of kills
    token_file = "alerts.token"             # what Alertmanager must show (http_config.authorization)

    [[rule]]
    alert = "NacreLimitUsed90"          # its name; `match` may ask for more of its labels
    match = { severity = "critical" }
    kill = "account"                        # or all, strategy, symbol, venue, session; back: `nacre rearm`
    key_from = "scope"                      # the label that names it; or key = "A1"

    [[rule]]
    alert = "NacreGaps"
    limit = { check = "max_order_qty", account = "A1", value = "100" }

A rule can stop and tighten alone: what loosens a limit needs two people, and is refused here by the core.
"""

from __future__ import annotations

import hmac
import tomllib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.live.ask import NoCore, ask
from core.live.killing import kill_directly
from periphery.client import ClientError, connect

KEPT = 4096
"""Alerts that it remembers having acted upon."""
SCOPES = ("all", "account", "strategy", "symbol", "venue", "session")


class BadRules(ValueError):
    """The file says something that can't be; the message names the place."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One alert's consequence: a kill, or a limit as a scenario's line has it."""

    alert: str
    match: dict[str, str] = {}
    kill: str = ""
    key: str = ""
    key_from: str = ""
    limit: dict[str, Any] = {}

    def problem(self) -> str:
        """What is wrong with it; "": nothing is."""
        if bool(self.kill) == bool(self.limit):
            return "give kill or limit, one of the two"
        if self.kill and self.kill not in SCOPES:
            return f"kill = {self.kill!r}: one of {', '.join(SCOPES)}"
        if self.kill not in ("", "all") and bool(self.key) == bool(self.key_from):
            return "give key, or key_from: the label that names it"
        return ""

    def takes(self, labels: Mapping[str, str]) -> bool:
        """Whether it is about an alert with these labels."""
        return labels.get("alertname") == self.alert and self.match.items() <= labels.items()

    def key_of(self, labels: Mapping[str, str]) -> str:
        """Whom it kills. A label like "account=A1,symbol=AAPL" names several: the one of the rule's scope."""
        if not self.key_from:
            return self.key
        text = labels.get(self.key_from, "")
        parts = dict(part.split("=", 1) for part in text.split(",") if "=" in part)
        return parts.get(self.kill, "") if parts else text


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file."""

    token_file: str
    enabled: bool = False
    by: str = "robot.alerts"
    rule: list[Rule] = []


def read_rules(path: Path) -> tuple[Rules, str]:
    """The rules, and the token that they ask for. BadRules."""
    try:
        rules = msgspec.convert(tomllib.loads(path.read_text()), Rules)
        token = (path.parent / rules.token_file).read_text().strip()
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BadRules(f"{path}: {error}") from error
    if len(token) < 16:
        raise BadRules(f"{path.parent / rules.token_file}: a token has 16 characters or more")
    for n, rule in enumerate(rules.rule, 1):
        if problem := rule.problem():
            raise BadRules(f"{path}: rule {n} ({rule.alert}): {problem}")
    return rules, token


class Actor:
    """Acts upon alerts, each once while it fires. say: gets a line about each."""

    def __init__(self, rules: Rules, token: str, socket: Path, say: Callable[..., object]) -> None:
        self.rules = rules
        self.socket = socket
        self._token = token
        self._say = say
        self._done: OrderedDict[tuple[str, str, int], None] = OrderedDict()

    def may(self, authorization: str) -> bool:
        """Whether a request with that header comes from who has the token."""
        return hmac.compare_digest(authorization.encode(), f"Bearer {self._token}".encode())

    def take(self, told: Mapping[str, Any]) -> int:
        """What Alertmanager posted; how many acts came of it."""
        acts = 0
        for alert in told.get("alerts", []):
            if alert.get("status") != "firing":
                continue
            for n, rule in enumerate(self.rules.rule):
                if rule.takes(alert.get("labels", {})):
                    acts += self._once(n, rule, alert)
        return acts

    def _once(self, n: int, rule: Rule, alert: Mapping[str, Any]) -> bool:
        """Alertmanager repeats what fires: each alert, from when it began, is acted upon once a rule."""
        mark = (str(alert.get("fingerprint")), str(alert.get("startsAt")), n)
        if mark in self._done:
            return False
        if not self._act(rule, alert["labels"]):
            return False
        self._done[mark] = None
        while len(self._done) > KEPT:
            self._done.popitem(last=False)
        return self.rules.enabled

    def _act(self, rule: Rule, labels: Mapping[str, str]) -> bool:
        """Whether it is settled; else it is tried again when Alertmanager repeats it."""
        key = rule.key_of(labels)
        what = f"kill {rule.kill} {key}".rstrip() if rule.kill else f"limit {rule.limit}"
        if not self.rules.enabled:
            self._say("would act, but isn't enabled", alert=rule.alert, act=what)
            return True
        try:
            self._kill(rule.kill, key) if rule.kill else self._limit(rule.limit)
        except (RuntimeError, ValueError, ClientError, OSError) as error:
            self._say("could not act", alert=rule.alert, act=what, why=str(error))
            return False
        self._say("acted", alert=rule.alert, act=what, by=self.rules.by)
        return True

    def _kill(self, scope: str, key: str) -> None:
        if scope != "all" and not key:
            raise ValueError(f"the alert names no {scope}")
        try:
            if self._is_killed(scope, key):
                return
            ask(self.socket, "kill", scope=scope, key=key or None, by=self.rules.by)
        except NoCore:
            kill_directly(self.socket, scope, key or None, self.rules.by)

    def _is_killed(self, scope: str, key: str) -> bool:
        kills = ask(self.socket, "status")["kills"]
        return any((row["scope"], row["key"] or "") == (scope, key) for row in kills)

    def _limit(self, limit: Mapping[str, Any]) -> None:
        with connect(self.socket, name=self.rules.by, cancel_on_disconnect=False) as core:
            core.risk_set({**limit, "by": self.rules.by})
