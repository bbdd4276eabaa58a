"""A file is read whole, and the first thing wrong with it is named by file, line and value."""

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from core.scenario import Line, Number, ScenarioError, read
from core.scenario.numbers import format_written

type ReadLines = Callable[..., list[Line]]
type ReadSample = Callable[..., Line]

EXAMPLE = """\
{"type":"instrument","symbol":"AAPL","kind":"equity","price_precision":2,"qty_precision":0,"tick":"0.01","lot":"1","currency":"USD"}
{"type":"venue","venue":"XNAS","mode":"manual","symbols":["AAPL"],"taker_fee_bps":"0.30"}
{"type":"account","account":"A1","currency":"USD","cash":"1000000"}
{"type":"quote","venue":"XNAS","symbol":"AAPL","bid_px":"190.00","bid_qty":"300","ask_px":"190.02","ask_qty":"200"}
{"type":"order","cl_ord_id":"1","account":"A1","symbol":"AAPL","side":"buy","order_qty":"100","ord_type":"limit","price":"190.02","venue":"XNAS"}
{"type":"report","venue":"XNAS","child_id":"1.1","exec_type":"trade","exec_id":"e1","last_qty":"40","last_px":"190.02"}
{"type":"cancel","orig_cl_ord_id":"1","cl_ord_id":"2"}
{"type":"report","venue":"XNAS","child_id":"1.1","exec_type":"canceled"}
"""


def refusal(content: str | bytes) -> str:
    raw = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(ScenarioError) as caught:
        read(io.BytesIO(raw), "f")
    return str(caught.value)


def line(line_type: str, **data: Any) -> dict[str, Any]:
    return {"type": line_type, **data}


# ── the file ──


def test_the_example_is_read() -> None:
    lines = read(io.StringIO(EXAMPLE), "example")
    assert [(each.number, each.at) for each in lines] == [(number, 0) for number in range(1, 9)]
    assert lines[1].data == {
        "venue": "XNAS", "mode": "manual", "symbols": ("AAPL",), "taker_fee_bps": Number(30, 2),
        "maker_fee_bps": Number(0, 0), "fee_precision": 8, "latency_us": Number(0, 0),
        "latency_jitter_us": Number(0, 0), "latency_seed": 0, "matching": "price_time",
        "queue": "risk_averse", "queue_power": 3, "fee_tiers": (),
    }  # fmt: skip
    assert lines[5].data == {
        "venue": "XNAS", "child_id": "1.1", "exec_type": "trade", "exec_id": "e1", "exec_ref_id": None,
        "last_qty": Number(40, 0), "last_px": Number(19002, 2), "order_qty": None, "price": None,
        "liquidity": "taker", "fee": None, "text": None,
    }  # fmt: skip


def test_lines_are_counted_as_in_the_file() -> None:
    lines = read(io.BytesIO(b'\n# a remark\r\n  # another\r\n\t \n{"type":"time","at":5}\r\n{"type":"day",'
                            b'"date":"20140502"}'), "f")  # fmt: skip
    assert [(each.number, each.at, each.type) for each in lines] == [(5, 5, "time"), (6, 5, "day")]
    assert lines[1].data == {"date": "2014-05-02"}


def test_only_line_feeds_end_a_line() -> None:
    lines = read(
        io.StringIO('{"type":"kill","scope":"all","by":"a\u2028b\u0085"}\n{"type":"time","at":1}'), "f"
    )
    assert [each.number for each in lines] == [1, 2]


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing"])
def test_an_empty_file_has_no_lines(content: str) -> None:
    assert read(io.StringIO(content), "f") == []


def test_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text(EXAMPLE)
    expected = read(io.StringIO(EXAMPLE), "f")
    assert read(path) == read(os.fspath(path)) == expected
    with path.open("rb") as stream:
        assert read(stream) == expected
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(EXAMPLE.encode())))
    assert read("-") == expected


def test_what_errors_call_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text("no")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"no")))
    cases: list[tuple[str | Path, str | None, str]] = [
        (path, None, str(path)), (path, "s", "s"), ("-", None, "-"),
    ]  # fmt: skip
    for source, name, called in cases:
        with pytest.raises(ScenarioError) as caught:
            read(source, name)
        assert str(caught.value).startswith(f"{called}:1: not JSON")
        assert (caught.value.file, caught.value.line) == (called, 1)


