from core.data.reader import Events

COLUMNS: tuple[str, ...]

def csv_rows(events: Events, venue: bytes, symbols: list[bytes]) -> bytes: ...
def scenario_rows(
    events: Events, venue: bytes, symbols: list[bytes], digits: list[tuple[int, int]]
) -> bytes: ...
