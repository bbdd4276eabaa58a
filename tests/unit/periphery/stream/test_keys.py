"""Keys: who comes in, what each may have, and that both change while the publisher runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq

from core import messages as m
from core.build import SCHEMA_VERSION, build_id
from core_ext.journal import JournalReader, JournalWriter
from periphery.stream import keys
from periphery.stream.ask import status
from periphery.stream.keys import (
    BadKeys,
    ClientKeys,
    Keyring,
    check_plain,
    client_keys,
    is_near,
    make,
    read_key,
)
from periphery.stream.subscriber import Refused, Subscriber
from periphery.stream.topics import DECLARATIONS, NAMES, rows_of
from periphery.stream.wire import Hello
from tests.support import declared, order, quote
from tests.unit.periphery.stream.turning import events, received, streaming, until


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A1 buys, A2 sells."""
    path = tmp_path_factory.mktemp("two") / "journal"
    with JournalWriter(path, schema_version=SCHEMA_VERSION, build_id=build_id()) as writer:
        run = declared(journal=writer)
        run.feed({"type": "account", "account": "A2", "currency": "USD", "cash": "777"})
        for account, check in (("A1", "max_order_qty"), ("A2", "max_order_qty")):
            run.feed({"type": "limit", "check": check, "account": account, "value": "1000"})
        run.feed(quote("XNAS", "99.99", "100.01", "1000", at=1))
        run.feed(order("one", "buy", "10"), {**order("two", "sell", "20"), "account": "A2"})
    return path


def last(journal: Path) -> int:
    return max(seq for seq, _ in JournalReader(journal))


