"""Every way in which an order comes about, and that each goes through risk's one gate."""

from __future__ import annotations

import re
from pathlib import Path

from core.topology import PATH, TAKES
from tests.unit.core.risk.desk import DECLARED, MARKET, of_type, order, play, trade

ROOT = Path(__file__).parents[4]
WAYS = {
    "core/session/port.pyx": "clients, and what speaks through one: strategies, other protocols, services",
    "core/scenario/encoder.py": "the desk's `order send`, scenario files, configurations of recorded days",
    "core/risk/inspect.pyx": "none: it asks what would be denied, and nothing goes",
    "core/simulation/traffic.pyx": "the simulator's clients, through sessions of their own",
    "core/risk/flatten.pyx": "the core's own, after a kill that flattens",
}
MAKES = re.compile(
    r"Event\(\s*(?:int\()?m\.Kind\.ORDER\b|\bkind = K_ORDER\b|emit\(page, K_ORDER\b|Kind\.ORDER\.value"
)


def makers() -> set[str]:
    """Files whose text makes an order's event."""
    files = [p for top in ("core", "periphery") for s in ("*.py", "*.pyx") for p in (ROOT / top).rglob(s)]
    return {str(p.relative_to(ROOT)) for p in files if MAKES.search(p.read_text())}


def test_the_ways_are_those_that_are_known() -> None:
    assert makers() <= {*WAYS, "periphery/client/codec.py"}
    assert {"core/scenario/encoder.py", "core/risk/flatten.pyx"} <= makers()


def test_nothing_that_acts_on_an_order_stands_before_risk() -> None:
    names = [stage.name for stage in PATH]
    for stage in ("orders", "router", "execution"):
        assert names.index("risk") < names.index(stage)
    assert TAKES["orders"] <= TAKES["risk"]


def test_only_risks_verdict_lets_an_order_be_applied() -> None:
    """VF_APPLIES is stored by risk alone; orders makes nothing of an order without it."""
    stores = re.compile(r"verdict\.flags\s*(?:\|=|=)[^=].*VF_APPLIES|verdict\.flags \|= VF_APPLIES")
    found = {str(p.relative_to(ROOT)) for p in (ROOT / "core").rglob("*.pyx") if stores.search(p.read_text())}
    assert {path.rpartition("/")[0] for path in found} == {"core/risk"}


def test_what_flattens_is_judged_too(tmp_path: Path) -> None:
    """Its orders pass kills and limits, being the way out; where there is no market they are denied like
    any other."""
    kill = {"type": "kill", "scope": "account", "key": "A1", "by": "ann", "flatten": True}
    gone = {**MARKET[0], "bid_qty": "0"}
    out = play([*DECLARED, *MARKET, order("1", 5), trade("1.1", "e1", 5, "10.00"), gone, kill], tmp_path)
    assert [(x["cl_ord_id"], x["reason"]) for x in of_type(out, "deny")] == [
        (f"flatten-{len(DECLARED) + 6}-1", "no_market")
    ]
