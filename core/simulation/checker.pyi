from typing import Any

from core.board import Board
from core.capacity import Capacity
from core.venues.gateway import Gateway

class Checker:
    """What must hold after every step. See checker.pxd."""

    max_orders: int
    def __init__(self, capacity: Capacity, marks: int) -> None: ...
    def watch(self, board: Board, outsides: list[Any]) -> None:
        """A core's board, whose events begin after the last that its journal has."""
    def sources(self, counts: dict[int, int]) -> None:
        """Where each source is."""
    def orders(self, quantities: list[tuple[int, int]]) -> None:
        """(order, quantity) of every order of a core that came back."""
    def page_kills(self, rows: list[dict[str, Any]], fresh: bool) -> None:
        """The kills that are in force on the page from now on."""
    def stream_kills(self, kills: list[tuple[int, int, int]]) -> None:
        """The kills of the stream that are in force, as (kind, key, epoch)."""
    def halt_venues(self, venues: list[int]) -> None:
        """Those that stand halted on a break, of a core that came back."""
    def count_ups(self, counts: dict[int, int]) -> None:
        """How often each venue was said to be up, to a core that came back."""
    def halted_venues(self) -> list[int]:
        """Those that are halted on a break by now."""
    def broken(self) -> list[tuple[int, int]]:
        """(venue, event) of breaks that have halted nobody."""
    def note_done(self) -> None:
        """Of a worker that came back: what its cursors say by now."""
    def note_decided(self) -> None:
        """Of gateways that die before their cursor says so: what they decided, by the page as it is."""
    def use_intents(self, gateway: Gateway) -> None:
        """Of gateways that came (back)."""
