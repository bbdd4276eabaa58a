"""The cases of this folder: see README.md for what a case is and how its lines are compared."""

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Run, run_command

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("**/*.expected"))
BAD_FILES = sorted(HERE.glob("**/*.error"))

ANYTHING = "*"
IGNORED = {"seq", "text", "state_hash"}
# Keys that say something by being absent: where a case leaves them out they must not be there.
ABSENT_MEANS_ABSENT = {
    "order": {
        "orig_cl_ord_id",
        "price",
        "last_qty",
        "last_px",
        "exec_id",
        "exec_ref_id",
        "venue",
        "child_id",
    },
    "send": {"price"},
    "deny": {"orig_cl_ord_id", "soft"},
}
# Tables: every key of them is data.
WHOLE = {"orders", "cash", "scope"}


def name_of(path: Path) -> str:
    return path.relative_to(HERE).with_suffix("").as_posix()


def differences(want: Any, got: Any, where: str = "") -> list[str]:
    """What of `want` isn't in `got`, a line each; keys that only `got` has are left alone."""
    if want == ANYTHING:
        return []
    if isinstance(want, dict) and isinstance(got, dict):
        return _of_objects(want, got, where)
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return [
            d
            for i, (w, g) in enumerate(zip(want, got, strict=True))
            for d in differences(w, g, f"{where}[{i}]")
        ]
    if type(want) is type(got) and want == got:
        return []
    return [f"{where}: expected {json.dumps(want)}, got {json.dumps(got)}"]


def _of_objects(want: dict[str, Any], got: dict[str, Any], where: str) -> list[str]:
    found: list[str] = []
    for key in sorted(want.keys() - IGNORED):
        place = f"{where}.{key}" if where else key
        if want[key] != ANYTHING and key not in got:
            found.append(f"{place}: expected {json.dumps(want[key])}, not there")
        elif key in WHOLE and want[key] != got[key]:
            found.append(f"{place}: expected {json.dumps(want[key])}, got {json.dumps(got[key])}")
        elif want[key] != ANYTHING:
            found.extend(differences(want[key], got[key], place))
    if not where:
        unwelcome = ABSENT_MEANS_ABSENT.get(str(want.get("type")), set()) & (got.keys() - want.keys())
        found.extend(f"{key}: expected none, got {json.dumps(got[key])}" for key in sorted(unwelcome))
    return found


def in_short(line: dict[str, Any]) -> str:
    return json.dumps({k: v for k, v in line.items() if k not in IGNORED}, separators=(",", ":"))


def compare(name: str, want: list[dict[str, Any]], got: list[dict[str, Any]]) -> str:
    """A readable account of the first line that differs; "" if none does."""
    for number, (w, g) in enumerate(zip(want, got, strict=False), start=1):
        if found := differences(w, g):
            told = "\n    ".join(found)
            both = f"  expected {in_short(w)}\n  got      {in_short(g)}"
            return f"{name}, output line {number}:\n    {told}\n{both}"
    if len(want) > len(got):
        return f"{name}, output line {len(got) + 1}: missing\n  expected {in_short(want[len(got)])}"
    if len(got) > len(want):
        return f"{name}, output line {len(want) + 1}: one too many\n  got      {in_short(got[len(want)])}"
    return ""


def parse(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("expected", CASES, ids=name_of)
def test_case_prints_what_the_rules_say(expected: Path, run: Run) -> None:
    code, out, err = run(expected.with_suffix(".jsonl"))
    assert code == 0, f"{name_of(expected)}: exit {code}: {err}"
    told = compare(name_of(expected), parse(expected.read_text()), parse(out))
    if told:
        pytest.fail(told, pytrace=False)


@pytest.mark.parametrize("expected", CASES, ids=name_of)
def test_case_prints_the_same_bytes_twice(expected: Path, run: Run) -> None:
    path = expected.with_suffix(".jsonl")
    assert run(path) == run(path)


@pytest.mark.parametrize("error", BAD_FILES, ids=name_of)
def test_bad_file_is_refused_by_line(error: Path, run: Run) -> None:
    path = error.with_suffix(".jsonl")
    code, out, err = run(path)
    assert (code, out) == (2, "")
    assert err.startswith(f"{path}:{int(error.read_text())}: "), err


def test_every_input_has_its_expectation() -> None:
    inputs = {name_of(path) for path in HERE.glob("**/*.jsonl")}
    assert inputs == {name_of(path) for path in CASES + BAD_FILES}
    assert len(CASES) >= 60


@pytest.mark.parametrize("path", sorted(HERE.glob("**/*.jsonl")), ids=name_of)
def test_every_input_says_first_what_it_checks(path: Path) -> None:
    assert path.read_text().startswith("# ")


def test_the_command_says_the_same_as_the_function(run: Run) -> None:
    """One case and one bad file through the command itself."""
    for path in (CASES[0].with_suffix(".jsonl"), BAD_FILES[0].with_suffix(".jsonl")):
        assert run_command(path) == run(path)


def test_differences_are_seen() -> None:
    want = {"type": "order", "cum_qty": "40", "seq": 3}
    assert differences(want, {**want, "seq": 9, "latency_ns": 5}) == []
    assert differences(want, {"type": "order", "cum_qty": 40}) == ['cum_qty: expected "40", got 40']
    assert differences(want, {"type": "order"}) == ['cum_qty: expected "40", not there']
    assert differences(want, {**want, "price": "1"}) == ['price: expected none, got "1"']
    assert differences({**want, "price": ANYTHING}, want) == []
    assert differences({"orders": {"new": 1}}, {"orders": {"new": 1, "filled": 1}}) != []
    assert compare("x", [want], [want]) == ""
    assert "missing" in compare("x", [want], [])
    assert "one too many" in compare("x", [], [want])
