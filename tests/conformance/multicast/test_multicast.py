"""Market data over a multicast group of Aeron, on three hosts: after whatever breaks, what each receiver has
is what was recorded, or the gap is named.
"""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.data.convert import convert
from core.data.recording import Options
from core.live.ask import ask
from periphery.standby.secret import make
from tests.conformance.multicast.hall import ONE, SILENT_S, TWO, WAIT_S, Hall, Receiver
from tests.integration.live_core import Process, until
from tests.support_market_data import books, head, read, recording
from tests.support_multicast import SYMBOLS, VENUE, made

ROWS = 9000  # 1 ms apart


def converted(path: Path, folder: Path) -> Any:
    """The recording as a table of rows."""
    target = folder / "recorded.parquet"
    convert([path], Options(venue=VENUE if path.suffix == ".csv" else None), target)
    return pq.read_table(target)


def both(hall: Hall) -> list[Receiver]:
    return [hall.listen(number, VENUE, list(SYMBOLS)) for number in (ONE, TWO)]


def holds(receiver: Receiver, recorded: Any, books_of: dict[str, Any], told: dict[str, Any]) -> None:
    """What it has is what was recorded where nothing was missing; else each row that is missing is counted,
    and its gap named. Its books are those of the recording.
    """
    table = receiver.table()
    missing = told["late_rows"] + told["missing_rows"] + told["unnamed_rows"]
    assert told["rows"] + missing == recorded.num_rows
    assert told["checksums_bad"] == 0, "no book was ever wrong while it counted as whole"
    if not missing:
        assert table.slice(0, recorded.num_rows).equals(recorded)
    gaps = receiver.lines("a gap")
    assert sum(line["last"] - line["first"] + 1 for line in gaps) == told["missing_rows"]
    assert books(read(receiver.file)[0]) == books_of


def test_over_a_line_that_loses_packets_both_have_every_row(hall: Hall) -> None:
    path = recording("binance")
    if not path.exists():
        pytest.skip(f"no recordings at {path.parent}")
    recorded, expected = converted(path, hall.folder), books(read(path)[0])
    receivers = [hall.listen(number, "binance", ["BTCUSDT"]) for number in (ONE, TWO)]
    hall.network.loss = 0.02
    hall.publish(path, 0, fc="min")  # the slowest holds back who sends
    for receiver in receivers:
        told = receiver.caught_up(recorded.num_rows)
        assert (told["late_rows"], told["missing_rows"], told["gaps"]) == (0, 0, 0)
        holds(receiver, recorded, expected, told)
    assert hall.network.counts["lost"] > 100


