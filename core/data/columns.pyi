from collections.abc import Callable, Iterator

from core.data.mapping import Mapping
from core.data.reader import LineReader, Place, Sink, Streams

class Columns(LineReader):
    """Rows of columns."""

    def __init__(
        self,
        file: str,
        format: str,
        chunks: Iterator[bytes],
        sink: Sink | None = ...,
        on_place: Callable[[Place], object] | None = ...,
        streams: Streams | None = ...,
        *,
        mapping: Mapping,
    ) -> None: ...
