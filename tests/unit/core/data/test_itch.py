"""ITCH: both framings, the book against a plain model, damage found and passed over."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

type Told = Callable[..., dict[str, Any]]

NS = 34_200_000_000_000


def head(kind: str, locate: int, ns: int) -> bytes:
    return kind.encode() + locate.to_bytes(2, "big") + bytes(2) + ns.to_bytes(6, "big")


def directory(locate: int, stock: str) -> bytes:
    return (
        head("R", locate, NS)
        + stock.ljust(8).encode()
        + b"N "
        + (100).to_bytes(4, "big")
        + b"NCZ PN 1N"
        + bytes(5)
    )


def add(locate: int, ns: int, ref: int, side: str, qty: int, px: int, stock: str = "ABC") -> bytes:
    body = ref.to_bytes(8, "big") + side.encode() + qty.to_bytes(4, "big") + stock.ljust(8).encode()
    return head("A", locate, ns) + body + px.to_bytes(4, "big")


def executed(locate: int, ns: int, ref: int, qty: int) -> bytes:
    return head("E", locate, ns) + ref.to_bytes(8, "big") + qty.to_bytes(4, "big") + (1).to_bytes(8, "big")


def priced(locate: int, ns: int, ref: int, qty: int, printable: str, px: int) -> bytes:
    return (
        head("C", locate, ns)
        + executed(locate, ns, ref, qty)[11:]
        + printable.encode()
        + px.to_bytes(4, "big")
    )


def cancel(locate: int, ns: int, ref: int, qty: int) -> bytes:
    return head("X", locate, ns) + ref.to_bytes(8, "big") + qty.to_bytes(4, "big")


def delete(locate: int, ns: int, ref: int) -> bytes:
    return head("D", locate, ns) + ref.to_bytes(8, "big")


def replace(locate: int, ns: int, ref: int, new: int, qty: int, px: int) -> bytes:
    body = ref.to_bytes(8, "big") + new.to_bytes(8, "big") + qty.to_bytes(4, "big")
    return head("U", locate, ns) + body + px.to_bytes(4, "big")


def framed(messages: list[bytes], prefixed: bool) -> bytes:
    return b"".join((len(message) if prefixed else 0).to_bytes(2, "big") + message for message in messages)


BEGIN = [head("S", 0, NS) + b"O", directory(1, "ABC")]


@pytest.mark.parametrize("prefixed", [True, False])
def test_orders_make_a_book(told: Told, prefixed: bool) -> None:
    messages = [
        *BEGIN,
        add(1, NS + 1, 1, "B", 100, 1_000_000),
        add(1, NS + 2, 2, "B", 50, 1_000_000),
        add(1, NS + 3, 3, "S", 70, 1_000_100),
        executed(1, NS + 4, 1, 40),
        cancel(1, NS + 5, 2, 20),
        replace(1, NS + 6, 3, 4, 60, 1_000_200),
        priced(1, NS + 7, 4, 10, "Y", 1_000_150),
        priced(1, NS + 8, 4, 10, "N", 1_000_150),
        delete(1, NS + 9, 2),
        delete(1, NS + 10, 77),
    ]
    (file,) = told({"x": framed(messages, prefixed)})["files"]
    assert file["format"] == ("itch50_prefixed" if prefixed else "itch50_zero")
    assert (file["rows"], file["errors"], file["first"], file["clock"]) == (12, 0, NS, "midnight")
    assert file["orders"] == {"unknown_ids": 1, "duplicate_ids": 0, "mismatched": 0, "resting": 2}
    found = file["symbols"]["ABC"]
    assert found["book"] == {"bid_px": "100.0000", "bid_qty": "60", "ask_px": "100.0200", "ask_qty": "40"}
    assert (found["trades"], found["volume"]) == (2, "50")


@pytest.mark.parametrize("name", ["S20200302-v50.itch", "03022020.NASDAQ_ITCH50"])
def test_the_day_is_in_the_name(told: Told, name: str) -> None:
    (file,) = told({name: framed([*BEGIN, delete(1, NS, 1)], True)})["files"]
    assert file["first_time"] == "2020-03-02T14:30:00.000000000Z"


@pytest.mark.parametrize("seed", range(4))
def test_a_random_stream_against_a_model(told: Told, seed: int) -> None:
    rng = random.Random(seed)
    live: dict[int, list[int]] = {}
    messages = [*BEGIN]
    crossed = 0
    for n in range(1, 600):
        if not live or rng.random() < 0.5:
            live[n] = [rng.choice((0, 1)), rng.randrange(1, 500), rng.randrange(9_990, 10_010)]
            messages.append(add(1, NS + n, n, "BS"[live[n][0]], live[n][1], live[n][2]))
        else:
            ref = rng.choice(list(live))
            side, qty, _ = live[ref]
            part = rng.randrange(1, qty + 1)
            kind = rng.randrange(4)
            if kind == 3:
                live[100_000 + n] = [side, part, rng.randrange(9_990, 10_010)]
                messages.append(replace(1, NS + n, ref, 100_000 + n, part, live[100_000 + n][2]))
                del live[ref]
            else:
                messages.append(
                    [executed(1, NS + n, ref, part), cancel(1, NS + n, ref, part), delete(1, NS + n, ref)][
                        kind
                    ]
                )
                live[ref][1] -= qty if kind == 2 else part
                if not live[ref][1]:
                    del live[ref]
        bids, asks = ([px for side, _, px in live.values() if side == which] for which in (0, 1))
        crossed += bool(bids and asks and min(asks) < max(bids))
    (file,) = told({"x": framed(messages, True)})["files"]
    found = file["symbols"]["ABC"]
    assert (file["crossed"], file["orders"]["resting"]) == (crossed, len(live))
    assert found["bids"] == len({px for side, _, px in live.values() if side == 0})
    best = max(px for side, _, px in live.values() if side == 0)
    total = sum(qty for side, qty, px in live.values() if (side, px) == (0, best))
    assert (found["book"]["bid_px"], found["book"]["bid_qty"]) == (f"{best / 10_000:.4f}", str(total))


@pytest.mark.parametrize("prefixed", [True, False])
def test_damage_is_located_and_what_follows_is_read(told: Told, prefixed: bool) -> None:
    messages = [*BEGIN, *(add(1, NS + n, n, "B", 100, 10_000) for n in range(1, 21))]
    data = bytearray(framed(messages, prefixed))
    at = len(framed(messages[:10], prefixed))
    data[at : at + 3] = b"\xff\xff\xff"
    report = told({"x": bytes(data)})
    (file,) = report["files"]
    assert (report["rows"], report["errors"], report["ok"]) == (22, 1, False)
    assert (file["places"][0]["offset"], file["places"][0]["row"]) == (at, 11)
    assert (file["orders"]["resting"], file["skipped_bytes"]) == (19, 38)


def test_a_cut_recording(told: Told) -> None:
    data = framed([*BEGIN, add(1, NS, 1, "B", 100, 10_000), add(1, NS, 2, "B", 100, 10_000)], True)
    report = told({"x": data[:-5]})
    assert (report["rows"], report["errors"]) == (4, 1)
    assert "ends inside" in report["files"][0]["places"][0]["reason"]


@pytest.mark.parametrize(
    "message",
    [
        add(1, NS, 1, "Z", 100, 10_000),
        add(1, NS, 1, "B", 0, 10_000),
        add(1, NS, 1, "B", 100, 0),
        add(1, 86_400_000_000_000, 1, "B", 100, 10_000),
        executed(1, NS, 9, 0),
        cancel(1, NS, 9, 0),
        replace(1, NS, 9, 10, 0, 1),
        priced(1, NS, 9, 1, "?", 1),
    ],
)
def test_a_message_that_makes_no_sense_is_an_error(told: Told, message: bytes) -> None:
    report = told({"x": framed([*BEGIN, message, add(1, NS, 5, "B", 1, 1)], True)})
    assert (report["rows"], report["errors"]) == (4, 1)
    assert report["files"][0]["orders"]["resting"] == 1


def test_more_taken_than_there_is_and_an_id_twice_are_counted(told: Told) -> None:
    messages = [*BEGIN, add(1, NS, 1, "B", 10, 5), add(1, NS, 1, "B", 10, 5), executed(1, NS, 1, 11)]
    (file,) = told({"x": framed(messages, True)})["files"]
    assert (file["orders"]["mismatched"], file["orders"]["duplicate_ids"], file["orders"]["resting"]) == (
        1,
        1,
        0,
    )
