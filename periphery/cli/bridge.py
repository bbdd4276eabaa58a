"""`nacre bridge`: a core's feed and order entry over ZeroMQ."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, say, write_json, write_mapping

_DIR = click.Path(file_okay=False, path_type=Path)
_WAIT = "For the next event: it yields its processor, or naps."
_RETAIN = "What is kept at hand; older events are read from the journal."
keys_option = click.option("--keys", type=_DIR, metavar="DIR", help="server.secret and clients.toml: CURVE.")
plain_option = click.option("--plain", is_flag=True, help="Without keys beyond this host too.")


@click.group()
def command() -> None:
    """Carry a core's events, feed and order entry over ZeroMQ, for who doesn't share its memory."""


@command.command(short_help="Run the bridge in the foreground.")
@click.option("--socket", type=click.Path(dir_okay=False), help="The core's socket, else $NACRE_SOCKET.")
@click.option(
    "--orders", default="tcp://127.0.0.1:7701", show_default=True, help="The address that takes orders."
)
@click.option(
    "--feed", default="tcp://127.0.0.1:7702", show_default=True, help="The address that publishes quotes."
)
@click.option(
    "--stream", metavar="ADDRESS", help="Publish the core's events there: `nacre bridge stream` beside it."
)
@click.option(
    "--journal", type=_DIR, metavar="DIR", help="With --stream: the core's.  [default: as the core says]"
)
@keys_option
@plain_option
@click.option(
    "--token-to", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Leave the core's token there, for clients that don't see the core's folder.",
)  # fmt: skip
def run(
    socket: str | None, orders: str, feed: str, stream: str | None, journal: Path | None, keys: Path | None,
    plain: bool, token_to: Path | None,
) -> None:  # fmt: skip
    """Run the bridge in the foreground until SIGTERM. It waits for the core, and for the next one when it
    goes.

    Clients: periphery.client.connect("tcp://HOST:7701", token=...). The token is the core's own; with --keys
    a client's key stands for it.
    """
    with _refusals():
        for address in (orders, feed, *([stream] if stream else ())):
            load("periphery.stream.keys", "check_plain")(address, keys, plain)
        ring = load("periphery.stream.keys", "Keyring")(keys, say) if keys else None
        path: Path = load("periphery.client.control", "socket_path")(socket)
        token = load("periphery.client.control", "token_file")(path)
        beside = None
        if stream:
            beside = load("periphery.bridge.beside", "Beside")(path, stream, journal, keys, plain, say)
        bridge = load("periphery.bridge.bridge", "Bridge")(path, token, orders, feed, token_to, ring, beside)
    if ring is not None:
        signal.signal(signal.SIGHUP, lambda _number, _frame: ring.forget())
    say(f"orders at {orders}, feed at {feed}, for the core at {path}{' with keys' if keys else ''}")
    bridge.run()


@command.command(short_help="Publish a core's events, in the foreground.")
@click.option(
    "--journal", required=True, type=_DIR, metavar="DIR", help="The core's journal; it may come later."
)
@click.option(
    "--at", "address", default="tcp://127.0.0.1:7703", show_default=True, help="The address to bind."
)
@keys_option
@plain_option
@click.option("--wait", type=click.Choice(["yield", "sleep"]), default="sleep", show_default=True, help=_WAIT)
@click.option("--retain-mb", type=click.IntRange(1), default=256, show_default=True, help=_RETAIN)
@click.option("--beside", type=int, default=0, hidden=True)
def stream(
    journal: Path, address: str, keys: Path | None, plain: bool, wait: str, retain_mb: int, beside: int
) -> None:
    """Publish a core's events until SIGTERM, quotes, depth, orders, fills and more, to who subscribes.

    It reads the journal, so the core doesn't notice it. SIGHUP, and a change, read the keys anew.
    """
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: stopped.append(number))
    if beside:
        load("periphery.bridge.beside", "end_with")(beside)
    with _refusals():
        check_plain = load("periphery.stream.keys", "check_plain")
        check_plain(address, keys, plain)
        ring = load("periphery.stream.keys", "Keyring")(keys, say) if keys else None
        made = load("periphery.stream.server", "Server")
        server = made(journal, address, ring, wait, retain_mb << 20, say)
    if ring is not None:
        signal.signal(signal.SIGHUP, lambda _number, _frame: ring.forget())
    say(f"events of {journal} at {server.address}{' with keys' if keys else ''}")
    try:
        server.run(lambda: bool(stopped))
    except Exception as error:
        say(f"{type(error).__name__}: {error}")
        sys.exit(EXIT_FAILED)


@command.command(short_help="Say how a publisher of a stream is.")
@click.argument("address")
@click.option("--key", default="", envvar="NACRE_KEY", metavar="FILE", help="This client's NAME.secret.")
@click.option(
    "--server-key", default="", envvar="NACRE_SERVER_KEY", metavar="FILE", help="Its server.public."
)
@output_option("table", "json")
def status(address: str, key: str, server_key: str, output: str) -> None:
    """Counts of the publisher at ADDRESS, and where its subscribers are; exit 1 where none answers."""
    with _refusals():
        found = load("periphery.stream.ask", "status")(address, key, server_key)
    if found is None:
        say(f"no publisher answers at {address}")
        sys.exit(EXIT_FAILED)
    if output == "json":
        write_json(found)
    else:
        write_mapping({**found, "subscribers": len(found["subscribers"])}, "stream")


@command.command("keys", short_help="Make a pair of keys.")
@click.argument("name")
@click.option("--folder", type=_DIR, default=Path("keys"), show_default=True, metavar="DIR")
def keys_(name: str, folder: Path) -> None:
    """Make the keys NAME: NAME.secret, which stays with whose it is, and NAME.public.

    A publisher's own are called `server`. A client's public key goes into the publisher's clients.toml,
    beside server.secret; the client needs its own secret key and server.public.
    """
    with _refusals():
        path, public = load("periphery.stream.keys", "make")(folder, name)
    say(f"{path} and {path.with_suffix('.public').name}")
    if name != "server":
        click.echo(f'[{name}]\nkey = "{public}"')


@command.command(short_help="Say whether a bridge answers.")
@click.option("--orders", default="tcp://127.0.0.1:7701", show_default=True, help="Where it takes orders.")
@click.option("--key", default="", envvar="NACRE_KEY", metavar="FILE", help="This client's NAME.secret.")
@click.option(
    "--server-key", default="", envvar="NACRE_SERVER_KEY", metavar="FILE", help="Its server.public."
)
def health(orders: str, key: str, server_key: str) -> None:
    """Say whether a bridge answers: exit 0, or 1."""
    import zmq

    from periphery.bridge.wire import SILENT_S, WHERE

    with _refusals():
        keys = load("periphery.stream.keys", "client_keys")(key, server_key)
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    socket.setsockopt(zmq.LINGER, 0)
    if keys is not None:
        keys.use(socket)
    socket.connect(orders)
    socket.send(WHERE)
    answers = bool(socket.poll(int(SILENT_S * 1000)))
    socket.close()
    say("well" if answers else f"no bridge answers at {orders} within {SILENT_S:g} s")
    sys.exit(EXIT_OK if answers else EXIT_FAILED)


@contextmanager
def _refusals() -> Iterator[None]:
    """What is wrong with addresses or keys, as a command says it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise BadInput(f"{error}: the bridge needs pyzmq: install nacre[periphery]") from error
    except ValueError as error:
        raise BadInput(str(error)) from error