def test_a_missing_file_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none")


def test_the_first_error_is_the_one_told() -> None:
    assert refusal('{"type":"time","at":5}\n{"type":"time","at":4}\nno\n').startswith(
        "f:2: at: time goes back"
    )


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("no", "not JSON: Expecting value at column 1"),
        ('{"type":"time","at":1', "not JSON: "),
        ('{"type":"time","at":1} {}', "not JSON: Extra data at column 24"),
        ('["time"]', 'not a JSON object: ["time"]'),
        ("5", "not a JSON object: 5"),
        ("null", "not a JSON object: null"),
        ('{"type":"time","at":NaN}', "not JSON: NaN"),
        ("[" * 100_000, "not JSON that can be read: nested too deeply"),
        ('{"type":"time","at":' + "9" * 5000 + "}", "an integer of 5000 digits"),
        ('{"type":"time","at":1,"at":1}', 'key "at" is given twice'),
        ('{"type":"order","params":{"a":"1","a":"2"}}', 'key "a" is given twice'),
        ("\ufeff{}", "not JSON: begins with a byte order mark"),
        ("{}", "no type"),
        ('{"type":"oder"}', 'unknown type "oder"; did you mean "order"?'),
        ('{"type":["order"]}', 'unknown type ["order"]'),
        ('{"type":"mark","simbol":"A"}', 'unknown key "simbol" of mark; did you mean "symbol"?'),
        ('{"type":"time"}', "time without at"),
        ('{"type":"kill","scope":"all"}', "kill without by"),
        ('{"type":"kill","scope":"al","by":"x"}', 'scope: unknown value "al": one of all, account, '),
        ('{"type":"day","date":"2014-02-30"}', 'date: "2014-02-30" isn\'t a date'),
        ('{"type":"time","at":1.0}', "at: 1.0 isn't a time"),
        ('{"type":"time","at":"5"}', 'at: "5" isn\'t a time'),
        ('{"type":"disconnect","session":""}', "session: empty"),
        ('{"type":"disconnect","session":"a\\u0000"}', 'session: "a\\u0000" has a control character'),
        ('{"type":"disconnect","session":"\\ud800"}', "half of a surrogate pair"),
    ],
)
def test_bad_lines(content: str, what: str) -> None:
    assert refusal(content).startswith("f:1: ")
    assert what in refusal(content)


def test_bytes_that_are_not_utf8() -> None:
    assert refusal(b'{"type":"time","at":1}\n{"type":"\xff"}') == "f:2: not UTF-8: byte 0xff at column 10"
    assert refusal(b"# caf\xe9") == "f:1: not UTF-8: byte 0xe9 at column 6"


def lines_or_error(source: io.BytesIO | io.StringIO) -> list[Line] | ScenarioError:
    try:
        return read(source, "f")
    except ScenarioError as error:
        return error


@given(st.text() | st.binary())
def test_anything_is_lines_or_an_error_on_one_line(content: str | bytes) -> None:
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    result = lines_or_error(io.BytesIO(raw))
    assert isinstance(result, list) or "\n" not in str(result)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.integers(0, 7), st.data())
def test_any_value_at_any_key_is_read_or_refused(row: int, data: st.DataObject) -> None:
    rows = [json.loads(text) for text in EXAMPLE.splitlines()]
    key = data.draw(st.sampled_from(list(rows[row])))
    rows[row][key] = data.draw(JSON | st.sampled_from(["1.005", "-1", "AAPL", "XNAS", "A1", "buy", "order"]))
    result = lines_or_error(io.StringIO("\n".join(map(json.dumps, rows))))
    assert isinstance(result, list) or result.line >= row + 1


# ── time ──


def test_time_is_carried_forward(read_lines: ReadLines) -> None:
    lines = read_lines(
        line("time", at="1970-01-01T00:00:00.000000003Z"), line("mark", symbol="AAPL", px="1"),
        line("mark", symbol="AAPL", px="1", at=3), line("time", at=4),
    )  # fmt: skip
    assert [each.at for each in lines[-5:]] == [0, 3, 3, 3, 4]
    assert all("at" not in each.data and "type" not in each.data for each in lines)


