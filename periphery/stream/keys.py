"""Who may subscribe and trade: CURVE keys in files, and what each key may do.

A publisher's folder has `server.secret` and `clients.toml`, a section a client:

    [desk]
    key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"    # its public key
    topics = ["quotes", "fills"]                        # left out: all
    accounts = ["A1"]                                   # left out: all
    orders = true                                       # may have sessions that trade; left out: may not
    desk = true                                         # may ask the core for anything, such as to stop

A client has `NAME.secret` and the publisher's `server.public`. Both files of a publisher may be changed while
it runs. A key is never an argument, and in no log.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import zmq
from zmq.auth.thread import ThreadAuthenticator

SERVER = "server"
DOMAIN = "nacre"
KEY_CHARS = 40


class BadKeys(ValueError):
    """A file of keys that isn't there or is no good; the message names it."""


class Rights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a key may do. topics: "*" is all. accounts: names, None for all."""

    key: str
    topics: tuple[str, ...] = ("*",)
    accounts: tuple[str, ...] | None = None
    orders: bool = False
    desk: bool = False

    def may_hear(self, topic: str) -> bool:
        return "*" in self.topics or topic in self.topics


def make(folder: Path, name: str) -> tuple[Path, str]:
    """A new pair of keys as NAME.secret and NAME.public; the secret's path and the public key. BadKeys: they
    are there already.
    """
    public, secret = zmq.curve_keypair()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.secret"
    try:
        for file, key, mode in ((path, secret, 0o600), (path.with_suffix(".public"), public, 0o644)):
            with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
                out.write(key + b"\n")
    except FileExistsError as error:
        raise BadKeys(f"{error.filename}: is there already: give another name, or move it away") from None
    return path, public.decode()


def read_key(path: Path, secret: bool = False) -> bytes:
    """A key of a file. BadKeys: it isn't there, is none, or a secret that others may read."""
    try:
        if secret and path.stat().st_mode & 0o077:
            raise BadKeys(f"{path}: others may read this secret key: chmod 600 it")
        key = path.read_bytes().strip()
    except OSError as error:
        raise BadKeys(f"{path}: {error.strerror}: make one with `nacre bridge keys`") from None
    if len(key) != KEY_CHARS:
        raise BadKeys(f"{path}: is no key of {KEY_CHARS} characters: make one with `nacre bridge keys`")
    return key


@dataclass(frozen=True, slots=True, repr=False)
class ClientKeys:
    """A client's own keys, and its publisher's public one."""

    secret: bytes
    server: bytes

    @classmethod
    def read(cls, key: str | os.PathLike[str], server_key: str | os.PathLike[str]) -> ClientKeys:
        """From files: NAME.secret, and the publisher's server.public. BadKeys."""
        return cls(read_key(Path(key), secret=True), read_key(Path(server_key)))

    def use(self, socket: zmq.Socket[bytes]) -> None:
        """Before it connects."""
        socket.setsockopt(zmq.CURVE_SERVERKEY, self.server)
        socket.setsockopt(zmq.CURVE_PUBLICKEY, zmq.curve_public(self.secret))
        socket.setsockopt(zmq.CURVE_SECRETKEY, self.secret)


def client_keys(key: str, server_key: str) -> ClientKeys | None:
    """Those of a client's settings; None where it has none. BadKeys: one is missing."""
    if not key and not server_key:
        return None
    if not key or not server_key:
        raise BadKeys("key and server_key: give both, or neither")
    return ClientKeys.read(key, server_key)


