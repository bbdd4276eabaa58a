"""The rows of a tape, as numpy dtypes: prices and quantities in the instrument's units, times in ns.

tape.pxd has the same structs; a test holds the two against each other.
"""

from __future__ import annotations

import numpy as np

MID = np.dtype(
    [
        ("seq", "<u8"),
        ("time_ns", "<i8"),
        ("bid_px", "<i8"),
        ("ask_px", "<i8"),
        ("symbol", "<u4"),
        ("sides", "<u4"),
    ]
)
"""The consolidated best prices each time that they change. sides: bit 1 a bid, bit 2 an ask."""

TRADE = np.dtype(
    [("seq", "<u8"), ("time_ns", "<i8"), ("px", "<i8"), ("qty", "<i8"), ("symbol", "<u4"), ("venue", "<u4")]
)
"""What the market traded, as venues print it."""

ORDER = np.dtype(
    [
        ("seq", "<u8"), ("time_ns", "<i8"), ("order_qty", "<i8"), ("cum_qty", "<i8"),
        ("bid_px", "<i8"), ("ask_px", "<i8"),
        ("end_seq", "<u8"), ("end_ns", "<i8"), ("end_bid_px", "<i8"), ("end_ask_px", "<i8"),
        ("first_seq", "<u8"), ("first_ns", "<i8"), ("first_bid_px", "<i8"), ("first_ask_px", "<i8"),
        ("id", "V40"), ("account", "<u4"), ("symbol", "<u4"), ("strategy", "<u4"), ("order", "<u4"),
        ("sides", "u1"), ("end_sides", "u1"), ("first_sides", "u1"), ("side", "u1"), ("algo", "u1"),
        ("status", "u1"), ("pad", "u1", (2,)),
    ]
)  # fmt: skip
"""A parent order: the market when it came, when its first child was sent, and when it ended.

end_seq 0: it lives.
"""

CHILD = np.dtype(
    [
        ("sent_ns", "<i8"), ("acked_ns", "<i8"), ("end_ns", "<i8"), ("first_fill_ns", "<i8"),
        ("order_qty", "<i8"), ("cum_qty", "<i8"), ("price", "<i8"), ("ahead_qty", "<i8"), ("sent_seq", "<u8"),
        ("row", "<u4"), ("n", "<u4"), ("venue", "<u2"), ("ended_by", "u1"), ("posted", "u1"), ("pad", "<u4"),
    ]
)  # fmt: skip
"""A child order. row: of its parent. ended_by: an ExecType. posted: nothing shown met it when it was sent."""

FILL = np.dtype(
    [
        ("seq", "<u8"), ("time_ns", "<i8"), ("qty", "<i8"), ("px", "<i8"),
        ("bid_px", "<i8"), ("ask_px", "<i8"),
        ("fee", "<f8"), ("row", "<u4"), ("child", "<u4"), ("venue", "<u2"), ("maker", "u1"), ("sides", "u1"),
        ("pad", "<u4"),
    ]
)  # fmt: skip
"""A fill, as it stands after busts and corrections. child: its row. fee in the settlement currency."""

LEVEL = np.dtype([("px", "<i8"), ("qty", "<i8"), ("row", "<u4"), ("venue", "<u4")])
"""What an order met when it came: the other side's levels at each venue that was up."""
