"""Errors planted in the simulated venue, one at a time in a copy of the tree: the naive venue must catch
each.

`python -m tests.model.matching.mutants` (`make mutants`, some minutes) prints a line for each; exit 1 where
one survives.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from tests.model.planting import Mutation, compiled, report, run

LEVELS, BOOK, MATCHING = "core/venues/levels", "core/venues/book", "core/venues/matching"
AUCTION, PRO_RATA, QUEUE = "core/venues/auction", "core/venues/pro_rata", "core/venues/queue_model"
SIMULATED, REQUESTS = "core/venues/simulated", "core/venues/requests"
BOOKS = 90
WITHIN_S = 300.0

MUTATIONS = (
    Mutation(
        "the youngest of a price goes first",
        MATCHING,
        "self.meet(i, level.first,",
        "self.meet(i, level.last,",
    ),
    Mutation(
        "a taker pays its own price",
        MATCHING,
        "cdef int64_t px = resting.price",
        "cdef int64_t px = self.books.orders[i].price",
    ),
    Mutation(
        "a maker keeps what it sold",
        MATCHING,
        "            self.reports.fill(maker, qty, px, 1, now_ns)\n",
        "            pass\n",
    ),
    Mutation(
        "ours go before what is shown",
        MATCHING,
        "elif level.shown > 0 and book.known_by != BY_ORDERS:",
        "elif level.shown > 0 and level.open == 0 and book.known_by != BY_ORDERS:",
    ),
    Mutation(
        "a limit takes a tick beyond it",
        MATCHING,
        "if at == NONE or not within(order.side, order.price, self.books.levels[at].px):",
        "if at == NONE or not within(order.side, order.price + 1 - 2 * order.side, "
        "self.books.levels[at].px):",
    ),
    Mutation(
        "a fok counts one level",
        MATCHING,
        "            at = level.worse\n        return qty == 0",
        "            break\n        return qty == 0",
    ),
    Mutation(
        "a fok doesn't count ours",
        MATCHING,
        "qty -= least(qty, add_capped(level.shown, level.open))",
        "qty -= least(qty, level.shown)",
    ),
    Mutation(
        "what trades through us is behind the queue still",
        MATCHING,
        "            self.books.clear_ahead(at)\n",
        "",
    ),
    Mutation(
        "a trade at our price forgets what is ahead",
        MATCHING,
        "            step = least(self.books.ahead(i), qty)\n",
        "            step = 0\n",
    ),
    Mutation(
        "what is ahead is used up and costs nothing",
        MATCHING,
        "            level.used += step\n            qty -= step\n",
        "            level.used += step\n",
    ),
    Mutation(
        "the other side at our price fills us",
        MATCHING,
        "return better(side, self.books.levels[top].px, self.books.levels[at].px)",
        "return not better(1 - side, self.books.levels[top].px, self.books.levels[at].px) and "
        "not better(side, self.books.levels[at].px, self.books.levels[top].px)",
    ),
    Mutation(
        "the other side keeps what it gave us",
        MATCHING,
        "            self.books.take_shown(book, 1 - side, book.sides[1 - side].top, qty)\n",
        "",
    ),
    Mutation(
        "an executed order of the market keeps its size",
        MATCHING,
        "        if market != NONE:\n            self.books.fill(market, qty)\n",
        "",
    ),
    Mutation(
        "ours behind an executed order trade too",
        MATCHING,
        "self.books.first_markets(at) if market == NONE else market",
        "NONE",
    ),
    Mutation("a share isn't in whole lots", PRO_RATA, "return part - part % shares.lot", "return part"),
    Mutation(
        "what rounding leaves goes to nobody first",
        PRO_RATA,
        "cdef int64_t more = least(shares.rest, size - part)",
        "cdef int64_t more = least(shares.rest, 1)",
    ),
    Mutation(
        "what is shown gets no share",
        PRO_RATA,
        "out.total = add_capped(books.levels[at].shown, books.levels[at].open)",
        "out.total = books.levels[at].open + (books.levels[at].open == 0) * books.levels[at].shown",
    ),
    Mutation(
        "a smaller level leaves us where we were",
        BOOK,
        "self.orders[i].behind = level.used + least(ahead, qty)",
        "self.orders[i].behind = level.used + ahead",
    ),
    Mutation(
        "a new best price leaves what was before us",
        BOOK,
        "            self.clear_ahead(at)\n            at = self.levels[at].worse",
        "            at = self.levels[at].worse",
    ),
    Mutation(
        "an older best stays shown",
        BOOK,
        "if at != NONE and (qty <= 0 or self.levels[at].px != px):",
        "if at != NONE and qty <= 0:",
    ),
    Mutation(
        "depth leaves the quotes in the book",
        BOOK,
        "            while book.sides[side].top != NONE:\n",
        "            while 0:\n",
    ),
    Mutation("what we take of a level stays before us", BOOK, "        self.levels[at].used += qty\n", ""),
    Mutation(
        "an order that joins stands before what is shown",
        BOOK,
        "order.behind = level.used + level.shown",
        "order.behind = level.used",
    ),
    Mutation(
        "cancelled quantity counts as open",
        BOOK,
        "            level.open -= qty\n            self._close",
        "            self._close",
    ),
    Mutation(
        "a queue model takes trades for cancels",
        MATCHING,
        "        level.seen -= least(level.seen, qty)\n",
        "",
    ),
    Mutation(
        "power forgets its exponent",
        QUEUE,
        "        return ratio(power(behind, n), power(whole - behind, n))",
        "        return behind",
    ),
    Mutation(
        "power3 is power2",
        QUEUE,
        "        return whole - power(whole - behind, n)",
        "        return power(behind, n)",
    ),
    Mutation("a logarithm isn't in lots", QUEUE, "    front //= lot\n    back //= lot\n", ""),
    Mutation(
        "log2 is log", QUEUE, "log2_of(1 + back + front)", "(log2_of(1 + back) + log2_of(1 + front) + 1)"
    ),
    Mutation(
        "an auction gives the highest price",
        AUCTION,
        "px[0] = nearest(book.last_px, low, high, book.tick) if book.traded else low",
        "px[0] = high",
    ),
    Mutation(
        "an auction looks for volume one tick too low",
        AUCTION,
        "        if even + book.tick <= high and self._volume(book, BID, even + book.tick) > "
        "most:\n            most = self._volume(book, BID, even + book.tick)\n",
        "",
    ),
    Mutation(
        "imbalance is taken with its sign",
        AUCTION,
        "imbalance = least(imbalance, -self._willing(book, IMBALANCE, even + book.tick))",
        "imbalance = least(imbalance, self._willing(book, IMBALANCE, even + book.tick))",
    ),
    Mutation(
        "a market order outlives its auction",
        AUCTION,
        '                self.reports.finish(i, X_CANCELED, b"no_liquidity", now_ns)\n',
        "                break\n",
    ),
    Mutation(
        "a larger replace keeps its place",
        REQUESTS,
        "cdef bint keeps = price == order.price and send.qty <= order.qty",
        "cdef bint keeps = price == order.price",
    ),
    Mutation(
        "a smaller replace loses its place",
        REQUESTS,
        "cdef bint keeps = price == order.price and send.qty <= order.qty",
        "cdef bint keeps = 0",
    ),
    Mutation(
        "a post_only at the touch takes",
        MATCHING,
        "return at != NONE and within(side, price, self.books.levels[at].px)",
        "return at != NONE and within(side, price, self.books.levels[at].px) and price != "
        "self.books.levels[at].px",
    ),
    Mutation(
        "gtc ends at the close",
        SIMULATED,
        "            if for_the_day(order) and (symbol == NONE",
        "            if (symbol == NONE",
    ),
    Mutation(
        "a bigger step down the tree",
        LEVELS,
        "        at = tree[at].left if better(side, px, tree[at].px) else tree[at].right",
        "        at = tree[at].right if better(side, px, tree[at].px) else tree[at].left",
    ),
    Mutation(
        "a neighbour is forgotten",
        LEVELS,
        "            before[0] = at\n            left[0] = at",
        "            left[0] = at",
    ),
)


def caught(copy: Path, mutation: Mutation, books: int) -> str:
    """What the naive venue says against that error; "" if nothing."""
    words = ("-m", "tests.model.matching.sequences", f"--count={books}")
    with compiled(copy, mutation):
        try:
            done = run(copy, *words, within_s=WITHIN_S)
        except subprocess.TimeoutExpired:
            return "never ends"
    if done.returncode == 0:
        return ""
    return next(reversed((done.stdout + done.stderr).strip().splitlines()), f"ended by {done.returncode}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--books", type=int, default=BOOKS, help="random books that each may survive")
    parser.add_argument("--only", default="", metavar="WORDS", help="those whose description has these words")
    asked = parser.parse_args()
    mutations = [mutation for mutation in MUTATIONS if asked.only in mutation.what]
    report(mutations, lambda copy, mutation: caught(copy, mutation, asked.books))


if __name__ == "__main__":
    main()
