"""`bench check`: the best of three ratios decides, a wrong state fails, an absolute goal never does."""

from __future__ import annotations

from typing import Any

import pytest

from bench import check
from bench.orders import Shape

EVENTS = {
    "ok": True,
    "new_orders_per_s": 1,
    "filled_orders_per_s": 1,
    "quotes_per_s": 10**9,
    "machine": {},
    "placement": {},
}


def hop(ratio: float, ok: bool = True) -> dict[str, Any]:
    return {"ok": ok, "ratio_p50": ratio, "placement": {}, "wait": "spin"}


@pytest.mark.parametrize(
    ("hops", "events_ok", "ok", "tries"),
    [
        ([hop(1.2)], True, True, 1),
        ([hop(9.0), hop(1.7), hop(1.5)], True, True, 3),
        ([hop(9.0), hop(1.7), hop(1.6)], True, False, 3),
        ([hop(1.2, ok=False)], True, False, 1),
        ([hop(1.2)], False, False, 1),
    ],
)
def test_what_decides(
    monkeypatch: pytest.MonkeyPatch,
    tiny: Shape,
    hops: list[dict[str, Any]],
    events_ok: bool,
    ok: bool,
    tries: int,
) -> None:
    left = list(hops)
    monkeypatch.setattr(check.hop, "run", lambda blocks: left.pop(0))
    monkeypatch.setattr(check.throughput, "run", lambda shape: EVENTS | {"ok": events_ok})
    found = check.run(brief=tiny)
    assert found["ok"] is ok
    assert len(hops) - len(left) == tries
    assert found["told"]["new_orders_per_s"] == {"found": 1, "goal": 5_000_000, "reached": False}
    assert found["told"]["quotes_per_s"]["reached"]
