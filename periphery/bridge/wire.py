"""What is said over the bridge: one letter, then bytes; rows are the slots of a session's rings, as they are.

orders  client -> bridge    W                   where is the feed?
        (DEALER to ROUTER)  H msgpack           hello: version, token, name, cancel_on_disconnect, hears_all
                            R rows              requests, each with its source_seq
                            A msgpack           a question to the core: op, id, ...
                            P                   I am here
                            B                   the end
        bridge -> client    W text              the feed's address, as it was bound
                            H u64 msgpack       the core's answer to hello; the feed's sequence then
                            Q rows              the market as it stands
                            R u64 rows          requests taken so far; responses
                            A msgpack           an answer
                            P u64               I am here; requests taken so far
                            S u64 u16 rows      who hears all: requests taken, how many responses; then
                                                these, and the market's rows up to the last of them
                            B text              the end, and why
feed    bridge -> all       Q u64 rows          quotes; the first row's sequence: each has the next one
        (PUB to SUB)        P u64               nothing new; the last sequence
"""

from __future__ import annotations

import struct

HWM = 10_000
"""Messages that a socket holds for a peer that doesn't take them."""
BEAT_S = 0.2
SILENT_S = 5.0
_COUNT = struct.Struct("<Q")

WHERE, HELLO, REQUESTS, ASK, PING, BYE, QUOTES, TELL = b"W", b"H", b"R", b"A", b"P", b"B", b"Q", b"R"
HEARD = b"S"
_HEARD = struct.Struct("<QH")


def counted(kind: bytes, count: int, body: bytes = b"") -> bytes:
    """A message with a count."""
    return kind + _COUNT.pack(count) + body


def count_of(packet: bytes) -> tuple[int, bytes]:
    """(the count, what follows)."""
    return int(_COUNT.unpack_from(packet, 1)[0]), packet[1 + _COUNT.size :]


def heard(taken: int, responses: list[bytes], market: list[bytes]) -> bytes:
    """What a session that hears all is told at once."""
    return HEARD + _HEARD.pack(taken, len(responses)) + b"".join(responses) + b"".join(market)


def heard_of(packet: bytes, response_size: int) -> tuple[int, bytes, bytes]:
    """(requests taken, responses, rows of the market)."""
    taken, count = _HEARD.unpack_from(packet, 1)
    at = 1 + _HEARD.size
    return taken, packet[at : at + count * response_size], packet[at + count * response_size :]


def rows(data: bytes, size: int) -> list[bytes]:
    """Each row of `size` bytes. ValueError: a part of one is left over."""
    if len(data) % size:
        raise ValueError(f"{len(data)} bytes are no rows of {size}")
    return [data[at : at + size] for at in range(0, len(data), size)]