def test_who_comes_late_has_the_books_and_what_follows(hall: Hall) -> None:
    path = made(hall.folder / "made.csv", ROWS)
    recorded, expected = converted(path, hall.folder), books(read(path)[0])
    first = hall.listen(ONE, VENUE, list(SYMBOLS))
    hall.publish(path, 1)
    first.until("rows come", lambda told: told["at_row"] > ROWS // 10)
    late = hall.listen(TWO, VENUE, list(SYMBOLS))
    told = late.caught_up(ROWS)
    assert told["late_rows"] > 0
    assert late.lines("a publisher is followed")[0]["after_rows"] == told["late_rows"]
    holds(late, recorded, expected, told)
    holds(first, recorded, expected, first.caught_up(ROWS))


def test_dead_drivers_are_begun_anew_and_what_they_held_is_named(hall: Hall) -> None:
    path = made(hall.folder / "made.csv", ROWS)
    recorded, expected = converted(path, hall.folder), books(read(path)[0])
    one, two = both(hall)
    publisher = hall.publish(path, 1)
    two.until("rows come", lambda told: told["at_row"] > ROWS // 10)
    two.kill_driver()
    two.until("its driver is another one", lambda told: told["driver_starts"] == 2 and told["ready"])
    publisher.kill_driver()
    for receiver in (one, two):
        told = receiver.caught_up(ROWS)
        holds(receiver, recorded, expected, told)
    assert told["missing_rows"] + told["late_rows"] > 0, "rows went by while there was no driver"
    assert told["recoveries"] > 0


def test_a_publisher_that_is_killed_begins_again_with_a_session_of_its_own(hall: Hall) -> None:
    path = made(hall.folder / "made.csv", ROWS)
    recorded, expected = converted(path, hall.folder), books(read(path)[0])
    receivers = both(hall)
    old = hall.publish(path, 1)
    for receiver in receivers:
        receiver.until("rows come", lambda told: told["at_row"] > ROWS // 10)
    old.kill()
    for receiver in receivers:
        told = receiver.until("nobody is heard", lambda told: "no publisher is heard" in told["why"])
        assert told["silences"] == 1
        assert told["rows"] < ROWS
    hall.publish(path, 0, fc="min")
    for receiver in receivers:
        told = receiver.caught_up(ROWS, session=2)
        assert (told["sessions"], told["late_rows"]) == (2, 0)
        table = receiver.table()
        assert table.slice(table.num_rows - ROWS).equals(recorded)
        assert books(read(receiver.file)[0]) == expected


def test_a_receiver_that_is_cut_off_empties_its_books_and_joins_anew(hall: Hall) -> None:
    path = made(hall.folder / "made.csv", ROWS)
    recorded, expected = converted(path, hall.folder), books(read(path)[0])
    one, two = both(hall)
    hall.publish(path, 1)
    two.until("rows come", lambda told: told["at_row"] > ROWS // 10)
    hall.network.isolate(TWO)
    two.until("it hears nobody", lambda told: told["silences"] > 0 and not told["ready"])
    hall.network.heal()
    told = two.caught_up(ROWS)
    assert (told["sessions"], told["late_rows"]) == (1, 0)
    assert told["missing_rows"] > SILENT_S * 100
    holds(two, recorded, expected, told)
    holds(one, recorded, expected, one.caught_up(ROWS))


def test_a_receiver_that_is_outrun_names_what_it_missed(hall: Hall) -> None:
    path = made(hall.folder / "made.csv", 8 * ROWS)
    recorded, expected = converted(path, hall.folder), books(read(path)[0])
    one, two = both(hall)
    hall.publish(path, 10)
    two.until("rows come", lambda told: told["at_row"] > ROWS // 10)
    two.process.send_signal(signal.SIGSTOP)
    told = one.caught_up(8 * ROWS)
    two.process.send_signal(signal.SIGCONT)
    holds(one, recorded, expected, told)
    told = two.caught_up(8 * ROWS)
    assert told["missing_rows"] > ROWS, "more than its log holds: Aeron has it no more"
    holds(two, recorded, expected, told)


def test_who_has_not_the_secret_is_not_believed(hall: Hall) -> None:
    path = made(hall.folder / "made.csv", ROWS // 9)
    secrets = [hall.folder / name for name in ("theirs", "another")]
    for secret in secrets:
        make(secret)
    one, two = (
        hall.listen(number, VENUE, list(SYMBOLS), secret=secret)
        for number, secret in zip((ONE, TWO), secrets, strict=True)
    )
    hall.publish(path, 1, secrets[0])
    told = one.caught_up(ROWS // 9)
    assert (told["rows"], told["refused_messages"]) == (ROWS // 9, 0)
    told = two.until("it refuses", lambda told: told["refused_messages"] > 20)
    assert (told["rows"], told["sessions"], told["ready"]) == (0, 0, False)


def test_what_a_live_service_takes_it_sends_on(hall: Hall) -> None:
    if not recording("kraken").exists():
        pytest.skip(f"no recordings at {recording('kraken').parent}")
    path = head("kraken", hall.folder, 3000)
    recorded, expected = converted(path, hall.folder), books(read(path)[0])
    receiver = hall.listen(ONE, "kraken", list(expected))
    service = hall.send_on("kraken", ",".join(expected), hall.serve(path))
    told = receiver.caught_up(recorded.num_rows)
    assert (told["late_rows"], told["missing_rows"]) == (0, 0)
    assert service.end() == 0
    receiver.until("its venue is nobody's market any more", lambda told: "publisher ended" in told["why"])
    table = receiver.table()
    assert (
        table.slice(0, recorded.num_rows)
        .drop_columns("recv_ts_ns")
        .equals(recorded.drop_columns("recv_ts_ns"))
    )
    assert books(read(receiver.file)[0]) == {symbol: [[], []] for symbol in expected}


def test_a_core_has_the_books_that_its_receiver_has(hall: Hall, tmp_path: Path) -> None:
    path = made(hall.folder / "made.csv", ROWS // 3)
    declared: list[dict[str, Any]] = [
        {"type": "instrument", "symbol": symbol, "kind": "equity", "price_precision": 2, "qty_precision": 0,
         "tick": "0.01", "lot": "1", "currency": "USD"}
        for symbol in SYMBOLS
    ]  # fmt: skip
    declared.append({"type": "venue", "venue": VENUE, "mode": "match", "symbols": list(SYMBOLS)})
    core = Process(tmp_path, "--placement", "fused", declared=declared)
    core.start()
    try:
        receiver = hall.listen(ONE, VENUE, list(SYMBOLS), core.socket)
        hall.network.loss = 0.02
        hall.publish(path, 1)
        receiver.caught_up(ROWS // 3)
        expected = {
            (symbol, side): levels
            for symbol, sides in books(read(path)[0]).items()
            for side, levels in zip(("buy", "sell"), sides, strict=True)
        }
        until(lambda: in_core(core) == expected, "the core has the books", WAIT_S)
        assert receiver.end() == 0
        until(lambda: not any(in_core(core).values()), "nobody follows them any more", WAIT_S)
    finally:
        core.end()


def in_core(core: Process) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """The levels of each side of each symbol that a core has, the best first."""
    found: dict[tuple[str, str], list[tuple[str, str]]] = {
        (symbol, side): [] for symbol in SYMBOLS for side in ("buy", "sell")
    }
    for symbol, side, px, qty in ask(core.socket, "levels", venue=VENUE)["levels"]:
        found[symbol, side].append((short(px), short(qty)))
    return found


def short(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number
