"""What every store does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from periphery.recorder import migrations
from periphery.recorder.recorder import Recorder
from periphery.recorder.store import DAY_NS, Batch, Elsewhere, Store, StoreError
from periphery.recorder.tables import AUDIT, BY_NAME, FILLS, ORDER_EVENTS, POSITION_EVENTS, Cell, Table
from periphery.service.mark import BEGIN, Mark
from tests.support import declared, order, quote
from tests.unit.periphery.recorder.day import writer

DAY = 20_000 * DAY_NS


def batch(after: int, through: int, *rows: tuple[Table, int, dict[str, Cell]], day: int = DAY) -> Batch:
    made = Batch(after, Mark(through, b"digest %d" % through))
    for table, seq, values in rows:
        there = made.rows[table.name]
        there.append(table.row(seq, sum(row[0] == seq for row in there), day + seq, values))
    return made


def fill(seq: int, exec_id: str, qty: str, **more: Cell) -> tuple[Table, int, dict[str, Cell]]:
    values: dict[str, Cell] = {
        "venue": "V",
        "exec_id": exec_id,
        "exec_type": "trade",
        "qty": qty,
        "px": "1.50",
    }
    return FILLS, seq, values | more


def test_every_table_has_its_columns_and_only_those(store: Store) -> None:
    values = {name: table.columns for name, table in BY_NAME.items()}
    rows = [(table, 1, dict.fromkeys(_own(table), None)) for table in BY_NAME.values()]
    store.write("core", batch(0, 1, *rows))
    for name, columns in values.items():
        (row,) = store.read(name)
        assert list(row) == ["source", *columns]


def _own(table: Table) -> list[str]:
    return [column for column in table.columns if column not in ("seq", "n", "time_ns")]


def test_migrating_again_does_nothing(store: Store) -> None:
    assert store.migrate() == []


def test_a_store_that_a_newer_version_took_something_from_is_refused() -> None:
    with pytest.raises(StoreError, match="newer nacre"):
        migrations.lacking("sqlite", ["9999_later_contract"], "sqlite:///x")
    assert list(migrations.lacking("sqlite", ["9999_later"], "x")) == list(migrations.steps("sqlite"))


def test_steps_expand_unless_they_say_so() -> None:
    """Nothing is dropped, renamed or narrowed but by a step that is called so."""
    for dialect in ("sqlite", "postgres"):
        for name, step in migrations.steps(dialect).items():
            text = re.sub(r"--.*", "", step).upper()
            takes = re.findall(r"DROP (?:TABLE|COLUMN)|RENAME|ALTER COLUMN|DELETE FROM|TRUNCATE", text)
            added = re.findall(r"ADD COLUMN [^,;]*", text)
            assert not takes or name.endswith(migrations.CONTRACT), f"{dialect} {name}: {takes}"
            assert not [each for each in added if "NOT NULL" in each and "DEFAULT" not in each], name


def test_both_dialects_take_the_same_steps() -> None:
    assert list(migrations.steps("sqlite")) == list(migrations.steps("postgres"))


def test_progress_and_rows_go_together(store: Store) -> None:
    assert store.progress("core") == BEGIN
    store.write("core", batch(0, 7, fill(5, "e1", "100")))
    assert store.progress("core") == Mark(7, b"digest 7")
    assert [row["exec_id"] for row in store.read("fills")] == ["e1"]


def test_a_batch_is_stored_once(store: Store) -> None:
    first = batch(0, 7, fill(5, "e1", "100"))
    store.write("core", first)
    with pytest.raises(Elsewhere, match="another recorder"):
        store.write("core", first)
    assert len(store.read("fills")) == 1
    assert store.progress("core").seq == 7


def test_a_bad_row_leaves_nothing(store: Store) -> None:
    store.write("core", batch(0, 2, fill(1, "e1", "1")))
    with pytest.raises(StoreError):
        store.write("core", batch(2, 3, (ORDER_EVENTS, 3, {"symbol": "X"}), fill(1, "e1", "1")))
    assert store.progress("core").seq == 2
    assert store.read("order_events") == []
    store.write("core", batch(2, 3, fill(3, "e2", "1")))


def test_sources_are_apart(store: Store) -> None:
    store.write("a", batch(0, 7, fill(5, "e1", "100")))
    store.write("b", batch(0, 5, fill(5, "e1", "70")))
    assert [row["qty"] for row in store.read("fills", {"source": "b"})] == ["70"]
    assert len(store.read("executions")) == 2


def test_numbers_are_exact(store: Store) -> None:
    long = "123456789012345678901234.1234567890123456"
    store.write("core", batch(0, 1, fill(1, "e1", "-0.00000001", fee=long)))
    (row,) = store.read("fills")
    assert (row["qty"], row["px"], row["fee"]) == ("-0.00000001", "1.50", long)


def test_texts_are_kept_as_they_are(store: Store) -> None:
    nasty = "a'b\"c\\d\te;é🐟 -- DROP TABLE fills"
    store.write("core", batch(0, 1, (AUDIT, 1, {"kind": "kill", "request": nasty, "by_person": ""})))
    (row,) = store.read("audit")
    assert (row["request"], row["by_person"], row["session"]) == (nasty, "", None)


def test_corrections_flow_through_executions(store: Store) -> None:
    rows = [
        fill(1, "e1", "100"),
        fill(2, "e2", "50"),
        fill(3, "e3", "0", exec_type="trade_cancel", exec_ref_id="e1"),
        fill(4, "e4", "60", exec_type="trade_correct", exec_ref_id="e2"),
        fill(5, "e2", "9", venue="W"),
    ]
    store.write("core", batch(0, 5, *rows))
    found = [(row["venue"], row["exec_id"], row["qty"]) for row in store.read("executions")]
    assert found == [("V", "e4", "60"), ("W", "e2", "9")]


def test_orders_and_positions_are_the_last_there_is(store: Store) -> None:
    first = [
        (ORDER_EVENTS, 1, {"order_index": 3, "ord_status": "new"}),
        (ORDER_EVENTS, 2, {"order_index": 4, "ord_status": "new"}),
        (ORDER_EVENTS, 3, {"order_index": 3, "ord_status": "filled"}),
        (POSITION_EVENTS, 3, {"account": "A", "symbol": "X", "qty": "10"}),
        (POSITION_EVENTS, 3, {"account": "A", "symbol": "X", "qty": "11"}),
        (POSITION_EVENTS, 4, {"account": "B", "symbol": "X", "qty": "5"}),
    ]
    store.write("core", batch(0, 4, *first))
    orders = {row["order_index"]: row["ord_status"] for row in store.read("orders")}
    positions = {row["account"]: row["qty"] for row in store.read("positions")}
    assert (orders, positions) == ({3: "filled", 4: "new"}, {"A": "11", "B": "5"})


def test_reading_goes_on_after_a_sequence(store: Store) -> None:
    store.write("core", batch(0, 9, *(fill(seq, f"e{seq}", "1") for seq in range(1, 10))))
    assert [row["seq"] for row in store.read("fills", after_seq=3, most=4)] == [4, 5, 6, 7]
    assert [row["seq"] for row in store.read("fills", {"exec_id": "e8"})] == [8]


@pytest.mark.parametrize(
    ("name", "where", "words"),
    [
        ("nothing", {}, "no table 'nothing'"),
        ("fills; DROP TABLE fills", {}, "no table"),
        ("fills", {"nothing": 1}, "no column 'nothing'"),
        ("fills", {"qty = qty OR qty": 1}, "no column"),
    ],
)
def test_what_isn_t_there_is_named(store: Store, name: str, where: dict[str, Cell], words: str) -> None:
    with pytest.raises(StoreError, match=words):
        store.read(name, where)


def test_purge_takes_whole_days(store: Store) -> None:
    store.write("core", batch(0, 1, fill(1, "old", "1")))
    store.write("core", batch(1, 2, fill(2, "new", "1"), day=DAY + DAY_NS))
    assert store.purge(DAY + DAY_NS - 1)["fills"] == 0
    assert store.purge(DAY + DAY_NS + DAY_NS // 2)["fills"] == 1
    assert [row["exec_id"] for row in store.read("fills")] == ["new"]
    store.write("core", batch(2, 3, fill(3, "late", "1")))
    assert len(store.read("fills")) == 2


def test_a_store_without_tables_says_what_to_run(bare: Store) -> None:
    for use in (lambda: bare.progress("core"), lambda: bare.read("fills"), lambda: bare.purge(DAY)):
        with pytest.raises(StoreError, match="nacre recorder migrate"):
            use()


def test_migrating_takes_each_step_in_order(bare: Store) -> None:
    assert bare.migrate() == list(migrations.steps("sqlite"))


def test_a_row_has_no_other_columns() -> None:
    with pytest.raises(KeyError, match="fills: no column colour"):
        FILLS.row(1, 0, 0, {"colour": "red"})


def test_a_denial_that_may_be_overridden_says_so(store: Store, tmp_path: Path) -> None:
    with writer(tmp_path / "journal") as journal:
        run = declared(journal=journal)
        run.feed({"type": "limit", "check": "max_order_qty", "value": "5", "account": "A1", "soft": True})
        run.feed(quote(at=1000), order("a", qty="50"), order("b", symbol="AAPL", account="A1", qty="0"))
    Recorder(tmp_path / "journal", store).catch_up()
    rows = store.read("denials")
    assert [(row["cl_ord_id"], row["soft"]) for row in rows] == [("a", 1), ("b", None)]
