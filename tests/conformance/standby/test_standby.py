"""What a standby must do, whatever the transport: each test runs over ZeroMQ and over Aeron."""

from __future__ import annotations

import os
import signal

from core import messages as m
from core.live.fencing import open_fence
from tests.conformance.standby.pair import ONE, TWO, WAIT_S, Host, Pair
from tests.integration.aeron_driver import drivers
from tests.integration.live_core import until

ORDERS = 400


def begun(pair: Pair, promote_after_s: float = 0) -> tuple[Host, Host]:
    """(primary, standby): the lease is held, the standby has all there is."""
    one, two = pair.hosts[ONE], pair.hosts[TWO]
    pair.start_witness()
    one.serve()
    two.follow(promote_after_s)
    one.until("the lease is held", lease=True)
    two.caught_up(one.settled())
    return one, two


def promoted(host: Host) -> None:
    host.until(f"{host.number} trades", role="primary", lease=True, core="well")


def promote(host: Host) -> None:
    from periphery.standby.control import ask

    ask(host.socket, "promote", by="ann")


def test_lost_packets_a_cut_line_and_dead_processes_cost_nothing(pair: Pair) -> None:
    one, two = begun(pair)
    pair.network.loss = 0.05
    one.load(ORDERS)
    two.caught_up(one.settled())
    assert pair.network.counts["lost"] > 0
    pair.network.part(ONE, TWO)
    one.load(ORDERS)
    behind = one.settled()
    assert two.status()["replayed"] < behind
    assert one.status()["lease"], "the witness's vote is enough"
    pair.network.heal()
    two.caught_up(behind)
    assert two.process is not None
    for pid in drivers(two.process.pid) if pair.kind == "aeron" else []:
        os.kill(pid, signal.SIGKILL)
    two.signal(signal.SIGKILL)  # the standby itself: it goes on with what it had
    two.process.wait()
    one.load(ORDERS)
    two.follow()
    told = two.caught_up(one.settled())
    seen = two.status(hash=True)
    assert (told["doubled"], told["refusal"], seen["replayed"]) == (told["doubled"], "", told["replayed"])
    pair.network.loss = 0
    done = one.core.stop()
    two.caught_up(done["seq"])
    assert two.status(hash=True)["state_hash"] == done["state_hash"] == one.replayed()["state_hash"]


def test_a_dead_driver_or_a_dead_line_begins_anew(pair: Pair) -> None:
    one, two = begun(pair)
    for host in (one, two):
        assert host.process is not None
        for pid in drivers(host.process.pid):
            os.kill(pid, signal.SIGKILL)
        one.load(ORDERS // 4)
        two.caught_up(one.settled())
    one.signal(signal.SIGKILL)  # the core goes on, fenced once its lease is over
    assert one.process is not None
    one.process.wait()
    fence = open_fence(one.socket)
    until(lambda: not fence.opened, "the fence closes by itself", WAIT_S)
    client = one.client()
    client.order("held-back", 109000)
    row = client.expect("held-back", status=m.OrdStatus.REJECTED)
    assert row["status"] == m.OrdStatus.REJECTED
    one._start("serve", *one._common())
    one.until("the lease is held again", lease=True)
    client.order("let-through", 109000)
    client.expect("let-through", status=m.OrdStatus.NEW)
    two.caught_up(one.settled())


def test_promotion_by_command_there_and_back(pair: Pair) -> None:
    one, two = begun(pair)
    one.load(ORDERS)
    for old, new in ((one, two), (two, one)):
        seq = old.settled()
        promote(new)
        promoted(new)
        assert old.ended() == 0, old.said.read_text()
        old.core.process = None if old is two else old.core.process
        if old is one and one.core.process is not None:
            one.core.reap()
        restored = new.core.ask("status")["restored"]
        assert restored["seq"] >= seq
        assert restored["state_hash"] == old.replayed()["state_hash"], "it goes on where the other ended"
        if new is two:
            one.follow()
            one.caught_up(two.settled())
            two.load(ORDERS // 4)
            one.caught_up(two.settled())
    assert one.status()["epoch"] == 3


def test_a_primary_that_nobody_hears_is_fenced_and_the_other_trades(pair: Pair) -> None:
    one, two = begun(pair, promote_after_s=1)
    one.load(ORDERS // 4)
    two.caught_up(one.settled())
    client = one.client()
    pair.network.isolate(ONE)
    promoted(two)
    assert two.status()["epoch"] == 2
    assert not open_fence(one.socket).opened, "the old one can't send any more by the time the new one may"
    if one.core.process is not None and one.core.process.poll() is None:
        client.order("too-late", 109000)
        client.expect("too-late", status=m.OrdStatus.REJECTED)
    two.load(ORDERS // 4)
    pair.network.heal()
    assert one.ended() == 1
    assert "epoch 2 of two is in force" in one.said.read_text()
    one.core.reap()
    one.follow()
    one.until("its journal went on by itself", line=False)
    found = until(lambda: one.status().get("refusal"), "it is refused", WAIT_S)
    assert "another event" in found


def test_without_a_majority_nobody_takes_over(pair: Pair) -> None:
    one, two = begun(pair, promote_after_s=1)
    one.load(ORDERS // 4)
    seq = one.settled()
    two.caught_up(seq)
    pair.stop_witness()
    one.signal(signal.SIGKILL)
    assert one.process is not None
    one.process.wait()
    one.core.kill()
    why = until(lambda: two.status().get("why"), "it says why not", WAIT_S)
    assert why.startswith("no quorum: ")
    promote(two)
    for _ in range(5):
        assert two.status()["role"] == "standby"
    pair.start_witness()
    promoted(two)
    assert two.core.ask("status")["restored"]["state_hash"] == one.replayed()["state_hash"]
