"""The path: each engine, what it follows, what it does, where it may run.

This is the whole of it. `core.fused` runs the stages in this order on one thread; the supervisor gives each a
process where there are processors enough. A stage reads the paragraphs of those before it, and writes its
own.
"""

from __future__ import annotations

from dataclasses import dataclass

from core import messages as m

FUSED = "fused"  # stages take turns on one thread
PINNED = "pinned"  # a process of its own
PLACEMENTS = ("auto", FUSED, PINNED)


@dataclass(frozen=True, slots=True)
class Stage:
    """One engine of the path: its name, the stages whose paragraphs it waits for, and its verb."""

    name: str
    follows: tuple[str, ...]
    does: str
    derives: bool = False  # whether it has a loopback ring: events of its own that come back to the sequencer


PATH: tuple[Stage, ...] = (
    Stage("sequencer", (), "gives every event its sequence and time"),
    Stage("resolve", ("sequencer",), "names to dense indices; fills new or repeated"),
    Stage("risk", ("resolve",), "denies, or lets pass and counts", derives=True),
    Stage("orders", ("risk",), "moves the order and its children", derives=True),
    Stage("router", ("orders",), "cuts worked orders into children", derives=True),
    Stage("execution", ("router",), "guards the parent's quantity and sends", derives=True),
    Stage("positions", ("execution",), "books fills: quantity, cost, profit, fees"),
    Stage("journal", ("sequencer",), "records the event's input"),
    Stage("egress", ("positions", "journal"), "tells sessions"),
)

GATEWAYS = Stage("gateways", ("execution", "journal"), "stores intents, writes to venues, hears them")
"""After the path of a live core. On recorded time the driver plays it."""

STAGES = {stage.name: stage for stage in (*PATH, GATEWAYS)}

DERIVING = tuple(stage.name for stage in PATH if stage.derives)

ENGINE_NAMES = ("resolve", "risk", "orders", "router", "execution", "positions", "egress")
"""Those with state, by their engine id less one."""

CURSORS = tuple(stage.name for stage in PATH[1:])
"""Who has a cursor on the spine, by its index. All of them hold the sequencer back."""

LIVE_CURSORS = (*CURSORS, GATEWAYS.name)
LIVE_STAGES = ("sequencer", *LIVE_CURSORS, "venues")
"""All of a live core that can be placed. The simulated venues are no part of the path: they hear it by rings."""

PARAGRAPHS = {
    stage: (int(m.PAGE.fields[paragraph][1]), int(m.PAGE.fields[paragraph][0].itemsize))
    for stage, paragraph in (
        ("sequencer", "header"),
        ("resolve", "resolved"),
        ("risk", "verdict"),
        ("orders", "outcome"),
        ("router", "routing"),
        ("execution", "send"),
        ("positions", "booking"),
    )
    if m.PAGE.fields is not None
}
"""What each stage writes: where it begins on a page, and its bytes."""