class Keyring:
    """A publisher's folder of keys, read again when its files change. BadKeys."""

    def __init__(self, folder: str | os.PathLike[str], say: Callable[[str], object] = print) -> None:
        self.folder = Path(folder)
        self._say = say
        self._secret = b""
        self._clients: dict[str, tuple[str, Rights]] = {}
        self._seen: tuple[object, ...] = ()
        self._looked: tuple[object, ...] = ()
        self._load(self._stamp())
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        """Of the sockets that are protected: a context has one authenticator."""
        self._door = ThreadAuthenticator(self.context)
        self._door.start()
        self._door.configure_curve_callback(DOMAIN, credentials_provider=self)

    def protect(self, socket: zmq.Socket[bytes]) -> None:
        """Before it is bound: nobody comes in without a key that is known here."""
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        socket.setsockopt(zmq.CURVE_SECRETKEY, self._secret)
        socket.setsockopt(zmq.ZAP_DOMAIN, DOMAIN.encode())

    def renew(self, socket: zmq.Socket[bytes], address: str) -> bool:
        """Binds it with the key that there is now: who is connected stays, who comes must know the new one.
        False: its address isn't free yet, try again.
        """
        with suppress(zmq.ZMQError):
            socket.unbind(address)
        self.protect(socket)
        try:
            socket.bind(address)
        except zmq.ZMQError:
            return False
        return True

    def callback(self, _domain: str, key: bytes) -> bool:
        """Whether a client may come in: asked by the authenticator's thread."""
        return key.decode("ascii", "replace") in self._clients

    def who(self, frame: zmq.Frame) -> str:
        """The key of who sent it."""
        found = frame.get("User-Id")
        assert isinstance(found, str)
        return found

    def name(self, key: str) -> str:
        """Whose key it is; "" where it is nobody's any more."""
        return self._clients[key][0] if key in self._clients else ""

    def rights(self, key: str) -> Rights | None:
        """What a key may do; None: it was taken back."""
        found = self._clients.get(key)
        return found[1] if found else None

    def refresh(self) -> bool:
        """Reads what has changed, once it was the same at two looks: somebody may be writing it.
        Whether anything was read. A file that is no good is told, and what was read before holds.
        """
        before, self._looked = self._looked, self._stamp()
        stamp = self._looked
        if stamp == self._seen or stamp != before:
            return False
        try:
            self._load(stamp)
        except BadKeys as error:
            self._seen = stamp
            self._say(f"{error}: what was read before holds")
            return False
        self._say(f"{self.folder}: {len(self._clients)} keys")
        return True

    def forget(self) -> None:
        """Reads its files again when it next looks, changed or not; safe in a signal's handler."""
        self._seen = ()

    @property
    def secret(self) -> bytes:
        """The publisher's own."""
        return self._secret

    def close(self) -> None:
        """Ends the authenticator, once its sockets are closed."""
        self._door.stop()
        self.context.term()

    def _stamp(self) -> tuple[object, ...]:
        return tuple(_stamp(self.folder / name) for name in (f"{SERVER}.secret", "clients.toml"))

    def _load(self, stamp: tuple[object, ...]) -> None:
        secret = read_key(self.folder / f"{SERVER}.secret", secret=True)
        self._clients = _read_clients(self.folder / "clients.toml")
        self._secret = secret
        self._seen = stamp


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0, 0
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read_clients(path: Path) -> dict[str, tuple[str, Rights]]:
    """By key: the client's name, and its rights."""
    try:
        whole = msgspec.convert(tomllib.loads(path.read_text()), dict[str, Rights])
    except OSError as error:
        raise BadKeys(f"{path}: {error.strerror}: it says which keys may come in") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise BadKeys(f"{path}: {error}") from None
    found: dict[str, tuple[str, Rights]] = {}
    for name, rights in whole.items():
        if len(rights.key) != KEY_CHARS:
            raise BadKeys(f"{path}: [{name}]: its key isn't one of {KEY_CHARS} characters")
        if rights.key in found:
            raise BadKeys(f"{path}: [{name}]: {found[rights.key][0]} has that key")
        found[rights.key] = name, rights
    return found


def is_near(address: str) -> bool:
    """Whether nobody beyond this host comes there."""
    host = address.removeprefix("tcp://").rpartition(":")[0].strip("[]")
    return not address.startswith("tcp://") or host in ("localhost", "::1") or host.startswith("127.")


def check_plain(address: str, keys: object, plain: bool) -> None:
    """ValueError: it leaves this host, and is to be without keys."""
    if keys is None and not plain and not is_near(address):
        raise ValueError(
            f"{address}: without keys, anybody who reaches this host would come in: give --keys DIR, an"
            " address of this host alone (tcp://127.0.0.1:PORT, ipc://FILE), or --plain where the network is"
            " yours alone"
        )
