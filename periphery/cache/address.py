"""A Redis by its address, its errors as ours, and the names of what is kept there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    ConnectionError as RedisConnectionError,
    ExecAbortError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError as RedisTimeoutError,
    WatchError,
)
from redis.retry import Retry

FORMS = "redis://HOST:PORT/0, rediss:// with TLS, or unix:///PATH"
ANSWER_S = 5.0
_DOWN = (
    RedisConnectionError, RedisTimeoutError, ExecAbortError, OutOfMemoryError, ReadOnlyError, WatchError
)  # fmt: skip
_DOWN_WORDS = ("MISCONF", "OOM", "LOADING", "READONLY")
type Client = redis.Redis


class CacheError(Exception):
    """Redis can't be used as it is: the message says why, and what to do."""


class CacheDown(CacheError):
    """Redis doesn't answer, or has no room: what was to be written was not; try again later."""


def open_redis(address: str) -> Client:
    """CacheError: it is no address. Nothing is asked yet. No command is tried twice: it may be done."""
    try:
        made: Client = redis.Redis.from_url(
            address,
            decode_responses=True,
            socket_timeout=ANSWER_S,
            socket_connect_timeout=ANSWER_S,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError as error:
        raise CacheError(f"redis {address!r}: {error}: give {FORMS}") from error
    return made


@contextmanager
def told() -> Iterator[None]:
    """Redis' errors, as ours."""
    try:
        yield
    except _DOWN as error:
        raise CacheDown(f"Redis: {error}") from error
    except RedisError as error:
        kind = CacheDown if str(error).startswith(_DOWN_WORDS) else CacheError
        raise kind(f"Redis: {error}") from error


class Names:
    """Keys of one core. What stands in braces keeps them together on a cluster."""

    def __init__(self, core: str) -> None:
        self.start = f"nacre:{{{core}}}:"
        self.mark = f"{self.start}mark"

    def state(self, kind: str) -> str:
        return f"{self.start}{kind}"

    def stream(self, kind: str) -> str:
        return f"{self.start}stream:{kind}"

    def session(self, digest: str) -> str:
        return f"{self.start}session:{digest}"

    def sessions_of(self, user: str) -> str:
        return f"{self.start}sessions:{user}"

    def bucket(self, what: str) -> str:
        return f"{self.start}bucket:{what}"


def encode(values: dict[str, Any]) -> str:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)
