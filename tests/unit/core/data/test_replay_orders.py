"""Our orders among recorded ones: by levels, by single orders, with the settings of their venue."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from core.cli import root
from core.data.recording import Options
from core.data.replay import replay
from core.scenario import ScenarioError

SECOND = 1_000_000_000
PX = 1_000_000  # 100 in LOBSTER's 10^-4
BUY = 1
MESSAGES = [
    # s after midnight, type (1 add, 3 delete, 4 execution), id, size, price, side of the resting order
    (34200, 1, 11, 100, PX, BUY),
    (34201, 1, 12, 50, PX + 100, -BUY),
    (34203, 1, 13, 70, PX, BUY),  # behind our order
    (34204, 3, 13, 70, PX, BUY),  # which doesn't move up
    (34205, 4, 11, 60, PX, BUY),
    (34206, 3, 11, 40, PX, BUY),  # now it is first
    (34207, 1, 14, 90, PX, BUY),
    (34208, 4, 14, 25, PX, BUY),  # a sell of 25 meets ours before this one
    (34212, 1, 15, 10, PX, BUY),
]
ACCOUNT = {"type": "account", "account": "A", "currency": "USD", "cash": "1000000"}


def order(at_s: int, id_: str, qty: str, price: str, **more: Any) -> dict[str, Any]:
    line = {"type": "order", "at": at_s * SECOND, "cl_ord_id": id_, "account": "A", "side": "buy",
            "symbol": "MSFT", "order_qty": qty, "ord_type": "limit", "price": price,
            "venue": "NASDAQ"}  # fmt: skip
    return line | more


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "messages.csv"
    path.write_text("".join(",".join(map(str, (f"{row[0]}.000000000", *row[1:]))) + "\n" for row in MESSAGES))
    return path


def played(recording: Path, *lines: dict[str, Any], name: str = "orders.jsonl") -> tuple[Any, list[Any]]:
    path = recording.with_name(name)
    path.write_text("# our orders\n" + "".join(json.dumps(line) + "\n" for line in lines))
    said: list[Any] = []
    options = Options(format="lobster_messages", symbol="MSFT")
    report = replay([recording], options, orders=path, write=said.append)
    return report, said


def fills(said: list[Any]) -> list[tuple[int, str, str, str]]:
    trades = [line for line in said if line["type"] == "order" and line["exec_type"] == "trade"]
    return [(line["at"] // SECOND, line["cl_ord_id"], line["last_qty"], line["last_px"]) for line in trades]


def test_our_order_stands_among_the_recorded_ones(recording: Path) -> None:
    report, said = played(recording, ACCOUNT, order(34202, "1", "30", "100"))
    assert report["ok"]
    assert report["orders"] == len(MESSAGES)
    assert fills(said) == [(34208, "1", "25", "100")]
    assert (said[0]["line"], said[0]["exec_type"]) == (3, "pending_new")


def test_it_takes_recorded_orders_one_by_one(recording: Path) -> None:
    _, said = played(recording, ACCOUNT, order(34209, "1", "60", "100.01"))
    assert fills(said) == [(34209, "1", "50", "100.01")]


def test_its_venue_works_as_it_is_told(recording: Path) -> None:
    venue = {"type": "venue", "venue": "NASDAQ", "latency_us": "2000000", "taker_fee_bps": "10"}
    _, said = played(recording, venue, ACCOUNT, order(34204, "1", "50", "100.01"))
    assert fills(said) == [(34208, "1", "50", "100.01")]  # there at 34206, back at 34208
    (position,) = [line for line in said if line["type"] == "position"]
    assert position["fees"] == "5.0005"


def test_lines_after_the_recording_are_fed_too(recording: Path) -> None:
    cancel = {"type": "cancel", "at": 34300 * SECOND, "orig_cl_ord_id": "1", "cl_ord_id": "2"}
    _, said = played(recording, ACCOUNT, order(34211, "1", "5", "90"), cancel)
    assert [line["exec_type"] for line in said if line["type"] == "order"] == [
        "pending_new", "new", "pending_cancel", "canceled",
    ]  # fmt: skip


def test_a_journal_of_it_comes_to_the_same_state(recording: Path) -> None:
    path = recording.with_name("orders.jsonl")
    path.write_text(json.dumps(ACCOUNT) + "\n" + json.dumps(order(34202, "1", "30", "100")) + "\n")
    options = Options(format="lobster_messages", symbol="MSFT")
    report = replay([recording], options, recording.with_name("journal"), orders=path)
    assert report["ok"]
    assert report["replay_hash"] == report["state_hash"]


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (
            [ACCOUNT, {"type": "venue", "venue": "ARCX"}],
            r":3: venue 'ARCX': not among the recording's: NASDAQ",
        ),
        ([{"type": "venue", "venue": "NASDAQ", "matching": "lifo"}, ACCOUNT], "matching: unknown value"),
        ([ACCOUNT, {"type": "frob"}], ":3: unknown type"),
    ],
)
def test_bad_lines_are_refused_by_their_own_number(
    recording: Path, lines: list[dict[str, Any]], what: str
) -> None:
    with pytest.raises(ScenarioError, match=what):
        played(recording, *lines)


def test_the_command_prints_lines_and_the_report(recording: Path) -> None:
    path = recording.with_name("orders.jsonl")
    path.write_text(json.dumps(ACCOUNT) + "\n" + json.dumps(order(34209, "1", "60", "100.01")) + "\n")
    words = [
        "data",
        "replay",
        str(recording),
        "--format",
        "lobster_messages",
        "--symbol",
        "MSFT",
        "--orders",
        str(path),
        "-o",
        "json",
    ]
    done = CliRunner().invoke(root, words)
    assert done.exit_code == 0, done.output
    first = done.stdout.splitlines()[0]
    assert json.loads(first)["type"] in ("order", "child", "send")
    assert '"orders": 9' in done.stdout
