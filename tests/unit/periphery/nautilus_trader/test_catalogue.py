"""NautilusTrader's catalogue, as its wheels of either precision write it, becomes a recording."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from core.cli import root
from periphery.nautilus_trader.catalogue import NoCatalogue, convert

NS = 1_714_989_600_000_000_000
SAID = {"instrument_id": "BTCUSD.V1", "price_precision": "2", "size_precision": "8"}


def raw(units: int, digits: int, size: int = 16) -> bytes:
    """A number of `digits` digits as it stands there."""
    return (units * 10 ** ({16: 16, 8: 9}[size] - digits)).to_bytes(size, "little", signed=True)


def write(
    folder: Path, kind: str, rows: list[dict[str, Any]], said: dict[str, str] = SAID, size: int = 16
) -> None:
    path = folder / "data" / kind / said["instrument_id"]
    path.mkdir(parents=True, exist_ok=True)
    number, time = pa.binary(size), pa.uint64()
    types = {key: number if isinstance(value, bytes) else time for key, value in rows[0].items()}
    schema = pa.schema(list(types.items()), metadata=said)
    pq.write_table(pa.Table.from_pylist(rows, schema), path / "1.parquet")


def quote(at: int, bid: int, ask: int, size: int = 16) -> dict[str, Any]:
    one, two = raw(100_000_001, 8, size), raw(200_000_000, 8, size)
    prices = {"bid_price": raw(bid, 2, size), "ask_price": raw(ask, 2, size)}
    return prices | {"bid_size": one, "ask_size": two, "ts_event": NS + at, "ts_init": NS + at + 1}


def trade(at: int, px: int, aggressor: int = 1) -> dict[str, Any]:
    return {
        "price": raw(px, 2),
        "size": raw(3, 8),
        "aggressor_side": aggressor,
        "ts_event": NS + at,
        "ts_init": NS + at,
    }


def test_a_price_that_fits_no_int64_keeps_every_digit(tmp_path: Path) -> None:
    write(tmp_path, "quote_tick", [quote(0, 6_000_001, 6_000_002), quote(5, 6_000_001, 6_000_003)])
    write(tmp_path, "trade_tick", [trade(3, 6_000_001), trade(5, 6_000_001, 2)])
    told = convert(tmp_path, tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text().splitlines()[1:]
    assert told["rows"] == {"quote": 2, "trade": 2}
    assert [line.split(",")[2] for line in lines] == ["quote", "trade", "trade", "quote"]
    assert lines[0] == f"{NS + 1},{NS},quote,V1,BTCUSD,,,,60000.01,1.00000001,60000.02,2.00000000,"
    assert lines[2] == f"{NS + 5},{NS + 5},trade,V1,BTCUSD,sell,60000.01,0.00000003,,,,,"


def test_it_is_read_by_the_recording_s_own_reader(tmp_path: Path) -> None:
    write(tmp_path, "quotes", [quote(n, 6_000_001 + n, 6_000_002 + n, 8) for n in range(5)], size=8)
    out = tmp_path / "out.csv"
    done = CliRunner().invoke(root, ["nt", "convert", str(tmp_path), "--to", str(out)])
    assert done.exit_code == 0, done.output
    checked = CliRunner().invoke(root, ["data", "check", str(out), "-o", "json"])
    assert checked.exit_code == 0, checked.output
    assert '"rows": 5' in checked.output


def test_levels_and_what_is_left_out(tmp_path: Path) -> None:
    level = {"action": 2, "side": 2, "price": raw(6_000_001, 2), "size": raw(5, 8), "order_id": 0}
    gone = level | {"action": 3, "ts_event": NS + 1, "ts_init": NS + 1}
    write(tmp_path, "order_book_delta", [level | {"ts_event": NS, "ts_init": NS}, gone])
    (tmp_path / "data" / "bar").mkdir()
    told = convert(tmp_path, tmp_path / "out.csv")
    assert told["left_out"] == ["bar"]
    cells = [line.split(",")[5:8] for line in (tmp_path / "out.csv").read_text().splitlines()[1:]]
    assert cells == [["sell", "60000.01", "0.00000005"], ["sell", "60000.01", "0"]]


@pytest.mark.parametrize(("more", "why"), [({"action": 4}, "cleared"), ({"order_id": 7}, "L3")])
def test_books_that_can_not_be_said(tmp_path: Path, more: dict[str, Any], why: str) -> None:
    level = {"action": 1, "side": 1, "price": raw(1, 2), "size": raw(5, 8), "order_id": 0}
    write(tmp_path, "order_book_delta", [level | {"ts_event": NS, "ts_init": NS} | more])
    with pytest.raises(NoCatalogue, match=why):
        convert(tmp_path, tmp_path / "out.csv")
    assert not list(tmp_path.glob("*.csv*"))


def test_more_digits_than_it_says_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "trade_tick", [trade(0, 1) | {"price": raw(1, 3)}])
    with pytest.raises(NoCatalogue, match="more than its 2 digits"):
        convert(tmp_path, tmp_path / "out.csv")


def test_one_instrument_of_many_and_none(tmp_path: Path) -> None:
    write(tmp_path, "trade_tick", [trade(0, 1)])
    write(tmp_path, "trade_tick", [trade(0, 1)], SAID | {"instrument_id": "ETHUSD.V1"})
    assert convert(tmp_path, tmp_path / "out.csv", ("ETHUSD.V1",))["instruments"] == ["ETHUSD"]
    with pytest.raises(NoCatalogue, match="no Parquet files"):
        convert(tmp_path, tmp_path / "out.csv", ("X.V1",))
