from collections.abc import Callable, Iterator

from core.data.reader import LineReader, Place, Sink, Streams

class Lobster(LineReader):
    """Messages, with the book's rows beside them or alone."""

    def __init__(
        self,
        file: str,
        format: str,
        chunks: Iterator[bytes],
        sink: Sink | None = ...,
        on_place: Callable[[Place], object] | None = ...,
        streams: Streams | None = ...,
        *,
        symbol: str,
        midnight_ns: int,
        rows: Iterator[bytes] | None,
    ) -> None: ...

class LobsterBook(LineReader):
    """The book's rows alone."""

    def __init__(
        self,
        file: str,
        format: str,
        chunks: Iterator[bytes],
        sink: Sink | None = ...,
        on_place: Callable[[Place], object] | None = ...,
        streams: Streams | None = ...,
        *,
        symbol: str,
    ) -> None: ...
