"""The end of a seed: faults have stopped, everything has come to rest, and all that is known of it agrees."""

from __future__ import annotations

from core.recovery.replay import Replay
from core.simulation import state
from core.simulation.errors import Violation
from core.simulation.play import Play
from core_ext.journal import JournalReader


def settle(play: Play) -> None:
    """Until nothing moves; the venues are asked once more, for what was lost on the way."""
    play.heal()
    play.drain()
    for _ in range(2):
        play.ask_venues()
        play.drain()


def check(play: Play) -> None:
    """Raises a Violation, or a CoreFault."""
    played = Replay(play.swarm.capacity)
    played.play(JournalReader(play.journal))
    live, fresh = play.state_hash(), played.core.state_hash()
    _need(live == fresh, f"the state {live} isn't that of its journal, {fresh}")
    _children(play, played)
    _positions(play, played)
    _requests(play)
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
        for child, (qty, cum, live) in rows.items():
            _need(child in ours and ours[child][0] == venue, f"venue {venue} has child {child}, the core hasn't")
            _, order_qty, cum_qty, is_live = ours[child]
            _need(
                cum == cum_qty and live == is_live and (not live or qty == order_qty),
                f"venue {venue} has child {child} as ({qty}, filled {cum}, live {live}), the core as "
                f"({order_qty}, filled {cum_qty}, live {is_live})",
            )
    for child, (venue, _, cum_qty, is_live) in ours.items():
        if venue in theirs and child not in theirs[venue]:
            _need(not is_live and not cum_qty, f"child {child} never came to venue {venue}, and is live or filled")


def _positions(play: Play, played: Replay) -> None:
    """Where all venues are outside, positions are what was traded there."""
    if play.swarm.matching:
        return
    traded: dict[tuple[int, int], int] = {}
    for outside in play.outsides:
        for key, qty in outside.positions().items():
            traded[key] = traded.get(key, 0) + qty
    held = {key: qty for key, qty in state.positions(played).items() if qty}
    _need(held == {key: qty for key, qty in traded.items() if qty}, f"positions {held}, traded {traded}")


def _requests(play: Play) -> None:
    """Whatever a session was told of is in the journal, once."""
    recorded = state.requests(play.journal)
    for number, often in recorded.items():
        _need(often == 1, f"request o-{number} is in the journal {often} times")
    for number, _ in play.traffic.told_of():
        _need(number in recorded, f"a session was told of request o-{number}, which isn't in the journal")
