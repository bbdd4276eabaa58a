"""Every case of FIX's Appendix D by its number: shown by a file, or an alternative with its reason."""

import re
from pathlib import Path

HERE = Path(__file__).parent / "appendix_d"
CASES = {
    "A.1": "ab", "B.1": "abcdef", "C.1": "abc", "C.2": "a", "C.3": "abc", "D.1": "abc", "D.2": "abcd",
    "E.1": "abcdef", "F.1": "abc", "G.1": "abc", "H.1": "abcd", "I.1": "ab", "J.1": "abcd", "K.1": "ab",
    "L.1": "ab",
}  # fmt: skip
NUMBERS = [f"{group}.{letter}" for group, letters in CASES.items() for letter in letters]


def table() -> dict[str, tuple[str, str, str]]:
    """number -> (file, chosen or alternative, why)"""
    rows = re.findall(
        r"^\| ([A-L]\.\d\.[a-f]) \| (\S+) \| (\w+) \|(.*)\|$", (HERE / "README.md").read_text(), re.M
    )
    assert len({number for number, *_ in rows}) == len(rows)
    return {number: (file, chosen, why.strip()) for number, file, chosen, why in rows}


def test_every_number_is_there_in_its_order() -> None:
    assert list(table()) == NUMBERS


def test_each_is_shown_or_has_its_reason() -> None:
    for number, (file, chosen, why) in table().items():
        assert chosen in ("chosen", "alternative"), number
        assert chosen == "chosen" or len(why) > 20, number
        if file == "-":
            assert chosen == "alternative", number
            continue
        assert file == number.lower().replace(".", "_")
        assert f"Appendix D, {number}:" in (HERE / f"{file}.jsonl").read_text().splitlines()[0]
        assert (HERE / f"{file}.expected").exists(), number


def test_no_file_without_its_number() -> None:
    assert {path.stem for path in HERE.glob("*.jsonl")} == {file for file, *_ in table().values()} - {"-"}
