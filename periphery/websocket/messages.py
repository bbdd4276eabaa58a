"""The messages, both ways: one JSON object each; docs/websocket.md draws them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from periphery.view.topics import Topic

CUT = {
    "auth": 4001,
    "expired": 4002,
    "too_slow": 4008,
    "too_many_messages": 4029,
}
"""Why a client is cut, and the close code that it is told with."""
_WORDS_MAX = 120  # bytes of a close frame's reason


class Auth(msgspec.Struct, tag_field="op", tag="auth", forbid_unknown_fields=True):
    token: str
    id: int | str | None = None


class Subscribe(msgspec.Struct, tag_field="op", tag="subscribe", forbid_unknown_fields=True):
    """after: by topic, the last n that the client has; stream: of which stream."""

    topics: list[str]
    after: dict[str, int] = {}
    stream: str = ""
    id: int | str | None = None


class Unsubscribe(msgspec.Struct, tag_field="op", tag="unsubscribe", forbid_unknown_fields=True):
    topics: list[str]
    id: int | str | None = None


class ListTopics(msgspec.Struct, tag_field="op", tag="list", forbid_unknown_fields=True):
    id: int | str | None = None


class Ping(msgspec.Struct, tag_field="op", tag="ping", forbid_unknown_fields=True):
    id: int | str | None = None


type Asked = Auth | Subscribe | Unsubscribe | ListTopics | Ping
_decoder: msgspec.json.Decoder[Asked] = msgspec.json.Decoder(Asked)
encode = msgspec.json.encode


def asked(raw: str | bytes) -> Asked:
    """ValueError: it is no such message; the message says what is wrong, and where."""
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}; op is auth, subscribe, unsubscribe, list or ping") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"no JSON object: {error}") from error


def told(type_: str, id_: int | str | None = None, **values: Any) -> bytes:
    """A message; without `id` where the client gave none."""
    return encode({"type": type_, **({} if id_ is None else {"id": id_}), **values})


def error(code: str, words: str, id_: int | str | None = None, **values: Any) -> bytes:
    return told("error", id_, code=code, message=words, **values)


def change(n: int, key: str, seq: int, time_ns: int, values: dict[str, Any], gone: bool) -> bytes:
    """One change of a topic. Times are text: a browser's numbers would not hold them."""
    found: dict[str, Any] = {"n": n, "key": key, "seq": seq, "time_ns": str(time_ns), "values": values}
    return encode(found | {"gone": True} if gone else found)


def part(topic: Topic, n: int, conflated: int, changes: Iterable[bytes]) -> bytes:
    """The changes of one topic, through its n-th."""
    head = encode({"topic": str(topic), "n": n, "conflated": conflated})
    return head[:-1] + b',"changes":[' + b",".join(changes) + b"]}"


def deltas(parts: Sequence[bytes]) -> bytes:
    return b'{"type":"deltas","topics":[' + b",".join(parts) + b"]}"


def snapshot(
    topic: Topic,
    n: int,
    seq: int,
    rows: Sequence[tuple[str, Any, tuple[int, int] | None]],
    first: bool,
    more: bool,
) -> bytes:
    """Some of what is true, each row with its last event; more: the rest comes with the next message."""
    found = {"topic": str(topic), "n": n, "seq": seq, "first": first, "more": more}
    return told("snapshot", None, **found, rows=[_row(*row) for row in rows])


def _row(key: str, values: Any, when: tuple[int, int] | None) -> dict[str, Any]:
    row = {"key": key, "values": values}
    return row if when is None else row | {"seq": when[0], "time_ns": str(when[1])}


def reason(words: str) -> str:
    """As a close frame can carry it."""
    return words.encode()[:_WORDS_MAX].decode(errors="ignore")
