"""Do the paired ratios hold? Each bench briefly, best of three of a ratio; absolute goals are only told."""

from __future__ import annotations

from typing import Any

from bench import hop, throughput
from bench.orders import Shape

TRIES = 3
BLOCKS = 40
BRIEF = Shape(symbols=1000, accounts=8, live=100_000, new=100_000, filled=50_000, quotes=100_000)


def run(seed: int = 1, blocks: int = BLOCKS, brief: Shape = BRIEF) -> dict[str, Any]:
    """ok: every final state was right, and the best ratio is within its goal."""
    hops = _hops(blocks)
    ratios = [found["ratio_p50"] for found in hops if found["ok"]]
    best = min(ratios, default=None)
    events = throughput.run(
        Shape(**{name: getattr(brief, name) for name in Shape.__slots__} | {"seed": seed})
    )
    return {
        "ok": best is not None and best <= hop.GOAL and all(x["ok"] for x in hops) and events["ok"],
        "hop_ratio_p50": best,
        "hop_ratio_goal": hop.GOAL,
        "hop_ratios": ratios,
        "told": {
            name: {"found": events[name], "goal": goal, "reached": events[name] >= goal}
            for name, goal in throughput.GOALS.items()
        },
        "states_right": all(x["ok"] for x in hops) and events["ok"],
        "machine": events["machine"],
        "placement": {"hop": hops[0]["placement"], "throughput": events["placement"]},
        "wait": hops[0]["wait"],
    }


def _hops(blocks: int) -> list[dict[str, Any]]:
    """Until one is within the goal, TRIES at most."""
    done: list[dict[str, Any]] = []
    while len(done) < TRIES and not (done and done[-1]["ratio_p50"] <= hop.GOAL):
        done.append(hop.run(blocks=blocks))
    return done
