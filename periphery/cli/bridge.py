"""`nacre bridge`: a core's feed and order entry over ZeroMQ."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, say


@click.group()
def command() -> None:
    """Carry a core's feed and order entry over ZeroMQ, for clients that don't share its memory."""


@command.command(short_help="Run the bridge in the foreground.")
@click.option("--socket", type=click.Path(dir_okay=False), help="The core's socket, else $NACRE_SOCKET.")
@click.option("--orders", default="tcp://*:7701", show_default=True, help="The address that takes orders.")
@click.option("--feed", default="tcp://*:7702", show_default=True, help="The address that publishes quotes.")
@click.option(
    "--token-to", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Leave the core's token there, for clients that don't see the core's folder.",
)  # fmt: skip
def run(socket: str | None, orders: str, feed: str, token_to: Path | None) -> None:
    """Run the bridge in the foreground until SIGTERM. It waits for the core, and for the next one when it
    goes.

    Clients: periphery.client.connect("tcp://HOST:7701", token=...). The token is the core's own.
    """
    try:
        from periphery.bridge.bridge import Bridge
    except ModuleNotFoundError as error:
        raise BadInput(f"{error}: the bridge needs pyzmq: install nacre[periphery]") from error
    from periphery.client.control import socket_path, token_file

    path: Path = socket_path(socket)
    try:
        bridge = Bridge(path, token_file(path), orders, feed, token_to)
    except ValueError as error:
        raise BadInput(str(error)) from error
    say(f"orders at {orders}, feed at {feed}, for the core at {path}")
    bridge.run()


@command.command(short_help="Say whether a bridge answers.")
@click.option("--orders", default="tcp://127.0.0.1:7701", show_default=True, help="Where it takes orders.")
def health(orders: str) -> None:
    """Say whether a bridge answers: exit 0, or 1."""
    import zmq

    from periphery.bridge.wire import SILENT_S, WHERE

    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    socket.connect(orders)
    socket.send(WHERE)
    answers = bool(socket.poll(int(SILENT_S * 1000)))
    socket.close()
    say("well" if answers else f"no bridge answers at {orders} within {SILENT_S:g} s")
    sys.exit(EXIT_OK if answers else EXIT_FAILED)
