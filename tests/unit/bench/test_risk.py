"""The bench of risk: its counts, not its times."""

from __future__ import annotations

from bench.risk import CHECKS, run
from bench.risk_desk import Shape
from core.scenario.schema import CHECKS as ALL


def test_a_small_desk_is_judged_and_counted_alike() -> None:
    found = run(Shape(accounts=20, symbols=20, working=500, asked=2000, new=4000, flow=1500, turns=1))
    assert found["ok"]
    assert found["working_orders"] == 500
    assert found["limits"] == 20 * len(CHECKS)
    assert found["gate_ns"]["count"] == 2000
    assert set(found["check_ns"]) == {"none", *CHECKS}
    assert found["mixed_flow"]["equal"]
    assert 0.05 < found["mixed_flow"]["share"] < 0.2
    assert found["throughput"]["equal"]


def test_every_check_but_one_is_set() -> None:
    assert set(ALL) - set(CHECKS) == {"restricted"}
