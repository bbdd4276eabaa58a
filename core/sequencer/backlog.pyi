class Backlog:
    """Derived events that wait for their sequence outside their loopback rings; `capacity` of each engine."""

    def __init__(self, capacity: int) -> None: ...
