"""The trades of recordings, whatever their format."""

from pathlib import Path

import numpy as np
import pytest

from core.data.recording import BadRecording
from core.execution.recorded_volume import trades

ROWS = (
    "recv_ts_ns,exchange_ts_ns,kind,venue,symbol,side,px,qty,bid_px,bid_qty,ask_px,ask_qty,last\n"
    "1700000000000000010,1700000000000000009,trade,X,A,buy,1.5,3,,,,,1\n"
    "1700000000000000020,1700000000000000019,trade,X,B,buy,1.5,7,,,,,1\n"
    "1700000000000000030,1700000000000000029,quote,X,A,,,,1,2,3,4,1\n"
    "1700000000000000040,1700000000000000039,trade,X,A,sell,1.5,0.25,,,,,1\n"
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS)
    return path


def test_of_one_symbol_by_the_exchange_s_clock(file: Path) -> None:
    time_ns, qty = trades([file], "A")
    assert [at - 1_700_000_000_000_000_000 for at in time_ns.tolist()] == [9, 39]
    assert np.allclose(qty, [3, 0.25])


def test_one_of_several_must_be_named(file: Path) -> None:
    with pytest.raises(BadRecording, match="several symbols: name one of A, B"):
        trades([file])
    with pytest.raises(BadRecording, match="C: the files have A, B"):
        trades([file], "C")
