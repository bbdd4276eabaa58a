"""The end of a seed: faults have stopped, everything has come to rest, and all that is known of it agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from core import messages as m
from core.recovery.replay import Replay
from core.risk import inspect
from core.scenario.encoder import Event
from core.simulation import state
from core.simulation.errors import Violation
from core.simulation.play import CALM_TURNS, Play
from core_ext.journal import JournalReader

CALM_NS = 1_000_000  # that pass in a turn
QUIET = 3  # turns in a row
WHAT_AT = int(m.SIMULATE_EVENT.fields["what"][1]) if m.SIMULATE_EVENT.fields is not None else 0


def settle(play: Play) -> None:
    """Until nothing moves; the venues are asked once more, for what was lost on the way."""
    heal(play)
    drain(play)
    for _ in range(3):  # a fill that was lost, then a cancel and a replace that nobody answered
        play.ask_venues()
        drain(play)


def heal(play: Play) -> None:
    """Faults stop: who is dead comes back, kills are rearmed, nothing goes astray any more."""
    play.be_calm()
    play.unstall()
    play.catch_up()
    play.room_comes()
    for outside in play.outsides:
        outside.be_true()
    for _ in range(2):  # what was put off, and what comes of it
        todo, play.later = sorted(play.later), []
        for *_, what in todo:
            what()
        play.bring_back()
    play.later.clear()
    for outside in play.outsides:
        outside.come_back()
    for event in play.script.mishaps:  # each called off
        if event.request[WHAT_AT]:
            play.tell(Event(event.kind, 0, event.request[:8] + bytes(len(event.request) - 8)))
    while play.page.rows():
        play.rearm()
    for venue in play.checker.halted_venues():
        play.arm_venue(venue)
    play.slow_readers = False


def drain(play: Play) -> None:
    """Everything comes to rest, within a bound."""
    quiet = moved = 0
    for turns in range(CALM_TURNS):
        play.pass_time(CALM_NS)
        moved += play.turn_all() > 0
        waiting = any(outside.waiting for outside in play.outsides)
        quiet = quiet + 1 if not waiting and play.traffic.is_taken() and play.board.is_quiet() else 0
        if quiet == QUIET:
            play.most_turns = max(play.most_turns, turns)
            return
    raise Violation(
        f"it doesn't come to rest within {CALM_TURNS} turns; in {moved} of them something moved: "
        f"{where(play)}"
    )


def where(play: Play) -> dict[str, Any]:
    """What everybody waits for."""
    board = play.board
    return {
        "seq": board.seq,
        "cursors": board.cursors(),
        "counts": board.counts(),
        "outside": [each.waiting for each in play.outsides],
        "desk": play.traffic.said - play.traffic.pushed,
        "reports": len(board.reports),
        "sends": len(board.sends),
    }


def check(play: Play) -> None:
    """Raises a Violation, or a CoreFault."""
    played = Replay(play.swarm.capacity)
    played.play(JournalReader(play.journal))
    live, fresh = play.workers.state_hash(), played.core.state_hash()
    _need(live == fresh, f"the state {live} isn't that of its journal, {fresh}")
    _children(play, played)
    _positions(play, played)
    _requests(play)
    broken = play.checker.broken()
    _need(not broken, f"breaks that have not halted their venue, by (venue, event): {broken}")
    doubled = play.board.counts()["venue_doubled"]
    _need(not doubled, f"{doubled} orders came to the simulated venues twice")


def _need(holds: bool, what: str) -> None:
    if not holds:
        raise Violation(what)


def _children(play: Play, played: Replay) -> None:
    """What the venues outside have is what the core has."""
    ours = state.children(played)
    theirs = {outside.venue: {row[0]: row[1:] for row in outside.children()} for outside in play.outsides}
    for venue, rows in theirs.items():
        for child, (qty, cum, live, price) in rows.items():
            held = ours.get(child)
            if held is None or held.venue != venue:
                raise Violation(f"venue {venue} has child {child}, the core hasn't")
            same = (cum, live) == (held.cum, held.live)
            same = same and (not live or (qty, price) == (held.qty, held.price))
            _need(
                same,
                f"venue {venue} has child {child} as ({qty}, filled {cum}, live {live}, at {price}), "
                f"the core as ({held.qty}, filled {held.cum}, live {held.live}, at {held.price})",
            )
    for child, held in ours.items():
        _need(
            held.live or not held.is_owed or held.venue not in theirs,
            f"child {child} has ended, and still waits for venue {held.venue} to answer a cancel or replace",
        )
        if held.venue in theirs and child not in theirs[held.venue]:
            _need(
                not held.live and not held.cum,
                f"child {child} never came to venue {held.venue}, and is live or filled",
            )


def _positions(play: Play, played: Replay) -> None:
    """Positions are what orders were filled, for orders, positions and risk alike; where all venues are
    outside, that is what was traded there.
    """
    filled: Counter[tuple[int, int]] = Counter()
    buys: Counter[tuple[int, int]] = Counter()
    sells: Counter[tuple[int, int]] = Counter()
    for order, each in state.orders(played).items():
        _need(each.cum == each.filled, f"order {order} has {each.cum} filled, its children {each.filled}")
        at = (each.account, each.symbol)
        filled[at] += each.cum if each.side == m.Side.BUY else -each.cum
        (buys if each.side == m.Side.BUY else sells)[at] += each.working
    held = _some(state.positions(played))
    _need(held == _some(filled), f"positions {held}, orders are filled {_some(filled)}")
    rows = inspect.holdings(played.core.risk)
    known = {(row["account"], row["symbol"]): row for row in rows}
    for what, counted in (("qty", filled), ("book_qty", filled), ("buys", buys), ("sells", sells)):
        risk = _some({at: row[what] for at, row in known.items()})
        _need(risk == _some(counted), f"{what} by orders {_some(counted)}, risk has {risk}")
    if play.swarm.matching:
        return
    traded: Counter[tuple[int, int]] = Counter()
    for outside in play.outsides:
        traded.update(outside.positions())
    _need(held == _some(traded), f"positions {held}, traded {_some(traded)}")


def _some(counts: Mapping[tuple[int, int], int]) -> dict[tuple[int, int], int]:
    """Those that aren't 0."""
    return {at: qty for at, qty in counts.items() if qty}


def _requests(play: Play) -> None:
    """Whatever a session was told of is in the journal, once."""
    recorded = state.requests(play.journal)
    for number, often in recorded.items():
        _need(often == 1, f"request o-{number} is in the journal {often} times")
    for number, _ in play.traffic.told_of():
        _need(number in recorded, f"a session was told of request o-{number}, which isn't in the journal")
