"""Random books through the simulated venue and the naive one.

`python -m tests.model.matching.sequences --count 10000` (`make matching`) plays so many, prints what they
covered, and stops at the first difference; `make test` plays 500 (test_matching.py).
"""

from __future__ import annotations

import argparse
from collections import Counter

from tests.model.matching.books import KNOWN_BY, QUEUES, Book

COVERED = (
    *KNOWN_BY,
    *QUEUES,
    "price_time",
    "pro_rata",
    "taker",
    "maker",
    "new",
    "trade",
    "canceled",
    "rejected",
    "replaced",
    "expired",
)


def play(first: int, count: int) -> Counter[str]:
    """What the books of so many seeds covered; Difference at the first where the two don't agree."""
    covered: Counter[str] = Counter()
    for seed in range(first, first + count):
        book = Book(seed)
        book.play()
        covered.update(book.covered)
    return covered


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    asked = parser.parse_args()
    covered = play(asked.first, asked.count)
    print(f"{asked.count} books agree: " + ", ".join(f"{word} {covered[word]}" for word in COVERED))
    missing = [word for word in COVERED if not covered[word]]
    raise SystemExit(f"never covered: {missing}" if missing else 0)


if __name__ == "__main__":
    main()
