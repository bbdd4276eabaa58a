from core.data.jsonlines import Venue

class Coinbase(Venue):
    """This venue's messages."""

    def __init__(self) -> None: ...
