"""Random days through the core and the model, line by line; what they covered.

`python -m tests.model.orders.sequences` (`make orders`, some minutes) plays ten thousand; exit 1 where they
differ, or where a pair of ord_status and exec_type that Appendix D shows was met too rarely.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from core.scenario import run_text
from tests.model.orders.random_day import RandomDay
from tests.scenarios.test_scenarios import compare, parse

EVENTS = 60
LEAST = 100  # times that each pair must be met in the long run
APPENDIX = Path(__file__).parents[2] / "scenarios" / "appendix_d"
Pair = tuple[str, str]


def pairs_of(lines: list[dict[str, Any]]) -> Counter[Pair]:
    """How often an order's line had each (ord_status, exec_type)."""
    return Counter((line["ord_status"], line["exec_type"]) for line in lines if line["type"] == "order")


def appendix_pairs() -> set[Pair]:
    """Those that the cases of Appendix D show."""
    return {pair for path in APPENDIX.glob("*.expected") for pair in pairs_of(parse(path.read_text()))}


def difference(seed: int, folder: Path, seen: Counter[Pair]) -> str:
    """A readable account of the first line in which core and model differ, with the file; "" if none does."""
    day = RandomDay(seed)
    text = day.make(EVENTS)
    want = day.play.end()
    seen += pairs_of(want)
    path = folder / "day.jsonl"
    path.write_text(text)
    code, out, err = run_text(path)
    told = err if code else compare(f"seed {seed}", want, parse(out))
    return f"{told}\n{text}" if told else ""


def check(first: int, count: int) -> Counter[Pair]:
    """Plays `count` days from seed `first` on. AssertionError: the first difference."""
    seen: Counter[Pair] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, first + count):
            told = difference(seed, Path(folder), seen)
            assert not told, told
    return seen


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--least", type=int, default=LEAST)
    asked = parser.parse_args()
    seen = check(asked.first, asked.count)
    rare = {" ".join(pair): seen[pair] for pair in sorted(appendix_pairs()) if seen[pair] < asked.least}
    all_pairs = {" ".join(pair): count for pair, count in sorted(seen.items())}
    print(json.dumps({"sequences": asked.count, "events": EVENTS, "seen": all_pairs, "rare": rare}, indent=2))
    raise SystemExit(1 if rare else 0)


if __name__ == "__main__":
    main()
