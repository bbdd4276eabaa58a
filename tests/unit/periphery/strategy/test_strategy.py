"""What a strategy's file may say, and what is wrong with one that says something else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from click.testing import CliRunner
from msgspec import Meta

from core.cli import root
from periphery.strategy import BadParams, Parameters, Strategy
from periphery.strategy.loading import BadStrategy, load_strategy
from periphery.strategy.strategy import handlers_of


class Sized(Strategy):
    class Params(Parameters, frozen=True):
        qty: Annotated[int, Meta(gt=0)] = 10
        edge: float = 0.5
        name: str = "a"

    def on_quote(self, quote: object) -> None: ...

    def on_params(self, before: object) -> None:
        self.before = before


def test_parameters_are_typed_and_may_be_text() -> None:
    made = Sized({"qty": "3", "edge": "0.25"})
    assert (made.params.qty, made.params.edge, made.params.name) == (3, 0.25, "a")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"qyt": 1}, "parameter qyt: there is qty, edge, name"),
        ({"qty": "x"}, "parameter qty: 'x': give int"),
        ({"qty": 0}, "parameter qty: 0: give int >= 1"),
    ],
)
def test_a_wrong_parameter_is_named(given: dict[str, object], says: str) -> None:
    with pytest.raises(BadParams) as caught:
        Sized(given)
    assert str(caught.value) == says


def test_parameters_change_whole_or_not_at_all() -> None:
    made = Sized()
    before = made.params
    made.set_params({"qty": 4})
    assert made.params.qty == 4
    assert made.before is before
    with pytest.raises(BadParams):
        made.set_params({"edge": 1.0, "qty": -1})
    assert (made.params.qty, made.params.edge) == (4, 0.5)


def test_only_what_a_class_fills_in_is_called() -> None:
    assert set(handlers_of(Sized())) == {"on_quote"}


def test_it_trades_only_where_it_runs() -> None:
    with pytest.raises(RuntimeError, match="Sized isn't running yet"):
        Sized().buy("X", 1)


ONE = "from periphery.strategy import Strategy\nclass A(Strategy):\n    pass\n"


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("x = 1\n", None, "no subclass of Strategy"),
        (ONE + "class B(A):\n    pass\n", None, "2 strategies, A, B: say which"),
        (ONE, "C", "no strategy C: there is A"),
    ],
)
def test_a_file_without_its_one_strategy_is_told(
    tmp_path: Path, text: str, name: str | None, says: str
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(BadStrategy, match=says):
        load_strategy(path, name)


def test_a_files_strategy_is_found(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(ONE + "class B(A):\n    pass\n")
    assert load_strategy(path, "B").__name__ == "B"


def test_what_isnt_python_is_told(tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(ONE)
    with pytest.raises(BadStrategy, match=r"must end in \.py"):
        load_strategy(path)


@pytest.mark.parametrize(("wrong", "right"), [("on_qoute", "on_quote"), ("on_filled", "on_fill")])
def test_a_handler_that_nobody_would_call_is_named(tmp_path: Path, wrong: str, right: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        f"from periphery.strategy import Strategy\n\nclass S(Strategy):\n    def {wrong}(self, a): ...\n"
    )
    with pytest.raises(BadStrategy, match=rf"S\.{wrong}: .*{right}"):
        load_strategy(path)
    path.write_text("from periphery.strategy import Strategy\n\nclass S(Strategy):\n    on_my_list = ()\n")
    assert load_strategy(path).__name__ == "S"


MISTAKES = {
    "callback": (
        "    def on_quote(self, quote):\n        self.byu('X', 1)\n",
        1,
        "AttributeError",
        "self.byu('X', 1)",
    ),
    "syntax": ("    def on_quote(self quote): ...\n", 2, "SyntaxError", "on_quote(self quote)"),
    "import": ("    qty = none\n", 2, "NameError", "qty = none"),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_mistake_is_shown_by_its_own_lines(tmp_path: Path, what: str) -> None:
    body, code, error, line = MISTAKES[what]
    path, data = tmp_path / "mine.py", tmp_path / "quotes.csv"
    path.write_text(f"from periphery.strategy import Strategy\n\nclass S(Strategy):\n{body}")
    data.write_text("ts,bid_px,bid_qty,ask_px,ask_qty\n1700000000000000000,1.00,5,1.01,5\n")
    done = CliRunner().invoke(root, ["backtest", str(path), "--data", str(data), "--symbol", "X"])
    assert (done.exit_code, done.stdout) == (code, "")
    assert error in done.stderr
    assert line in done.stderr
    assert "mine.py" in done.stderr
    assert "periphery/" not in done.stderr
    assert len(done.stderr.splitlines()) < 10
