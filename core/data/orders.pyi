MAX_ORDERS: int
"""Orders that may rest at one time."""

class Orders:
    """Resting orders by id."""

    count: int

class GoneIds:
    """The ids that have gone lately."""
