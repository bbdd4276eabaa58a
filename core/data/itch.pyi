from collections.abc import Callable, Iterator

from core.data.reader import Place, Reader, Sink, Streams

LENGTHS: dict[str, int]

class Itch(Reader):
    """Messages of an ITCH 5.0 file."""

    def __init__(
        self,
        file: str,
        format: str,
        chunks: Iterator[bytes],
        sink: Sink | None = ...,
        on_place: Callable[[Place], object] | None = ...,
        streams: Streams | None = ...,
        *,
        midnight_ns: int,
        prefixed: bool,
    ) -> None: ...
