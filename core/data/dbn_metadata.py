"""The metadata at the beginning of a DBN file: what it is of, and the symbols of its instruments."""

from __future__ import annotations

import struct
from typing import Any

_FIXED = 100
_UNDEFINED_U16 = 0xFFFF
_SCHEMAS = (
    "mbo", "mbp-1", "mbp-10", "tbbo", "trades", "ohlcv-1s", "ohlcv-1m", "ohlcv-1h", "ohlcv-1d",
    "definition", "statistics", "status", "imbalance", "ohlcv-eod", "cmbp-1", "cbbo-1s", "cbbo-1m",
    "tcbbo", "bbo-1s", "bbo-1m",
)  # fmt: skip


def parse(version: int, data: bytes) -> tuple[dict[str, Any], dict[int, str]]:
    """(metadata, symbol by instrument id). Raises ValueError where the bytes are no metadata."""
    if not 1 <= version <= 3:
        raise ValueError(f"DBN version {version}: 1 to 3 are read")
    if len(data) < _FIXED:
        raise ValueError("the metadata is not whole")
    schema, start, end, limit = struct.unpack_from("<HQQQ", data, 16)
    at = 42 + (8 if version == 1 else 0)
    stype_out, ts_out = data[at + 1], data[at + 2]
    width = 22 if version == 1 else struct.unpack_from("<H", data, at + 3)[0]
    found = {
        "version": version,
        "dataset": _text(data[:16]),
        "schema": "mixed" if schema == _UNDEFINED_U16 else _named(schema),
        "start": start,
        "end": None if end in (0, 2**64 - 1) else end,
        "limit": limit or None,
        "ts_out": bool(ts_out),
    }
    try:
        names = _mappings(data, width) if stype_out == 0 else {}
    except (struct.error, IndexError) as error:
        raise ValueError("the metadata's symbols are not whole") from error
    return found, names


def _named(schema: int) -> str:
    return _SCHEMAS[schema] if schema < len(_SCHEMAS) else str(schema)


def _mappings(data: bytes, width: int) -> dict[int, str]:
    """Symbols by instrument id, from the lists after the fixed part."""
    at = _FIXED + 4 + struct.unpack_from("<I", data, _FIXED)[0]
    for _ in range(3):  # symbols, partial, not found
        at += 4 + width * struct.unpack_from("<I", data, at)[0]
    names: dict[int, str] = {}
    count = struct.unpack_from("<I", data, at)[0]
    at += 4
    for _ in range(count):
        symbol = _text(data[at : at + width])
        intervals = struct.unpack_from("<I", data, at + width)[0]
        at += width + 4
        for _ in range(intervals):
            mapped = _text(data[at + 8 : at + 8 + width])
            if mapped.isdecimal():
                names[int(mapped)] = symbol
            at += 8 + width
    return names


def _text(data: bytes) -> str:
    return data.split(b"\0")[0].decode("ascii", "backslashreplace")
