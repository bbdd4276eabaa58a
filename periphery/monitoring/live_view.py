"""`nacre top`: the core at work, drawn anew each second, with keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Footer, Static

from core.cli.status import duration

COLUMNS = {
    "engines": ("engine", "pid", "cpu", "wait", "seq", "behind"),
    "sessions": ("name", "waiting", "capacity", "requests", "responses", "quotes", "busy", "lapped"),
    "kills": ("epoch", "scope", "key", "by"),
    "halts": ("scope", "key", "state", "reason"),
}
STEPS_S = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


class Top(App[None]):
    """fetch: what `core.cli.status.Looks.fetch` gives; a RuntimeError is shown, and asked again."""

    TITLE = "nacre top"
    CSS = "#head { height: 3; padding: 1; } .live { background: darkred; } DataTable { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "quit", "Quit"),
        Binding("e", "show('engines')", "Engines"),
        Binding("s", "show('sessions')", "Sessions"),
        Binding("k", "show('kills')", "Kills"),
        Binding("h", "show('halts')", "Halts"),
        Binding("o", "order", "Order by the next column"),
        Binding("p", "pause", "Pause"),
        Binding("plus", "slower(1)", "Slower"),
        Binding("minus", "slower(-1)", "Faster"),
    ]

    def __init__(self, fetch: Callable[[], Mapping[str, Any]], every_s: float = 1.0) -> None:
        super().__init__()
        self.fetch = fetch
        self.every_s = every_s
        self.shown = "engines"
        self.order_by = 0
        self.paused = False
        self.told: Mapping[str, Any] = {}
        self.problem = ""

    def compose(self) -> ComposeResult:
        """A line, a table, the keys."""
        yield Static(id="head", markup=False)
        yield DataTable(id="rows", cursor_type="row", zebra_stripes=True)
        yield Footer()

    def on_mount(self) -> None:
        """The first look, and the clock of the others."""
        self._timer = self.set_interval(self.every_s, self.look)
        self.look()

    def look(self) -> None:
        """Asks the core, unless it is paused."""
        if self.paused:
            return
        try:
            self.told, self.problem = self.fetch(), ""
        except RuntimeError as error:
            self.problem = str(error)
        self.draw()

    # ---- what is drawn -------------------------------------------------------------------------------------

    def draw(self) -> None:
        """The head and the table, of what was told last."""
        head = self.query_one("#head", Static)
        head.update(self.problem or self._head())
        head.set_class(bool(self.told.get("live")), "live")
        table: DataTable[str] = self.query_one("#rows", DataTable)
        row = table.cursor_row
        table.clear(columns=True)
        columns = COLUMNS[self.shown]
        for at, column in enumerate(columns):
            table.add_column(f"{column} ↓" if at == self.order_by else column, key=column)
        for values in self._rows(columns):
            table.add_row(*values)
        table.move_cursor(row=min(row, max(table.row_count - 1, 0)))

    def _head(self) -> str:
        if not self.told:
            return ""
        told = self.told
        mode = "LIVE" if told["live"] else "SIM"
        paused = "  PAUSED" if self.paused else ""
        return (
            f"{mode} {told['name']}: {told['seq']:,} events, {told['events_per_s']:,}/s, up "
            f"{duration(told['uptime_s'])}, {told['placement']}, wait {told['wait']}, "
            f"{len(told['sessions'])} sessions, {len(told['kills'])} kills{paused}"
        )

    def _rows(self, columns: tuple[str, ...]) -> list[list[str]]:
        """The largest first by the column, texts by the alphabet."""
        rows = list(self.told.get(self.shown, ()))
        column = columns[self.order_by]
        numbers = all(isinstance(row.get(column), int | float) for row in rows)
        rows.sort(key=lambda row: -row[column] if numbers else str(row.get(column)))
        return [["" if row.get(key) is None else str(row[key]) for key in columns] for row in rows]

    # ---- keys ----------------------------------------------------------------------------------------------

    def action_show(self, what: str) -> None:
        self.shown, self.order_by = what, 0
        self.draw()

    def action_order(self) -> None:
        self.order_by = (self.order_by + 1) % len(COLUMNS[self.shown])
        self.draw()

    def action_pause(self) -> None:
        self.paused = not self.paused
        self.draw()

    def action_slower(self, by: int) -> None:
        """The next of STEPS_S, up or down."""
        nearest = min(range(len(STEPS_S)), key=lambda at: abs(STEPS_S[at] - self.every_s))
        self.every_s = STEPS_S[min(max(nearest + by, 0), len(STEPS_S) - 1)]
        self._timer.stop()
        self._timer = self.set_interval(self.every_s, self.look)
