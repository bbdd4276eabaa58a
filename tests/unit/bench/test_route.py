"""`bench route`: what the policies say is looked at again, and a difference is told."""

from __future__ import annotations

import pytest

from bench import route


def test_all_policies_split_as_cheaply_as_plain_python() -> None:
    found = route.run(venues=3, levels=4, orders=60, block=20)
    assert found["ok"], found
    assert found["orders"] == {"each": 60, "wrong": 0}
    assert {found[f"{policy.name.lower()}_ns"]["count"] for policy in route.POLICIES} == {60}


def test_a_dearer_split_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    least = route.Books.least
    monkeypatch.setattr(route.Books, "least", lambda *asked: least(*asked) - 1)
    found = route.run(venues=2, levels=2, orders=20, block=20)
    assert not found["ok"]
    assert found["orders"]["wrong"] == 20
