"""Mutations of the position keeper, each compiled in a copy of the tree and given to the model: all must be
caught.

`python -m tests.model.mutants` (`make mutants`, some minutes) prints a line for each; exit 1 where one
survives.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.model.planting import Mutation, compiled, run, tree

LEDGER, ENGINE = "core/positions/ledger", "core/positions/engine"
WITHIN_S = 600.0

MUTATIONS = (
    Mutation(
        "a flip opens all of the fill",
        LEDGER,
        "value_of(contract, size - closes, px)",
        "value_of(contract, size, px)",
    ),
    Mutation(
        "an inverse gains as a linear",
        LEDGER,
        "if (open_qty > 0) != (contract.inverse != 0):",
        "if open_qty > 0:",
    ),
    Mutation(
        "released cost is cut, not rounded",
        LEDGER,
        "mul_div_half_even(position.cost, closes, held, &released)",
        "released = position.cost * <i128>closes / <i128>held",
    ),
    Mutation(
        "a close leaves its cost",
        LEDGER,
        "            position.realized += released - proceeds\n        position.cost -= released",
        "            position.realized += released - proceeds",
    ),
    Mutation(
        "a short that is opened costs nothing",
        LEDGER,
        "    if size > closes:\n",
        "    if size > closes and qty > 0:\n",
    ),
    Mutation(
        "a fee forgets the multiplier",
        LEDGER,
        "mul_scale_half_even(<i128>qty * <i128>px * <i128>contract.multiplier, rate",
        "mul_scale_half_even(<i128>qty * <i128>px, rate",
    ),
    Mutation(
        "a fee of an inverse is rounded two digits later",
        LEDGER,
        "digits = precision + contract.price_precision",
        "precision += 2\n        digits = precision + contract.price_precision",
    ),
    Mutation("long receives funding", LEDGER, "_pay(position, -amount)", "_pay(position, amount)"),
    Mutation(
        "what is paid adds no currency to the cash",
        LEDGER,
        "    if amount != 0:\n        position.moved = 1\n",
        "",
    ),
    Mutation(
        "a dividend forgets the multiplier",
        LEDGER,
        "i128_mul_overflow(<i128>position.qty, <i128>contract.multiplier, &units)",
        "i128_mul_overflow(<i128>position.qty, <i128>1, &units)",
    ),
    Mutation(
        "a split rounds to the lot above",
        LEDGER,
        "whole / lot * <i128>contract.lot",
        "(whole + lot - <i128>1) / lot * <i128>contract.lot",
    ),
    Mutation(
        "a part of a lot closes at its cost",
        LEDGER,
        "if done.has_mark and _value_at(contract, part",
        "if 0 and _value_at(contract, part",
    ),
    Mutation(
        "a part of a lot leaves its cost",
        LEDGER,
        "        return 1\n    position.cost -= released\n    position.moved",
        "        return 1\n    position.moved",
    ),
    Mutation(
        "a part of a lot of a short gains as a long",
        LEDGER,
        "cdef bint gains = (position.qty > 0) != (contract.inverse != 0)",
        "cdef bint gains = 1",
    ),
    Mutation(
        "a settlement adds",
        LEDGER,
        "book(position, contract, -position.qty, done.a)",
        "book(position, contract, position.qty, done.a)",
    ),
    Mutation("funding at twice the mark", LEDGER, "<i128>2 * <i128>den", "<i128>1 * <i128>den"),
    Mutation(
        "a bust keeps its fee",
        ENGINE,
        "                fill.qty = 0\n                fill.fee = 0",
        "                fill.qty = 0",
    ),
    Mutation("what was realised counts twice after a bust", ENGINE, "        position.realized = 0\n", ""),
    Mutation("what was paid counts twice after a bust", ENGINE, "        position.paid = 0\n", ""),
    Mutation(
        "adjustments are played before all fills",
        ENGINE,
        "until = self.fills[i].seq if i != NONE else <uint64_t>-1",
        "until = <uint64_t>-1",
    ),
    Mutation(
        "taker for maker",
        ENGINE,
        "fees.maker if report.maker else fees.taker",
        "fees.taker if report.maker else fees.maker",
    ),
    Mutation(
        "our fee where the venue told its own",
        ENGINE,
        "fill.own_fee = (report.flags & P_HAS_FEE) != 0",
        "fill.own_fee = 0",
    ),
    Mutation(
        "only one position of an instrument is told",
        ENGINE,
        "        self._tell_next(page, self.positions[page.request.adjusted.position].next)\n",
        "",
    ),
    Mutation(
        "our last fill as mark is half of it",
        ENGINE,
        "2 * contract.last_fill_px\n        else:\n            has_mark",
        "contract.last_fill_px\n        else:\n            has_mark",
    ),
    Mutation(
        "a correction is booked last, not in its place",
        ENGINE,
        "                self._enter(page, fill, contract)\n            else:",
        "                self._enter(page, fill, contract)\n"
        "                fill.seq = page.header.seq\n            else:",
    ),
    Mutation(
        "risk isn't told what a split made of a bust",
        ENGINE,
        "        event.delta = delta\n        event.book_qty",
        "        event.delta = 0\n        event.book_qty",
    ),
)


def is_caught(copy: Path, mutation: Mutation, sequences: int) -> bool:
    """Whether the model or a case sees it."""
    with compiled(copy, mutation):
        return any(fails(copy, *command) for command in commands(sequences))


def fails(copy: Path, *arguments: str) -> bool:
    return run(copy, *arguments, within_s=WITHIN_S).returncode != 0


def commands(sequences: int) -> Iterator[tuple[str, ...]]:
    """The checks, the quickest first."""
    yield "-m", "tests.model.sequences", "--count", str(sequences)
    yield (
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "tests/scenarios/test_scenarios.py",
        "-k",
        "money",
    )


def survivors(sequences: int, words: str = "") -> list[str]:
    """The mutations that nothing caught, of those whose description has `words`."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        copy = tree(Path(folder))
        unchanged = [command for command in commands(sequences) if fails(copy, *command)]
        if unchanged:
            raise SystemExit(f"without a mutation this fails already: {unchanged}")
        for mutation in MUTATIONS:
            if words not in mutation.what:
                continue
            caught = is_caught(copy, mutation, sequences)
            print(f"{'caught' if caught else 'SURVIVED'}: {mutation.what}", flush=True)
            found += [] if caught else [mutation.what]
    return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sequences", type=int, default=90)
    parser.add_argument("--only", default="", metavar="WORDS", help="those whose description has these words")
    asked = parser.parse_args()
    found = survivors(asked.sequences, asked.only)
    print(f"{len(found)} of {len(MUTATIONS)} survived")
    raise SystemExit(1 if found else 0)


if __name__ == "__main__":
    main()
