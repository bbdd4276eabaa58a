"""Publisher and followers over a group in memory: what is heard is what was recorded, or the gap is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.data.reader import EVENT
from periphery.market_data.multicast import publisher as publishing, wire
from periphery.market_data.multicast.publisher import Offer, Publisher
from tests.support_market_data import books
from tests.support_multicast import SYMBOLS, Group, Heard, flat, images, made, play, publisher, read

ROWS = 4000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return made(tmp_path / "made.csv", ROWS)


def beat(published: Publisher) -> None:
    """Without an image of a book."""
    published._image_due_s, due_s = 1e9, published._image_due_s
    published.turn(published._beat_due_s)
    published._image_due_s = due_s


def test_who_hears_all_of_it_has_the_rows_as_they_were_recorded(path: Path) -> None:
    heard, group = Heard(), Group()
    group.heard.append(heard)
    published = publisher(group)
    reader = play(published, path, images_every=5)
    _, batches = read(path)
    assert heard.flat == flat(batches, reader.streams.all)
    assert heard.counts["at_row"] == published.at == ROWS == heard.rows.rows
    assert heard.books == books(reader)
    assert heard.counts["images"] == heard.rows.checksums_ok > 3
    assert (heard.rows.gaps, heard.rows.checksums_bad, heard.counts["missing_rows"]) == (0, 0, 0)
    assert heard.follower.why == ""
    assert heard.follower.lost == []
    assert max(map(len, group.sent)) <= 1376 - 16, "a message and its seal are one datagram"


def test_each_gap_is_named_and_empties_the_books_until_their_images(path: Path) -> None:
    heard = Heard()
    published = publisher(Group(heard))
    play(published, path)
    assert heard.follower.lost == []
    heard.deaf = True
    reader = play(published, path)
    heard.deaf = False
    beat(published)
    assert heard.counts["missing_rows"] == ROWS
    assert heard.rows.gaps == len(SYMBOLS)
    assert heard.rows.gap_places[0]["reason"] == f"rows {ROWS + 1:,} to {2 * ROWS:,} of session 1 are missing"
    assert ("a gap", {"first": ROWS + 1, "last": 2 * ROWS, "session": 1}) in heard.said
    assert heard.books == {symbol: [[], []] for symbol in SYMBOLS}
    assert heard.follower.lost == list(SYMBOLS)
    images(published)
    assert heard.follower.lost == []
    assert sum(stream.recoveries for stream in heard.rows.streams.all) == len(SYMBOLS)
    assert heard.books == books(reader)


def test_over_a_line_that_loses_and_doubles_all_rows_are_counted_and_books_come_again(path: Path) -> None:
    heard = Heard()
    published = publisher(Group(heard))
    heard.loss, heard.doubling = 0.2, 0.2
    play(published, path, images_every=3)
    heard.loss = 0
    images(published)
    counts = heard.counts
    assert counts["at_row"] == ROWS
    assert counts["missing_rows"] > 0
    assert counts["doubled_messages"] > 0
    trades_and_quotes = sum(s.quotes + s.trades for s in heard.rows.streams.all)
    assert heard.rows.rows + counts["missing_rows"] + counts["unnamed_rows"] == ROWS
    assert 0 < trades_and_quotes < ROWS
    assert heard.books == books(read(path)[0])
    assert heard.rows.checksums_bad == 0, "no book was ever wrong while it counted as whole"


def test_who_comes_late_says_so_and_has_the_books_by_their_images(path: Path) -> None:
    group = Group()
    published = publisher(group)
    reader = play(published, path)
    late = Heard()
    group.heard.append(late)
    beat(published)
    assert late.follower.lost == list(SYMBOLS)
    assert (late.counts["late_rows"], late.counts["missing_rows"]) == (ROWS, 0)
    images(published)
    assert late.follower.lost == []
    assert late.books == books(reader)
    before = len(late.flat)
    play(published, path)
    _, batches = read(path)
    assert late.flat[before:] == flat(batches, reader.streams.all)


def test_a_publisher_that_begins_again_is_a_session_of_its_own(path: Path) -> None:
    heard = Heard()
    group = Group(heard)
    old = publisher(group, 5)
    play(old, path)
    new = publisher(group, 6)
    assert heard.books == {symbol: [[], []] for symbol in SYMBOLS}
    assert heard.follower.lost == [], "they are known to be empty"
    old.turn(0)
    assert heard.counts["stray_messages"] > 0
    reader = play(new, path)
    assert heard.books == books(reader)
    assert (heard.counts["sessions"], heard.counts["missing_rows"]) == (2, 0)
    new.close()
    assert (heard.follower.over, heard.follower.why) == (True, "the publisher ended")
    assert heard.books == {symbol: [[], []] for symbol in SYMBOLS}
    publisher(group, 2)  # its clock stands wrong
    assert heard.follower.session == 2


def test_who_hears_nobody_for_a_while_goes_on_from_where_it_was(path: Path) -> None:
    heard = Heard()
    group = Group(heard)
    published = publisher(group)
    play(published, path)
    heard.follower.forget()
    assert heard.books == {symbol: [[], []] for symbol in SYMBOLS}
    assert heard.follower.why == "no publisher is heard"
    heard.deaf = True
    reader = play(published, path)
    heard.deaf = False
    beat(published)
    counts = heard.counts
    assert (counts["sessions"], counts["late_rows"], counts["missing_rows"]) == (1, 0, ROWS)
    assert heard.follower.lost == list(SYMBOLS)
    images(published)
    assert heard.books == books(reader)


def test_only_what_is_wanted_is_taken(path: Path) -> None:
    heard, tape = Heard(("B",)), Heard(SYMBOLS, ("trades",))
    reader = play(publisher(Group(heard, tape)), path)
    assert heard.books == {"B": books(reader)["B"]}
    assert {row[0] for row in heard.flat} == {"B"}
    assert {stream.quotes + stream.deltas for stream in tape.rows.streams.all} == {0}
    assert sum(s.trades for s in tape.rows.streams.all) == sum(s.trades for s in reader.streams.all)
    assert tape.follower.lost == []


def test_another_venues_market_data_is_nobodys(path: Path) -> None:
    heard = Heard()
    other = publishing.Publisher(Group(heard), "XNYS", lambda *_what, **_more: None, 9)
    play(other, path)
    assert heard.rows.rows == 0
    assert heard.follower.why == "it is XNYS's market data, not XTST's"


def test_a_line_without_room_keeps_so_much_and_the_rest_is_a_gap(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "WAITING_MAX", 20)
    heard = Heard()
    group = Group(heard)
    published = publisher(group)
    group.offer_is = Offer.FULL
    play(published, path)
    assert published.waiting == 20
    assert published.dropped_rows > 0
    group.offer_is = Offer.TAKEN
    assert published.flush()
    published.turn(0)
    counts = heard.counts
    assert counts["missing_rows"] == published.dropped_rows
    assert counts["at_row"] == ROWS


def test_rows_that_nobody_listened_to_are_a_gap_to_who_does(path: Path) -> None:
    heard = Heard()
    group = Group(heard)
    published = publisher(group)
    group.offer_is = Offer.UNHEARD
    play(published, path)
    assert (published.unheard_rows, published.waiting) == (ROWS, 0)
    group.offer_is = Offer.TAKEN
    published.turn(0)
    assert heard.counts["missing_rows"] == ROWS


def test_an_image_that_another_book_has_told_of_is_a_gap(path: Path) -> None:
    heard = Heard()
    group = Group(heard)
    published = publisher(group)
    play(published, path)
    wrong = heard.rows.streams.named("A").book
    wrong.put("bid", "1.5", "77")
    images(published)
    assert (heard.rows.checksums_bad, heard.rows.gaps) == (1, 1)
    assert heard.books == books(read(path)[0])


def test_a_part_of_an_image_that_is_lost_leaves_the_book_to_the_next_one(path: Path) -> None:
    heard = Heard()
    group = Group()
    published = publisher(group)
    reader = play(published, path)
    images(published)
    parts = [
        m for m in group.sent if isinstance(wire.read(m).words, wire.Image) and wire.read(m).through == ROWS
    ]
    assert len(parts) > len(SYMBOLS), "books of several parts"
    heard.take(wire.beat_message(1, ROWS, wire.Beat("XTST")))
    for n, part in enumerate(parts):
        if n != 1:
            heard.take(part)
    assert heard.counts["broken_images"] > 0
    lost = heard.follower.lost
    assert len(lost) == 1
    for part in parts:
        heard.take(part)
    assert heard.books == books(reader)


def test_why_the_publisher_is_not_whole_is_told(path: Path) -> None:
    heard = Heard()
    published = publisher(Group(heard))
    published.why = "KRAKEN: silent for 15 s"
    published.turn(0)
    assert heard.follower.why == "the publisher: KRAKEN: silent for 15 s"


def test_a_message_that_is_not_as_it_was_sent_is_refused(path: Path) -> None:
    heard = Heard()
    group = Group()
    play(publisher(group), path)
    beat, good = group.sent[0], group.sent[-1]
    heard.take(beat)
    rng = heard.rng
    for _ in range(300):
        damaged = bytearray(good)
        damaged[rng.randrange(len(good))] ^= 1 << rng.randrange(8)
        heard.take(bytes(damaged))
        heard.take(good[: rng.randrange(len(good))])
    assert heard.counts["refused_messages"] == 600
    assert heard.rows.rows == 0


def test_rows_that_can_be_none_are_refused_whole(path: Path) -> None:
    heard = Heard()
    group = Group()
    published = publisher(group)
    play(published, path)
    heard.take(wire.beat_message(1, 0, wire.Beat("XTST")))
    _, batches = read(path)
    for column, value in (("kind", 12), ("px_digits", 19), ("qty", -1), ("side", 2)):
        rows = batches[0][:3].copy()
        rows["kind"], rows["side"] = 11, 0
        rows[column][2] = value
        heard.take(wire.rows_message(1, 0, rows))
    assert heard.counts["refused_messages"] == 4
    assert (heard.rows.rows, heard.counts["at_row"]) == (0, 0)


def test_rows_that_nobody_would_take_are_not_sent(path: Path) -> None:
    heard = Heard()
    published = publisher(Group(heard))
    reader = play(published, path)
    _, batches = read(path)
    rows = batches[0][:3].copy()
    rows["qty"][1] = -1
    published.take(reader.streams.all, rows)
    published.take(reader.streams.all, batches[0][:3])
    counts = heard.counts
    assert (published.dropped_rows, published.at) == (3, ROWS + 3)
    assert (counts["refused_messages"], counts["missing_rows"], counts["at_row"]) == (0, 0, ROWS + 3)


def test_a_symbol_that_comes_later_is_named_before_its_first_row(path: Path, tmp_path: Path) -> None:
    heard = Heard((*SYMBOLS, "LATE"))
    published = publisher(Group(heard))
    play(published, path)
    text = made(tmp_path / "late.csv", 50, 2).read_text()
    later = play(published, made_of(tmp_path / "later.csv", text.replace(",A,", ",LATE,")))
    assert heard.counts["unnamed_rows"] == 0
    assert heard.books["LATE"] == books(later)["LATE"]
    assert heard.follower.lost == []


def made_of(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_symbol_whose_name_was_lost_makes_no_book_wrong(path: Path) -> None:
    heard = Heard()
    group = Group()
    published = publisher(group)
    reader = play(published, path)
    for message in group.sent:
        words = wire.read(message).words
        if not isinstance(words, wire.Image) or words.name != "B":
            heard.take(message)
    assert heard.counts["unnamed_rows"] > 0
    assert "B" in heard.follower.lost
    group.heard.append(heard)
    images(published)
    assert heard.books == books(reader)


def test_the_layout_of_rows_is_that_of_version_1() -> None:
    assert wire.VERSION == 1
    fields = EVENT.fields
    assert fields is not None
    assert {name: (str(kind[0]), kind[1]) for name, kind in fields.items()} == {
        "recv_ts_ns": ("int64", 0), "exchange_ts_ns": ("int64", 8), "row": ("int64", 16), "px": ("int64", 24),
        "qty": ("int64", 32), "ask_px": ("int64", 40), "ask_qty": ("int64", 48), "symbol": ("uint32", 56),
        "kind": ("uint8", 60), "side": ("uint8", 61), "px_digits": ("uint8", 62), "qty_digits": ("uint8", 63),
        "flags": ("uint8", 64),
    }  # fmt: skip
    assert EVENT.itemsize == 72
