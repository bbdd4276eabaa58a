from core.data.jsonlines import Venue

class Bitstamp(Venue):
    """This venue's messages."""

    def __init__(self) -> None: ...
