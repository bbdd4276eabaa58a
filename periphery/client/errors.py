"""What can go wrong between a client and the core; each message says what to do."""

from __future__ import annotations


class ClientError(Exception):
    """The base of every error that this library raises of its own."""


class NoCore(ClientError):
    """Nobody listens at the address: no core was started there, or it has ended."""


class WrongToken(ClientError):
    """The core doesn't know the token, or none was found."""


class VersionMismatch(ClientError):
    """The core speaks another version of the session's protocol."""


class HangUp(ClientError):
    """The core hung up: what it had not answered by then is unknown, not failed."""


class Busy(ClientError):
    """The request ring is full: nothing was sent, nothing is queued. Try again later, or send less."""


class Refused(ClientError):
    """The core refused a request on its socket; the message is the core's own."""


class BadRequest(ClientError, ValueError):
    """What was asked for can't be said to the core: an unknown name, too many digits, a price too much."""


class NoAnswer(ClientError):
    """The core is there, but said nothing in time."""
