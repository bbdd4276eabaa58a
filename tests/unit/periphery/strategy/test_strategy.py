"""What a strategy's file may say, and what is wrong with one that says something else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta

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
        ({"qty": "x"}, "parameters: Expected `int`, got `str` - at `$.qty`"),
        ({"qty": 0}, "parameters: Expected `int` >= 1 - at `$.qty`"),
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
