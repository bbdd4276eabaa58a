from collections.abc import Callable, Iterator

from core.data.reader import Place, Reader, Sink, Streams

class Dbn(Reader):
    """Records of a DBN file."""

    def __init__(
        self,
        file: str,
        format: str,
        chunks: Iterator[bytes],
        sink: Sink | None = ...,
        on_place: Callable[[Place], object] | None = ...,
        streams: Streams | None = ...,
    ) -> None: ...
