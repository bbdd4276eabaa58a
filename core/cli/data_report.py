"""How the reports of `nacre data` look as tables."""

from __future__ import annotations

from typing import Any

from core.cli.output import console, figure, table

_SHOWN = 10
_SYMBOLS = 20

type Report = dict[str, Any]


def print_info(report: Report) -> None:
    """What each file is."""
    from rich.markup import escape

    out = console()
    for file in report["files"]:
        made = table("", "", title=escape(file["file"]))
        made.show_header = False
        made.add_row("format", f"{file['format']}, {file['packing']}")
        made.add_row("venue", escape(file["venue"]))
        made.add_row(
            "rows", figure(file["rows"]) + (f", {figure(file['errors'])} malformed" if file["errors"] else "")
        )
        made.add_row("kinds", escape(", ".join(f"{name} {figure(n)}" for name, n in file["kinds"].items())))
        made.add_row("first, last", f"{file['first_time']}, {file['last_time']} ({file['clock']})")
        made.add_row("symbols", escape(_symbols(file["symbols"])))
        out.print(made)


def _symbols(symbols: dict[str, Report]) -> str:
    shown = ", ".join(list(symbols)[:_SYMBOLS])
    return shown + (f" and {len(symbols) - _SYMBOLS:,} more" if len(symbols) > _SYMBOLS else "")


def print_check(report: Report) -> None:
    """The counts of each file and of all; where errors and gaps are."""
    from rich.markup import escape

    out = console()
    columns = ("rows", "errors", "gaps", "crossed", "checksums", "transitions")
    made = table("file", *columns, "", numbers=columns)
    for file in report["files"]:
        made.add_row(escape(file["file"].rpartition("/")[2]), *_counts(file), _verdict(file["ok"]))
    if len(report["files"]) > 1:
        made.add_row("all", *_counts(report), _verdict(report["ok"]))
    out.print(made)
    for file in report["files"]:
        for place in file["places"][:_SHOWN]:
            where = f"{file['file']} row {place['row']:,}, offset {place['offset']:,}"
            out.print(escape(f"{where}: {place['reason']}: {place['text']!r}"), style="yellow")
        left = file["errors"] - min(_SHOWN, len(file["places"]))
        if left > 0:
            out.print(
                escape(f"{file['file']}: and {left:,} errors more; -o json or --errors tell them"),
                style="yellow",
            )
        for place in file["gap_places"][:_SHOWN]:
            where = f"{file['file']} row {place['row']:,}"
            out.print(escape(f"{where}: gap of {place['symbol']}: {place['reason']}"), style="yellow")


def _counts(report: Report) -> list[str]:
    pairs = (("checksums_ok", "checksums_bad"), ("book_transitions_ok", "book_transitions_bad"))
    shown = [figure(report[name]) for name in ("rows", "errors", "gaps", "crossed")]
    for good, bad in pairs:
        total = report[good] + report[bad]
        shown.append(f"{report[good]:,} of {total:,}" if total else "")
    return shown


def _verdict(ok: bool) -> str:
    return "[green]whole[/]" if ok else "[bold red]not whole[/]"