class Folder:
    """A publisher's folder of keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        make(path, "server")
        self.sections: dict[str, str] = {}
        self.write()

    def add(self, name: str, **rights: str) -> None:
        if not (self.path / f"{name}.public").exists():
            make(self.path, name)
        key = (self.path / f"{name}.public").read_text().strip()
        lines = [f"[{name}]", f'key = "{key}"', *(f"{what} = {value}" for what, value in rights.items())]
        self.sections[name] = "\n".join(lines)
        self.write()

    def write(self) -> None:
        draft = self.path / "clients.new"
        draft.write_text("\n\n".join(self.sections.values()))
        draft.replace(self.path / "clients.toml")

    def of(self, name: str) -> ClientKeys:
        return ClientKeys.read(self.path / f"{name}.secret", self.path / "server.public")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "keys")


@pytest.fixture
def ring(folder: Folder) -> Iterator[Keyring]:
    found = Keyring(folder.path, lambda _: None)
    yield found
    found.close()


def subscribe(stream: Any, folder: Folder, name: str, *topics: str) -> Subscriber:
    return Subscriber(stream.address, Hello(topics), folder.of(name))


# ---- files -------------------------------------------------------------------------------------------


def test_a_secret_key_is_its_owners_alone(tmp_path: Path) -> None:
    path, public = make(tmp_path / "keys", "desk")
    assert path.stat().st_mode & 0o777 == 0o600
    assert zmq.curve_public(read_key(path, secret=True)).decode() == public
    assert read_key(path.with_suffix(".public")).decode() == public
    with pytest.raises(BadKeys, match="is there already"):
        make(tmp_path / "keys", "desk")
    path.chmod(0o640)
    with pytest.raises(BadKeys, match="others may read"):
        read_key(path, secret=True)


def test_no_key_is_shown(folder: Folder) -> None:
    make(folder.path, "desk")
    secret = read_key(folder.path / "desk.secret", secret=True).decode()
    assert secret not in repr(folder.of("desk"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[a]\nkey = 'x'", "isn't one of 40"),
        (f"[a]\nkey = '{'x' * 40}'\nrigths = 1", "rigths"),
        (f"[a]\nkey = '{'x' * 40}'\n[b]\nkey = '{'x' * 40}'", "a has that key"),
        ("[a", "clients.toml"),
        (f"[a]\nkey = '{'x' * 40}'\norders = 'yes'", "orders"),
    ],
)
def test_a_bad_file_is_named(folder: Folder, text: str, words: str) -> None:
    (folder.path / "clients.toml").write_text(text)
    with pytest.raises(BadKeys, match=words):
        Keyring(folder.path)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadKeys, match=r"server\.secret"):
        Keyring(tmp_path)
    with pytest.raises(BadKeys, match="both, or neither"):
        client_keys("a.secret", "")


@pytest.mark.parametrize(
    "address", ["tcp://127.0.0.1:7703", "tcp://localhost:1", "ipc:///tmp/x", "tcp://[::1]:7703"]
)
def test_plain_on_this_host(address: str) -> None:
    assert is_near(address)
    check_plain(address, None, False)


@pytest.mark.parametrize(
    "address", ["tcp://*:7703", "tcp://0.0.0.0:1", "tcp://192.168.1.4:7703", "tcp://eth0:7703"]
)
def test_beyond_this_host_there_are_keys(address: str) -> None:
    assert not is_near(address)
    with pytest.raises(ValueError, match="--keys"):
        check_plain(address, None, False)
    check_plain(address, object(), False)
    check_plain(address, None, True)


# ---- who comes in ------------------------------------------------------------------------------------


def test_a_known_key_comes_in_and_others_are_told_why(journal: Path, folder: Folder, ring: Keyring) -> None:
    folder.add("desk")
    make(folder.path, "stranger")
    with streaming(journal, ring) as stream:
        until(lambda: ring.rights((folder.path / "desk.public").read_text().strip()), "it is known")
        desk = subscribe(stream, folder, "desk")
        assert len(events(received(desk, last(journal)))) == last(journal)
        with pytest.raises(Refused, match="key isn't known"):
            received(subscribe(stream, folder, "stranger"), 1)
        with pytest.raises(Refused, match="it wants keys"):
            received(Subscriber(stream.address, Hello()), 1)
        told = status(stream.address, str(folder.path / "desk.secret"), str(folder.path / "server.public"))
        desk.close()
    assert told is not None
    assert [each["client"] for each in told["subscribers"]] == ["desk"]


def test_keys_where_there_are_none(journal: Path, folder: Folder) -> None:
    folder.add("desk")
    with (
        streaming(journal) as stream,
        pytest.raises(Refused, match="another key than server_key says, or none"),
    ):
        received(subscribe(stream, folder, "desk"), 1)


def test_a_publisher_with_another_key(journal: Path, folder: Folder, ring: Keyring) -> None:
    folder.add("desk")
    make(folder.path, "other")
    wrong = ClientKeys(folder.of("desk").secret, read_key(folder.path / "other.public"))
    with streaming(journal, ring) as stream:
        subscriber = Subscriber(stream.address, Hello(), wrong)
        until(lambda: subscriber.next(0.01) or "another key" in subscriber.why, "it says why")
        subscriber.close()


# ---- rights ------------------------------------------------------------------------------------------


def test_topics_by_key(journal: Path, folder: Folder, ring: Keyring) -> None:
    folder.add("market", topics='["quotes", "trades"]')
    with streaming(journal, ring) as stream:
        until(lambda: ring.name((folder.path / "market.public").read_text().strip()), "it is known")
        with pytest.raises(Refused, match="topic fills: this key may have quotes, trades"):
            received(subscribe(stream, folder, "market", "fills", "quotes"), 1)
        every = subscribe(stream, folder, "market")
        found = events(received(every, last(journal)))
        every.close()
    assert {NAMES[topic] for topic, _ in found.values()} == {"quotes"}


@pytest.mark.parametrize("retain_bytes", [1 << 28, 1])
def test_accounts_by_key(journal: Path, folder: Folder, ring: Keyring, retain_bytes: int) -> None:
    """Also of what comes out of the journal."""
    folder.add("second", accounts='["A2"]', topics='["orders", "fills", "declarations"]')
    folder.add("all")
    with streaming(journal, ring, retain_bytes, most=4) as stream:
        until(lambda: len(ring._clients) == 2, "they are known")
        until(lambda: stream.server.log.newest == last(journal), "it has read the journal")
        found = events(received(second := subscribe(stream, folder, "second"), last(journal)))
        whole = events(received(every := subscribe(stream, folder, "all"), last(journal)))
        second.close()
        every.close()
        folder.add("second", accounts='["A2"]')
        key = (folder.path / "second.public").read_text().strip()
        until(lambda: (held := ring.rights(key)) and held.topics == ("*",), "it is read")
        with pytest.raises(Refused, match="it tells of all"):
            received(subscribe(stream, folder, "second", "audit"), 1)
    for name, mine in (("orders", {1}), ("fills", {1})):
        accounts = _accounts(found, name)
        assert accounts == mine
        assert _accounts(whole, name) >= {0, 1}
    assert _cash(found) == {0: 0, 1: 777 * 10**12}
    assert _cash(whole) == {0: 10**18, 1: 777 * 10**12}
    limits = [row for topic, row in found.values() if topic == DECLARATIONS and row[40] == m.Kind.LIMIT]
    assert [rows_of(DECLARATIONS, row)["request"][0].tobytes()[0] for row in limits][-1:] == [1]


def _accounts(found: dict[int, tuple[int, bytes]], name: str) -> set[int]:
    pages = [np.frombuffer(row, m.PAGE)[0] for topic, row in found.values() if NAMES[topic] == name]
    told = {
        int(page["outcome"]["account"]) for page in pages if page["outcome"]["seq"] == page["header"]["seq"]
    }
    return told - {m.NONE}


def _cash(found: dict[int, tuple[int, bytes]]) -> dict[int, int]:
    rows = [row[64:] for topic, row in found.values() if topic == DECLARATIONS and row[40] == m.Kind.ACCOUNT]
    accounts = [np.frombuffer(row, m.ACCOUNT_EVENT, 1)[0] for row in rows]
    return {int(each["account"]): int(each["cash_lo"]) for each in accounts}


# ---- rotation ----------------------------------------------------------------------------------------


def test_keys_and_rights_change_while_it_runs(journal: Path, folder: Folder, ring: Keyring) -> None:
    folder.add("old")
    with streaming(journal, ring) as stream:
        until(lambda: len(ring._clients) == 1, "it is known")
        old = subscribe(stream, folder, "old")
        received(old, last(journal))
        folder.add("old", topics='["quotes"]')
        folder.add("new")
        key = (folder.path / "old.public").read_text().strip()
        until(lambda: (held := ring.rights(key)) and held.topics == ("quotes",), "it is read")
        again = subscribe(stream, folder, "old", "fills")
        with pytest.raises(Refused, match="topic fills"):
            until(lambda: again.next(0.05), "it is refused")
        until(lambda: old.next(0.05) is None and old.is_welcome, "it comes again, with what it may have")
        new = subscribe(stream, folder, "new")
        assert len(events(received(new, last(journal)))) == last(journal)
        del folder.sections["old"]
        folder.write()
        with pytest.raises(Refused, match=r"taken back|isn't known"):
            until(lambda: old.next(0.05), "it is cut")
        assert new.next(0.3) is None
        assert new.is_welcome
        new.close()


def test_a_bad_change_leaves_what_was_there(journal: Path, folder: Folder) -> None:
    said: list[str] = []
    folder.add("desk")
    ring = Keyring(folder.path, said.append)
    with streaming(journal, ring) as stream:
        desk = subscribe(stream, folder, "desk")
        received(desk, last(journal))
        (folder.path / "clients.toml").write_text("[desk")
        until(lambda: said, "it is said")
        desk.close()
        again = subscribe(stream, folder, "desk")
        received(again, last(journal))
        again.close()
    ring.close()
    assert "what was read before holds" in said[0]


def test_the_publishers_own_key_changes(journal: Path, folder: Folder, ring: Keyring) -> None:
    """Who is connected stays; who comes next must know the new one."""
    folder.add("desk")
    with streaming(journal, ring) as stream:
        until(lambda: len(ring._clients) == 1, "it is known")
        before = subscribe(stream, folder, "desk")
        received(before, last(journal))
        late = subscribe(stream, folder, "desk")
        os.rename(folder.path / "server.public", folder.path / "gone.public")
        os.rename(folder.path / "server.secret", folder.path / "gone.secret")
        make(folder.path, "server")
        new = read_key(folder.path / "server.secret", secret=True)
        until(lambda: stream.server.publisher._secret == new, "it is taken")
        received(after := subscribe(stream, folder, "desk"), last(journal))
        assert before.next(0.5) is None
        assert before.is_welcome
        until(lambda: late.next(0.01) or late.why or late.is_welcome, "it says something")
        for each in (before, late, after):
            each.close()


def test_it_reads_them_again_when_told_to(folder: Folder) -> None:
    said: list[str] = []
    ring = Keyring(folder.path, said.append)
    assert not ring.refresh()
    ring.forget()
    assert [ring.refresh() for _ in range(3)] == [True, False, False]
    assert said == [f"{folder.path}: 0 keys"]
    ring.close()
    assert keys.SERVER == "server"
