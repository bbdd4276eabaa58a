"""Who is signed in, for a backend of several processes: a session is a secret that Redis forgets in time.

Redis has a digest of the secret, not the secret: who reads Redis can't sign in with what is there.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
from typing import Any

from periphery.cache.address import Client, Names, encode, told


class Sessions:
    """Of one core's users. CacheDown from any of these."""

    def __init__(self, redis: Client, name: str = "core") -> None:
        self._redis = redis
        self._names = Names(name)

    def begin(self, user: str, values: dict[str, Any], for_s: float) -> str:
        """A new session's secret. values: what JSON can carry. for_s: how long it lives untouched."""
        secret = secrets.token_urlsafe(32)
        digest = _digest(secret)
        with told(), self._redis.pipeline(transaction=True) as pipe:
            told_values = encode({"user": user, "for_s": for_s, "values": values})
            pipe.set(self._names.session(digest), told_values, px=_ms(for_s))
            pipe.sadd(self._names.sessions_of(user), digest)
            pipe.expire(self._names.sessions_of(user), math.ceil(for_s), gt=True)
            pipe.expire(self._names.sessions_of(user), math.ceil(for_s), nx=True)
            pipe.execute()
        return secret

    def touch(self, secret: str) -> tuple[str, dict[str, Any]] | None:
        """The user and values of a session, which lives on for its time again; None: it has ended."""
        with told():
            raw = self._redis.get(self._names.session(_digest(secret)))
            if raw is None:
                return None
            found = json.loads(raw)
            with self._redis.pipeline(transaction=True) as pipe:
                pipe.pexpire(self._names.session(_digest(secret)), _ms(found["for_s"]))
                pipe.expire(self._names.sessions_of(found["user"]), math.ceil(found["for_s"]), gt=True)
                pipe.execute()
        return found["user"], found["values"]

    def end(self, secret: str) -> bool:
        """Whether there was such a session."""
        digest = _digest(secret)
        with told():
            raw = self._redis.getdel(self._names.session(digest))
            if raw is None:
                return False
            self._redis.srem(self._names.sessions_of(json.loads(raw)["user"]), digest)
        return True

    def end_all(self, user: str) -> int:
        """Ends every session of a user; how many there were."""
        with told():
            digests = self._redis.smembers(self._names.sessions_of(user))
            with self._redis.pipeline(transaction=True) as pipe:
                for digest in digests:
                    pipe.delete(self._names.session(str(digest)))
                pipe.delete(self._names.sessions_of(user))
                return int(sum(pipe.execute()[:-1]))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _ms(for_s: float) -> int:
    return max(1, round(for_s * 1000))
