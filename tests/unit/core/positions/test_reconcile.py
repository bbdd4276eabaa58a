"""Breaks: what differs, for how long, what was said of it and by whom."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import pytest

from core.positions.history import BadFile, read_fills
from core.positions.reconcile import Break, Breaks, hint, reconcile, restrict, their_side

OURS = {
    ("A", "X"): Fraction(100),
    ("A", "Y"): Fraction(5),
    ("A", "USD"): Fraction(10),
    ("B", "X"): Fraction(1),
}


def theirs(text: str, account: str = "") -> dict[tuple[str, str], Fraction]:
    return their_side(read_fills(io.StringIO(text), "f", needs=("symbol", "qty")).rows, account)


def differences(text: str, today: str = "2020-01-02") -> list[Break]:
    found = theirs(text)
    return reconcile(restrict(OURS, found, {"USD"}), found, {"USD"}, today)


def test_each_kind_of_break() -> None:
    found = differences("account,symbol,qty\nA,X,90\nA,Z,3\nA,USD,12.5\n")
    assert [(one.id, one.kind, one.ours, one.theirs, one.difference) for one in found] == [
        ("A/USD", "cash", "10", "12.5", "2.5"),
        ("A/X", "quantity", "100", "90", "-10"),
        ("A/Y", "missing there", "5", "0", "-5"),
        ("A/Z", "missing here", "0", "3", "3"),
    ]


def test_what_agrees_or_is_of_another_account_is_none() -> None:
    assert differences("account,symbol,qty\nA,X,60\nA,X,40\nA,Y,5.0\n") == []


def test_an_account_must_be_told() -> None:
    assert theirs("symbol,qty\nX,1\n", "B") == {("B", "X"): 1}
    with pytest.raises(BadFile, match="line 2: no account column"):
        theirs("symbol,qty\nX,1\n")


def test_a_break_ages_is_explained_and_closes(tmp_path: Path) -> None:
    file = tmp_path / "breaks.json"
    text = "account,symbol,qty\nA,X,90\nA,Y,5\n"

    def day(today: str, rows: str) -> list[Break]:
        kept = Breaks(file)
        found = kept.update(differences(rows, today), today)
        kept.save()
        return found

    day("2020-01-02", text)
    (one,) = day("2020-01-06", text)
    assert (one.first_seen, one.age_days("2020-01-06"), one.status) == ("2020-01-02", 4, "open")
    kept = Breaks(file)
    kept.settle("A/X", "explained", "their trade date", "anna")
    kept.save()
    (one,) = day("2020-01-07", text)
    assert (one.status, one.explanation, one.by, one.age_days("2020-01-07")) == (
        "explained",
        "their trade date",
        "anna",
        5,
    )
    (one,) = day("2020-01-08", "account,symbol,qty\nA,X,91\nA,Y,5\n")
    assert (one.status, one.first_seen) == ("open", "2020-01-02")  # it isn't the one that was explained
    assert day("2020-01-09", "account,symbol,qty\nA,X,100\nA,Y,5\n") == []
    assert Breaks(file).get("A/X").status == "closed"
    (one,) = day("2020-01-10", text)
    assert one.first_seen == "2020-01-10"


def test_who_and_why_must_be_said(tmp_path: Path) -> None:
    kept = Breaks(None)
    kept.update(differences("account,symbol,qty\nA,X,90\nA,Y,5\n"), "2020-01-02")
    with pytest.raises(BadFile, match="say who"):
        kept.settle("A/X", "explained", "because", " ")
    with pytest.raises(BadFile, match="no break 'A/Q': one of A/X"):
        kept.settle("A/Q", "explained", "because", "anna")
    kept.update([], "2020-01-03")
    with pytest.raises(BadFile, match="is closed: it was gone on 2020-01-03"):
        kept.settle("A/X", "explained", "because", "anna")
    bad = tmp_path / "breaks.json"
    bad.write_text("[]")
    with pytest.raises(BadFile, match="not a file of breaks"):
        Breaks(bad)


def test_hints_name_what_may_be_behind_it() -> None:
    (one, _) = differences("account,symbol,qty\nA,X,90\n")
    suspense = [{"status": "open", "symbol": "X", "venue": "V", "exec_id": "e", "qty": "-10", "price": "3"}]
    late = [
        {
            "account": "A",
            "symbol": "X",
            "venue": "V",
            "exec_id": "f",
            "qty": "2",
            "time": "2020-01-03T00:00:00Z",
        }
    ]
    hint(one, suspense, late)
    assert one.hints == [
        "in suspense: V e, -10 at 3: the whole of it", "after the file: V f, 2 at 2020-01-03T00:00:00Z",
    ]  # fmt: skip
