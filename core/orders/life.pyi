from core_ext.arena import Arena

class Life:
    """The state of every order and child, and what moves it. Risk and orders hold one each."""

    def __init__(self, arena: Arena, max_orders: int, max_more_children: int, max_ids: int) -> None: ...
    def statuses(self) -> tuple[dict[int, int], dict[int, int]]:
        """How many orders, and how many children, are in each OrdStatus. Not for the path."""