def test_time_goes_back(read_lines: ReadLines) -> None:
    with pytest.raises(ScenarioError, match="f:7: at: time goes back, from 3 to 2 ns"):
        read_lines(line("time", at=3), line("time", at=2))


# ── names ──


@pytest.mark.parametrize(
    ("line_type", "more", "what"),
    [
        (
            "quote",
            {"symbol": "IBM"},
            'symbol: symbol "IBM" isn\'t declared: its instrument line must come first',
        ),
        ("quote", {"venue": "X"}, 'venue: venue "X" isn\'t declared'),
        ("trade", {"symbol": "IBM"}, 'symbol "IBM"'),
        ("depth", {"venue": "X"}, 'venue "X"'),
        ("mark", {"symbol": "IBM"}, 'symbol "IBM"'),
        ("reference", {"symbol": "IBM"}, 'symbol "IBM"'),
        ("open_position", {"account": "B"}, 'account: account "B" isn\'t declared'),
        ("open_position", {"symbol": "IBM"}, 'symbol "IBM"'),
        ("venue", {"symbols": ["AAPL", "IBM"]}, 'symbols: symbol "IBM" isn\'t declared'),
        ("limit", {"account": "B"}, 'account "B"'),
        ("limit", {"symbol": "IBM"}, 'symbol "IBM"'),
        ("limit", {"venue": "X"}, 'venue "X"'),
        ("cancel_all", {"account": "B"}, 'account "B"'),
        ("cancel_all", {"symbol": "IBM"}, 'symbol "IBM"'),
        ("report", {"venue": "X"}, 'venue "X"'),
        ("venue_state", {"venue": "X"}, 'venue "X"'),
        ("venue_state", {"symbol": "IBM"}, 'symbol "IBM"'),
        ("kill", {"scope": "account", "key": "B"}, 'key: account "B" isn\'t declared'),
        ("kill", {"scope": "symbol", "key": "IBM"}, 'key: symbol "IBM"'),
        ("rearm", {"scope": "venue", "key": "X"}, 'key: venue "X"'),
        ("instrument", {"symbol": "AAPL"}, 'instrument "AAPL" is declared twice'),
        ("venue", {"venue": "V"}, 'venue "V" is declared twice'),
        ("account", {"account": "A1"}, 'account "A1" is declared twice'),
        ("venue", {"symbols": ["AAPL", "AAPL"]}, 'symbols: "AAPL" is listed twice'),
        ("venue", {"symbols": "AAPL"}, 'symbols: "AAPL" isn\'t a list'),
        ("report", {"venue": "M"}, 'report for the match venue "M"'),
        ("kill", {"scope": "account"}, "scope account without key"),
        ("kill", {"scope": "all", "key": "A1"}, 'key: "A1" with scope all'),
    ],
)
def test_names(read_sample: ReadSample, line_type: str, more: dict[str, Any], what: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_sample(line_type, **more)
    assert what in str(caught.value)


@pytest.mark.parametrize("line_type", ["quote", "trade", "depth", "venue_state"])
def test_a_symbol_that_the_venue_does_not_list(
    read_lines: ReadLines, read_sample: ReadSample, line_type: str
) -> None:
    known = [
        line("instrument", symbol="IBM", kind="equity", price_precision=2, qty_precision=0, tick="0.01",
             lot="1", currency="USD"),
        line("trade", venue="V", symbol="IBM", px="1", qty="1"),
    ]  # fmt: skip
    with pytest.raises(ScenarioError, match='f:7: symbol: "IBM" isn\'t among the symbols of venue "V"'):
        read_lines(*known)
    assert read_sample(line_type, symbol="AAPL")


def test_strategy_and_session_need_no_declaration(read_sample: ReadSample) -> None:
    assert read_sample("limit", strategy="s", session="desk", sector="tech").data["strategy"] == "s"
    assert read_sample("kill", scope="strategy", key="s").data["key"] == "s"
    assert read_sample("kill").data["key"] == ""


@pytest.mark.parametrize(
    "more",
    [
        {"account": "nobody"},
        {"symbol": "IBM"},
        {"venue": "X"},
        {"order_qty": "-1.5"},
        {"order_qty": "9" * 100},
        {"price": "190.0255555"},
        {"ord_type": "limit"},
        {"cl_ord_id": "x" * 50},
        {"cl_ord_id": ""},
        {"cl_ord_id": "1"},
        {"account": ""},
        {"session": "s" * 40},
    ],
)
def test_what_a_client_gets_wrong_is_no_error_of_the_file(
    read_sample: ReadSample, more: dict[str, Any]
) -> None:
    """The core denies it: the line says what the client said, as it was written."""
    assert written(read_sample("order", **more)).items() >= more.items()
    if more.keys() <= {"cl_ord_id", "order_qty", "price"}:
        assert written(read_sample("replace", **more)).items() >= more.items()


def written(read: Line) -> dict[str, Any]:
    return {
        key: format_written(value) if isinstance(value, Number) else value for key, value in read.data.items()
    }


# ── values ──


@pytest.mark.parametrize(
    ("line_type", "more", "what"),
    [
        ("quote", {"bid_px": "190.001"}, 'bid_px: "190.001" has 3 digits after the point: at most 2 may be'),
        ("quote", {"ask_px": "190.000"}, "ask_px: "),
        ("quote", {"bid_qty": "1.0"}, "bid_qty: "),
        ("quote", {"ask_qty": "-1"}, "ask_qty: "),
        ("quote", {"ask_qty": "9223372036854775808"}, "ask_qty: too large for 64 bits"),
        ("quote", {"ask_px": "92233720368547758.08"}, "ask_px: too large for 64 bits"),
        ("trade", {"px": "1.001"}, "px: "),
        ("trade", {"qty": "-1"}, "qty: "),
        ("depth", {"px": "1.001"}, "px: "),
        ("depth", {"qty": "0.5"}, "qty: "),
        ("depth", {"side": "sell_short"}, "side: "),
        ("mark", {"px": "1.001"}, "px: "),
        ("reference", {"px": "1.001"}, "px: "),
        ("open_position", {"qty": "1.5"}, "qty: "),
        ("open_position", {"avg_cost": "1.123456789"}, "avg_cost: "),
        ("report", {"last_qty": "1.5"}, "last_qty: "),
        ("report", {"last_qty": "-1"}, "last_qty: "),
        ("report", {"last_px": "190.001"}, "last_px: "),
        ("report", {"order_qty": "1.5"}, "order_qty: "),
        ("report", {"price": "190.001"}, "price: "),
        ("report", {"exec_type": "trade"}, "report of trade without exec_id, last_qty, last_px"),
        ("report", {"exec_type": "trade", "exec_id": "", "last_qty": "1", "last_px": "1"}, "exec_id: empty"),
        (
            "report",
            {"exec_type": "trade_cancel", "exec_id": "e", "last_qty": "1", "last_px": "1"},
            "report of trade_cancel without exec_ref_id",
        ),
        ("instrument", {"price_precision": 13}, "price_precision: 13 isn't within 0 to 12"),
        ("instrument", {"qty_precision": -1}, "qty_precision: "),
        ("instrument", {"qty_precision": "0"}, 'qty_precision: "0" isn\'t a JSON integer'),
        ("instrument", {"qty_precision": True}, "qty_precision: true isn't a JSON integer"),
        ("instrument", {"tick": "0.00"}, 'tick: "0.00" must be above 0'),
        ("instrument", {"tick": "0.001"}, "tick: "),
        ("instrument", {"lot": "-1"}, "lot: "),
        ("instrument", {"lot": "0.1"}, "lot: "),
        ("instrument", {"min_qty": "0.1"}, "min_qty: "),
        ("instrument", {"multiplier": "0"}, "multiplier: "),
        ("instrument", {"margin_bps": "-1"}, "margin_bps: "),
        ("instrument", {"symbol": ""}, "symbol: empty"),
        ("instrument", {"symbol": "S" * 32}, "is longer than 31 bytes"),
        ("instrument", {"symbol": "é" * 16}, "is longer than 31 bytes"),
        ("venue", {"fee_precision": 17}, "fee_precision: 17 isn't within 0 to 16"),
        ("venue", {"latency_us": 5}, "latency_us: 5 isn't a number in a string"),
        ("venue", {"latency_us": "0.0001"}, "latency_us: "),
        ("fx", {"pair": "EURUSD"}, "pair: "),
        ("fx", {"pair": "EUR/"}, "pair: empty"),
        ("fx", {"rate": "0"}, "rate: "),
        ("limit", {"value": "no"}, "value: "),
        ("limit", {"value": 5}, "value: "),
        ("limit", {"check": "max_size"}, 'check: unknown value "max_size"'),
        ("limit", {"check": "self_trade", "value": "1"}, "value: unknown value"),
        ("limit", {"check": "max_order_notional"}, "limit max_order_notional without currency"),
        ("limit", {"window_s": "0"}, "window_s: "),
        ("order", {"order_qty": "1e3"}, "order_qty: "),
        ("order", {"order_qty": 1}, "order_qty: "),
        ("order", {"account": 1}, "account: 1 isn't a string"),
        ("order", {"expire_at": "2014-05-02T09:30:00"}, "has no zone"),
        ("order", {"params": []}, "params: [] isn't a JSON object"),
        ("replace", {"price": ""}, "price: "),
    ],
)
def test_values(read_sample: ReadSample, line_type: str, more: dict[str, Any], what: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_sample(line_type, **more)
    assert what in str(caught.value)


def test_values_at_their_bounds(read_sample: ReadSample) -> None:
    assert read_sample("quote", ask_qty="9223372036854775807", bid_px="-0.01").data["bid_px"] == Number(-1, 2)
    assert read_sample("instrument", price_precision=12, tick="0.000000000001", symbol="S" * 31)
    assert read_sample("venue", fee_precision=16, latency_us="0.001", maker_fee_bps="-0.2", symbols=[])
    assert read_sample("order", expire_at=9).data["expire_at"] == 9


@pytest.mark.parametrize(
    "more",
    [{"value": "off"}, {"value": "1000", "currency": "USD"}, {"value": "1000", "account": "A1"},
     {"value": "1000", "each": "account"}],
)  # fmt: skip
def test_a_money_limit_has_a_currency(read_sample: ReadSample, more: dict[str, Any]) -> None:
    assert read_sample("limit", check="max_order_notional", **more).data["check"] == "max_order_notional"


# ── reports and the instrument of their order ──


def report(child_id: str, last_px: str) -> dict[str, Any]:
    return line(
        "report", venue="V", child_id=child_id, exec_type="trade", exec_id="e", last_qty="1", last_px=last_px
    )


def order(cl_ord_id: str, symbol: str) -> dict[str, Any]:
    return line("order", cl_ord_id=cl_ord_id, account="A1", symbol=symbol, side="buy", order_qty="1",
                ord_type="market")  # fmt: skip


FX = line("instrument", symbol="EURUSD", kind="fx", price_precision=5, qty_precision=0, tick="0.00001",
          lot="1", currency="USD")  # fmt: skip


@pytest.mark.parametrize("child_id", ["2", "9.1", "flatten-3-1.1", "late.1", ".1"])
def test_digits_of_a_report_about_an_unknown_order_are_free(read_lines: ReadLines, child_id: str) -> None:
    assert (
        read_lines(order("late", "EURUSD"), FX, report(child_id, "1.23456789"))[-1].data["last_px"].digits
        == 8
    )


def test_digits_of_a_report_are_those_of_its_order(read_lines: ReadLines) -> None:
    orders = [FX, order("a.b", "EURUSD"), order("a.b", "AAPL"), order("1", "EURUSD")]
    assert read_lines(*orders, report("a.b.2", "1.23456"))
    with pytest.raises(ScenarioError, match=r'f:10: last_px: "1\.234567" has 6 digits'):
        read_lines(*orders, report("a.b.2", "1.234567"))
    with pytest.raises(ScenarioError, match=r'f:10: last_px: "1\.23456" has 5 digits'):
        read_lines(*orders, report("1.1", "1.23456"))
