"""The path: each engine, what it follows, what it does, where it may run.

This is the whole of it. `core.fused` runs the stages in this order on one thread; the supervisor gives each a
process where there are processors enough. A stage reads the paragraphs of those before it, and writes its
own, for the kinds of events that it takes; the others it passes by.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from core import messages as m

FUSED = "fused"  # stages take turns on one thread
PINNED = "pinned"  # a process of its own
CONTAINED = "contained"  # a container of its own, which shares the core's memory
REMOTE = "remote"  # behind ZeroMQ: a process of its own forwards its pages and applies what comes back
PLACEMENTS = ("auto", FUSED, PINNED, CONTAINED, REMOTE)


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
    Stage("positions", ("execution",), "books fills: quantity, cost, profit, fees", derives=True),
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
"""All of a live core that can be placed. Simulated venues are no part of the path: they hear it by rings."""

_K = m.Kind
_ORDERS = frozenset(
    {_K.ORDER, _K.REPLACE, _K.CANCEL, _K.REPORT, _K.SLICE, _K.CHILD_CANCEL, _K.CHILD_REPLACE, _K.ORDER_END}
    | {_K.SWEEP, _K.EXPIRE, _K.TRIGGER, _K.LIST, _K.PEG, _K.ALGO}
)
_MARKET = frozenset(
    {_K.VENUE, _K.LISTING, _K.VENUE_STATE, _K.QUOTE, _K.TRADE, _K.DEPTH, _K.MARK, _K.REFERENCE}
)
_SWITCHES = frozenset({_K.KILL, _K.REARM, _K.HALT, _K.CANCEL_ALL, _K.CONNECT, _K.DISCONNECT, _K.RIGHTS})
_FACTS = frozenset(
    {_K.INSTRUMENT, _K.ACCOUNT, _K.FX, _K.LIMIT, _K.OVERRIDE, _K.GROUP, _K.OPEN_POSITION, _K.DAY}
)
_MONEY = frozenset({_K.ADJUST, _K.ADJUSTED, _K.BOOK})

TAKES: dict[str, frozenset[m.Kind]] = {
    "resolve": frozenset(
        {_K.ORDER, _K.REPLACE, _K.CANCEL, _K.REPORT, _K.SLICE, _K.OPEN_POSITION, _K.BOOK, _K.ALGO}
    ),
    "risk": _ORDERS | _MARKET | _SWITCHES | _FACTS | _MONEY,
    "orders": _ORDERS,
    "router": _ORDERS
    | _MARKET
    | {_K.KILL, _K.REARM, _K.HALT, _K.REROUTE, _K.TRIGGERS, _K.SLICE_DUE, _K.INSTRUMENT}
    | {_K.FACTS, _K.SILENCE},
    "execution": _ORDERS,
    "positions": frozenset({_K.REPORT, _K.INSTRUMENT, _K.VENUE, _K.OPEN_POSITION}) | _MONEY,
    "egress": _ORDERS | {_K.CONNECT},
}
"""Which kinds of events each engine acts on. It passes the others by: its paragraph is then an older
event's, and nobody waits for it. The journal takes every event."""


@cache
def before(stage: str, kind: m.Kind) -> str:
    """Whose paragraph a stage waits for with such an event: the nearest before it that takes the kind."""
    (name,) = (name for name in STAGES[stage].follows if name != "journal")
    while name != "sequencer" and kind not in TAKES[name]:
        (name,) = (each for each in STAGES[name].follows if each != "journal")
    return name


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

REMOTABLE = tuple(stage for stage in PARAGRAPHS if stage != "sequencer")
"""What may be behind a network: engines that answer a page with a paragraph. The others are the core's own
ends: the
sequencer and egress have the sessions' memory, the journal the disk, the gateways the kill page."""
