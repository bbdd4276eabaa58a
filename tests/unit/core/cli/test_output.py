"""What commands share: figures, tables of any mapping, and text that is never taken for markup."""

from __future__ import annotations

import pytest

from core.cli.output import cell, console, figure, rows_table, write_mapping


@pytest.mark.parametrize(
    ("value", "text"), [(1234567, "1,234,567"), ("-1234.50", "-1,234.50"), ("0", "0"), ("n/a", "n/a")]
)
def test_figures_are_set_in_thousands_and_stay_exact(value: int | str, text: str) -> None:
    assert figure(value) == text


def test_a_mapping_prints_its_rows_below(capsys: pytest.CaptureFixture[str]) -> None:
    write_mapping({"ok": False, "rows": [{"a": 1, "b": "[red]"}, {"a": 2000}], "none": []}, "title")
    out = capsys.readouterr().out
    assert [out.index(word) for word in ("title", "ok", "none", "rows", "[red]", "2,000")] == sorted(
        out.index(word) for word in ("title", "ok", "none", "rows", "[red]", "2,000")
    )


def test_times_are_times_and_a_long_mapping_stands_below(capsys: pytest.CaptureFixture[str]) -> None:
    long = {f"k{n}": n / 3 for n in range(8)} | {"large": 12345678.9}
    write_mapping({"long": long, "first_ns": 1_700_000_000_000_000_005, "took_ns": 1_500}, "title")
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["first", "2023-11-14T22:13:20.000000005Z"] in lines
    assert ["took", "ns", "1,500"] in lines
    assert lines.index(["long"]) > lines.index(["took", "ns", "1,500"])
    assert ["k1", "0.333333"] in lines
    assert ["large", "12,345,678.90"] in lines


def test_no_rows_still_have_their_title_and_floats_stand_to_the_right(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console().print(rows_table([], "[bold]0 limits[/]"))
    console().print(rows_table([{"a": 1219.967600000091}, {"a": 1.5}], "some"))
    out = capsys.readouterr().out
    assert "0 limits" in out
    assert out.splitlines()[-3:-1] == [" 1,219.97 ", "      1.5 "]


def test_no_zero_is_negative() -> None:
    assert [cell(-0.0), cell(0.0), cell(-0.5)] == ["0.0", "0.0", "-0.5"]
