"""A journal into Redis: state and streams are those of an undisturbed run, whatever happens to Redis."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner

from core.cli import root
from periphery.cache import cache as module
from periphery.cache.address import CacheDown, CacheError, Client, Names, open_redis
from periphery.cache.buckets import Buckets
from periphery.cache.cache import Cache, Elsewhere, progress
from periphery.cache.reader import Reader
from periphery.cache.sessions import Sessions
from periphery.service.probes import Health
from periphery.service.source import Gone, JournalSource
from periphery.service.streamed import open_whole
from tests.support import declared
from tests.support_redis import Redis, redis_server
from tests.unit.periphery.recorder.day import live, traded, writer
from tests.unit.periphery.stream.turning import streaming
from tests.unit.periphery.view.test_view import Followed, day

EVENTS = 150


@pytest.fixture(scope="module")
def shared() -> Iterator[Redis]:
    with redis_server() as running:
        yield running


@pytest.fixture
def server(shared: Redis) -> Redis:
    """An empty one."""
    shared.client().flushall()
    return shared


@pytest.fixture
def kept() -> Iterator[Redis]:
    with redis_server(keeps=True) as running:
        yield running


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    day(tmp_path / "journal", 5, EVENTS)
    return tmp_path / "journal"


def cache(client: Client, journal: Path, step: int = 512, **more: Any) -> Cache:
    return Cache(client, lambda on_page, known: JournalSource(journal, on_page, known, step), **more)


def dump(client: Client) -> dict[str, Any]:
    """All that is there."""
    found: dict[str, Any] = {}
    for key in sorted(client.keys("*")):
        kind = client.type(key)
        found[key] = {
            "hash": client.hgetall, "stream": lambda key: client.xrange(key), "string": client.get,
        }[kind](key)  # fmt: skip
    return found


def undisturbed(server: Redis, journal: Path) -> dict[str, Any]:
    client = server.client()
    cache(client, journal).catch_up()
    found = dump(client)
    client.flushall()
    return found


def test_state_is_the_views_and_streams_have_each_change_once(server: Redis, journal: Path) -> None:
    client = server.client()
    made = cache(client, journal).catch_up()
    followed = Followed(journal).all()
    reader = Reader(client, _no_core)
    for kind in module.STATES:
        key = lambda row: json.dumps(row, sort_keys=True)  # noqa: E731
        assert sorted(reader.read(kind).rows, key=key) == sorted(followed.view.rows(kind), key=key)
    assert len(reader.read("quotes").rows) == 3
    assert reader.read("orders").seq == followed.view.seq == made.stored.seq
    for kind in ("orders", "fills", "children", "quotes", "trades"):
        entries = client.xrange(made.names.stream(kind))
        changes = [each for each in followed.changes if each.topic.kind == kind]
        assert [int(entry.partition("-")[0]) for entry, _ in entries] == [each.seq for each in changes]
        assert [fields["key"] for _, fields in entries] == [each.key for each in changes]


def _no_core() -> Any:
    raise AssertionError("the core isn't asked")


@pytest.mark.parametrize("step", [1, 7])
def test_killed_at_any_event_it_comes_to_the_same(
    server: Redis, journal: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    expected = undisturbed(server, journal)
    client = server.client()
    monkeypatch.setattr(module, "EVENTS_TOGETHER", 5)
    chance = random.Random(step)
    for _ in range(10):
        made = cache(client, journal, step)
        for _ in range(chance.randrange(1, 8)):
            made.poll()
    cache(client, journal, step).catch_up()
    assert dump(client) == expected


def test_over_the_stream_it_comes_to_the_same(
    server: Redis, journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed too, and each time begun over the other; another core's stream is refused."""
    expected = undisturbed(server, journal)
    client = server.client()
    monkeypatch.setattr(module, "EVENTS_TOGETHER", 5)
    chance, last = random.Random(3), int(expected[Names("core").mark].partition(":")[0])
    day(tmp_path / "other", 6, EVENTS)
    with streaming(journal, most=7) as stream, streaming(tmp_path / "other") as other:

        def over(address: str) -> Cache:
            return Cache(client, lambda on_page, known: open_whole(address, on_page, known, step=3))

        for n in range(6):
            made = cache(client, journal, 3) if n % 2 else over(stream.address)
            stop = min(made.stored.seq + chance.randrange(5, 20), last)
            while made.stored.seq < stop:
                with suppress(Gone):
                    made.poll()
            made.close()
        made = over(stream.address).catch_up()
        made.close()
        assert dump(client) == expected
        made = over(other.address)
        with pytest.raises(Elsewhere, match="--core NAME"):
            made.catch_up()
        made.close()


