from core.data.jsonlines import Venue

class Kraken(Venue):
    """This venue's messages."""

    def __init__(self) -> None: ...
