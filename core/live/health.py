"""Whether a core, or one engine of it, does its work: what a container's health check asks."""

from __future__ import annotations

from pathlib import Path

from core.live.ask import NoCore, ask

SILENT_NS = 5_000_000_000
WAIT_MS = 5000


def core_ill(socket: Path, engine: str | None = None) -> str:
    """What is wrong with the core there, or with one of its stages; "": nothing is."""
    try:
        told = ask(socket, "status")
    except (NoCore, RuntimeError) as error:
        return str(error)
    rows = [row for row in told["workers"] if engine is None or engine in row["stages"]]
    if not rows:
        return f"the core at {socket} has no stage {engine}"
    away = [row["name"] for row in rows if not row["going"] or row["silent_ns"] > SILENT_NS]
    return f"not at work: {', '.join(away)}" if away else ""


def remote_ill(address: str) -> str:
    """What is wrong with the remote engine that listens there; "": nothing is."""
    import zmq

    from core.remote.link import Link
    from core.remote.wire import What, message, what_of

    link = Link(address)
    try:
        link.socket.setsockopt(zmq.SNDTIMEO, WAIT_MS)
        link.socket.send(message(What.PING))
        if link.socket.poll(WAIT_MS) and what_of(link.socket.recv()) in (What.PING, What.UNKNOWN):
            return ""
    except zmq.ZMQError as error:
        return f"{address}: {error}"
    finally:
        link.close()
    return f"{address} doesn't answer within {WAIT_MS} ms"