def test_redis_killed_in_mid_run_has_the_same_afterwards(
    kept: Redis, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = undisturbed(kept, journal)
    monkeypatch.setattr(module, "EVENTS_TOGETHER", 10)
    client = kept.client()
    made = cache(client, journal, 3)
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
        for _ in range(4):
            assert made.poll()
        kept.stop(number)
        for _ in range(3):
            with pytest.raises(CacheDown):
                made.poll()
        kept.start()
    made.catch_up()
    assert dump(client) == expected
    assert made.rebuilt == 0


def test_killed_while_it_answers(kept: Redis, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A MULTI whose answer is lost is not done twice."""
    expected = undisturbed(kept, journal)
    monkeypatch.setattr(module, "EVENTS_TOGETHER", 10)
    client = kept.client()
    made = cache(client, journal, 3)
    fill, tries = made._fill, 0

    def lost(pipe: Any, batch: Any) -> None:
        nonlocal tries
        tries += 1
        fill(pipe, batch)
        if tries % 3 == 0:
            pipe.execute()
            raise redis.ConnectionError("its answer is lost")

    monkeypatch.setattr(made, "_fill", lost)
    downs = 0
    for _ in range(1000):
        try:
            if not made.poll():
                break
        except CacheDown:
            downs += 1
    assert downs >= 3
    assert dump(client) == expected


def test_a_redis_that_was_emptied_is_filled_again(
    server: Redis, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = undisturbed(server, journal)
    client = server.client()
    monkeypatch.setattr(module, "EVENTS_TOGETHER", 10)
    made = cache(client, journal, 3)
    for _ in range(5):
        made.poll()
    client.flushall()
    made.catch_up()
    assert (dump(client), made.rebuilt) == (expected, 1)
    monkeypatch.setattr(module, "LOOK_S", 0.0)
    client.flushall()
    assert made.poll() is False  # nothing came, and it saw that Redis is empty
    made.catch_up()
    assert (dump(client), made.rebuilt) == (expected, 2)


def test_a_redis_that_came_back_with_less_is_gone_on_with(
    kept: Redis, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = undisturbed(kept, journal)
    monkeypatch.setattr(module, "EVENTS_TOGETHER", 10)
    client = kept.client()
    made = cache(client, journal, 3)
    for _ in range(4):
        made.poll()
    older = _saved(kept)
    for _ in range(4):
        made.poll()
    _restore(kept, older)
    made.catch_up()
    assert (dump(client), made.rebuilt) == (expected, 1)


def _binary(server: Redis) -> Any:
    made = redis.Redis(unix_socket_path=str(server.socket))
    server._clients.append(made)
    return made


def _saved(server: Redis) -> dict[bytes, bytes]:
    client = _binary(server)
    return {key: client.dump(key) for key in client.keys("*")}


def _restore(server: Redis, saved: dict[bytes, bytes]) -> None:
    client = _binary(server)
    client.flushall()
    for key, value in saved.items():
        client.restore(key, 0, value)


def test_streams_are_bounded(server: Redis, journal: Path) -> None:
    client = server.client()
    made = cache(client, journal, stream_max=5).catch_up()
    entries = client.xrange(made.names.stream("quotes"))
    changes = [each for each in Followed(journal).all().changes if each.topic.kind == "quotes"]
    assert [fields["key"] for _, fields in entries] == [each.key for each in changes[-5:]]


def test_another_journal_and_another_writer_are_refused(server: Redis, journal: Path, tmp_path: Path) -> None:
    client = server.client()
    made = cache(client, journal).catch_up()
    day(tmp_path / "other", 6, EVENTS)
    with pytest.raises(Elsewhere, match="--core NAME"):
        cache(client, tmp_path / "other").catch_up()
    cache(client, tmp_path / "other", core="other").catch_up()
    assert progress(client, "other").seq > 0
    client.set(Names("core").mark, f"{made.stored.seq + 5}:00")
    made._looked_s = -1e9
    with pytest.raises(Elsewhere, match="another service"):
        made.poll()


def test_run_says_that_redis_is_down_and_goes_on(
    kept: Redis, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    client = kept.client()
    made, said, done = cache(client, journal), [], threading.Event()
    kept.stop()
    health = Health("cache", 60)
    thread = threading.Thread(target=made.run, args=(done.is_set, said.append, health))
    thread.start()
    end = time.monotonic() + 60
    while not said:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert "trying again" in said[0]
    kept.start()
    while health.why or health.seq < made.source.seq:
        assert time.monotonic() < end, health.why
        time.sleep(0.01)
    done.set()
    thread.join()
    assert said[-1] == "goes on"
    assert progress(client, "core").seq == made.source.seq


# ---- readers -------------------------------------------------------------------------------------------


class Core:
    """Answers as a core's client does."""

    def __enter__(self) -> Core:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def orders(self) -> list[dict[str, Any]]:
        return [{"cl_ord_id": "c"}]


def test_readers_are_served_from_the_core_while_redis_is_down(tmp_path: Path) -> None:
    reader = Reader(open_redis(f"unix://{tmp_path}/none"), Core)  # type: ignore[arg-type]
    answer = reader.read("orders")
    assert (answer.rows, answer.source, answer.note) == (
        [{"cl_ord_id": "c"}], "core", "from core, Redis is down",
    )  # fmt: skip
    with pytest.raises(CacheError, match="in Redis alone"):
        reader.read("trades")
    with pytest.raises(CacheError, match="there is quotes"):
        reader.read("nonsense")


def test_an_empty_redis_is_no_core_without_orders(server: Redis) -> None:
    answer = Reader(server.client(), Core).read("orders")  # type: ignore[arg-type]
    assert (answer.rows, answer.note) == ([{"cl_ord_id": "c"}], "from core, Redis has nothing of it yet")


def test_commands(server: Redis, journal: Path) -> None:
    redis = ["--redis", server.address]
    runner = CliRunner()
    assert runner.invoke(root, ["cache", "status", str(journal), *redis, "--most", "0"]).exit_code == 1
    ran = runner.invoke(root, ["cache", "run", str(journal), *redis, "--once"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(runner.invoke(root, ["cache", "show", "positions", *redis, "-o", "json"]).stdout)
    assert (told["source"], told["rows"]) == ("redis", Followed(journal).all().view.rows("positions"))
    ran = runner.invoke(root, ["cache", "status", str(journal), *redis, "--most", "0", "-o", "json"])
    assert (ran.exit_code, json.loads(ran.stdout)[0]["behind"]) == (0, 0)
    ran = runner.invoke(root, ["cache", "show", "orders", "--redis", "http://x"])
    assert ran.exit_code != 0
    assert "redis://HOST:PORT" in ran.output


def test_the_service_waits_for_redis_and_ends_in_order(kept: Redis, tmp_path: Path) -> None:
    with writer(tmp_path / "journal") as written:
        run = declared(journal=written)
        live(run)
        kept.stop()
        words = [sys.executable, "-m", "core.cli", "cache", "run", str(tmp_path / "journal")]
        process = subprocess.Popen(
            [*words, "--redis", kept.address, "--http", "127.0.0.1:0"], stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        assert json.loads(process.stderr.readline())["message"] == "begins"
        assert "trying again" in json.loads(process.stderr.readline())["message"]
        kept.start()
        traded(run)
        seq, redis, end = run.recorded.core.sequencer.seq, kept.client(), time.monotonic() + 60
        while progress(redis, "core").seq < seq:
            assert time.monotonic() < end
            time.sleep(0.02)
        process.terminate()
        left = process.communicate(timeout=60)[1]
    assert process.returncode == 0
    assert json.loads(left.splitlines()[-1])["message"] == "ends"


# ---- sessions and rates --------------------------------------------------------------------------------


def test_sessions(server: Redis) -> None:
    client = server.client()
    sessions = Sessions(client)
    secret, other = sessions.begin("ann", {"role": "desk"}, 60), sessions.begin("ann", {}, 0.05)
    assert sessions.touch(secret) == ("ann", {"role": "desk"})
    assert sessions.touch("nonsense") is None
    assert secret not in json.dumps([client.keys("*"), dump_text(client)])
    end = time.monotonic() + 60
    while client.exists(Names("core").session(digest_of(other))):
        assert time.monotonic() < end
        time.sleep(0.01)
    assert sessions.touch(other) is None
    third = sessions.begin("ann", {}, 60)
    assert sessions.end(third)
    assert not sessions.end(third)
    assert sessions.touch(third) is None
    assert sessions.end_all("ann") == 1
    assert sessions.touch(secret) is None
    assert client.keys("*") == []


def digest_of(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def dump_text(client: Client) -> list[Any]:
    return [
        client.get(key) if client.type(key) == "string" else list(client.smembers(key))
        for key in client.keys("*")
    ]


def test_buckets_count_for_all_processes(server: Redis) -> None:
    one, two = Buckets(server.client()), Buckets(server.client())
    taken = [buckets.take("ann", 0.001, 3) for buckets in (one, two, one, two)]
    assert [each.allowed for each in taken] == [True, True, True, False]
    assert all(each.shared for each in taken)
    assert 0 < taken[-1].again_s <= 1000
    assert two.take("bob", 0.001, 3, cost=3).allowed
    fast = [one.take("eve", 1e6, 1).allowed for _ in range(20)]
    assert all(fast)
    with pytest.raises(ValueError, match="bucket eve"):
        one.take("eve", 1, 1, cost=2)
    assert 0 < server.client().pttl(Names("core").bucket("bob")) <= 3_001_000


def test_a_process_counts_for_itself_while_redis_is_down(tmp_path: Path) -> None:
    now = 0.0
    buckets = Buckets(open_redis(f"unix://{tmp_path}/none"), clock_s=lambda: now)
    taken = [buckets.take("ann", 2, 2) for _ in range(3)]
    assert [(each.allowed, each.shared) for each in taken] == [(True, False), (True, False), (False, False)]
    assert taken[-1].again_s == pytest.approx(0.5)
    now = 0.5
    assert buckets.take("ann", 2, 2).allowed
    assert not buckets.take("ann", 2, 2).allowed
