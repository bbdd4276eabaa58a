"""The tape: rows that grow, structs that are what their dtypes say, and its bounds."""

import re
from pathlib import Path

import numpy as np
import pytest

from core import messages as m
from core.analytics import layout
from core.analytics.rows import Rows
from core.analytics.tape import Tape

ROOT = Path(__file__).parents[4]
SIZES = {"char": 1, "uint8_t": 1, "uint16_t": 2, "uint32_t": 4, "int64_t": 8, "uint64_t": 8, "double": 8}
PAIRS = {
    "MidRow": layout.MID, "TradeRow": layout.TRADE, "OrderRow": layout.ORDER, "ChildRow": layout.CHILD,
    "FillRow": layout.FILL, "LevelRow": layout.LEVEL,
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_structs_and_dtypes_are_the_same(name: str) -> None:
    """Field by field; no compiler pads what is laid out like this."""
    text = (ROOT / "core/analytics/tape.pxd").read_text()
    found = re.search(rf"cdef struct {name}: +# (\d+)\n((?:    .*\n)+)", text)
    assert found is not None
    fields = re.findall(r"    (\w+) (\w+)(?:\[(\d+)\])?", found[2])
    dtype = PAIRS[name]
    assert [field for _, field, _ in fields] == list(dtype.names or ())
    at = 0
    for kind, field, count in fields:
        assert dtype.fields is not None
        assert at % SIZES[kind] == 0, field
        assert dtype.fields[field][1] == at, field
        at += SIZES[kind] * int(count or 1)
    assert at == dtype.itemsize == int(found[1])


def test_rows_grow_and_end() -> None:
    rows = Rows("<u8", 2)
    assert len(rows.array()) == 0
    assert (rows.count, rows.most) == (0, 2)


def test_a_tape_that_is_full_says_what_to_do() -> None:
    tape = Tape(most=1)
    page = np.zeros((), m.PAGE)
    page["header"]["kind"] = m.Kind.TRADE
    tape.page(page.tobytes())
    with pytest.raises(MemoryError, match="more than 1 rows: an observer keeps no more"):
        tape.page(page.tobytes())


def test_a_page_is_whole() -> None:
    with pytest.raises(ValueError, match="a page of 3 bytes: it has 1024"):
        Tape().page(b"abc")
