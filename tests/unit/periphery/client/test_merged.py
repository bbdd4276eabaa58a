"""Answers and rows come in the order of the spine, whatever comes to be seen first."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random

from periphery.client.merged import Merged, event_of


@dataclass(frozen=True)
class Seen:
    kind: str
    event: int


def merge(answers: deque[Seen], rows: deque[Seen]) -> Merged[Seen, Seen]:
    """Of what has come by now."""
    return Merged(
        lambda: answers.popleft() if answers else None,
        lambda: rows.popleft() if rows else None,
        event_of,
        event_of,
    )


def test_the_order_of_the_spine_however_they_are_published() -> None:
    for seed in range(200):
        random = Random(seed)
        spine = [
            Seen(kind, event)
            for event in range(1, 60)
            for kind in ("row", "answer", "answer")
            if random.random() < 0.4
        ]
        answers: deque[Seen] = deque()
        rows: deque[Seen] = deque()
        merged = merge(answers, rows)
        told = []
        left = deque(spine)
        while left or answers or rows:
            for _ in range(random.randrange(4)):
                if left:
                    one = left.popleft()
                    (rows if one.kind == "row" else answers).append(one)
            for _ in range(random.randrange(3)):
                told.append(merged.next())
        told += [merged.next(), merged.next()]
        found = [each for each in told if each is not None]
        assert [each.event for each in found] == [each.event for each in spine], seed
        assert found == spine, seed


def test_an_answer_that_comes_between_two_looks_is_not_passed_by() -> None:
    published: dict[str, deque[Seen]] = {"row": deque(), "answer": deque()}

    def rows() -> Seen | None:
        if published["row"]:
            return published["row"].popleft()
        published["answer"].append(Seen("answer", 5))  # the core goes on between the looks
        return Seen("row", 6)

    merged = Merged(
        lambda: published["answer"].popleft() if published["answer"] else None, rows, event_of, event_of
    )
    assert merged.next() == Seen("answer", 5)
    assert merged.next() == Seen("row", 6)


def test_a_row_that_is_shown_again_comes_once() -> None:
    rows = deque([Seen("row", 1), Seen("row", 2), Seen("row", 1), Seen("row", 2), Seen("row", 3)])
    merged = merge(deque(), rows)
    assert [merged.next() for _ in range(4)] == [Seen("row", 1), Seen("row", 2), Seen("row", 3), None]
