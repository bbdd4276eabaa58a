from collections.abc import Callable, Iterator

from core.data.reader import LineReader, Place, Sink, Streams

class Venue:
    """How one venue's messages are to be read."""

    name: str

class JsonLines(LineReader):
    """Lines of a clock and a JSON text; seconds: cryptofeed's clock, else ns."""

    def __init__(
        self,
        file: str,
        format: str,
        chunks: Iterator[bytes],
        sink: Sink | None = ...,
        on_place: Callable[[Place], object] | None = ...,
        streams: Streams | None = ...,
        *,
        decoder: Venue,
        seconds: bool,
    ) -> None: ...
