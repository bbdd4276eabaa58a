"""A session's memory can't be resized by its client; names are told apart; peers are known by the kernel."""

from __future__ import annotations

import fcntl
import os
import socket

import pytest

from core.live.sessions import SEALS, Rings, free_name, may_connect, peer_uid
from core_ext.ring import Ring


def test_rings_are_sealed_and_of_the_told_shapes() -> None:
    rings = Rings("s")
    assert [fcntl.fcntl(fd, fcntl.F_GET_SEALS) for fd in rings.fds] == [SEALS] * 3
    with pytest.raises(PermissionError):
        os.ftruncate(rings.fds[0], 10)
    assert (rings.requests.capacity, rings.requests.slot_size) == (1024, 304)
    assert (rings.responses.capacity, rings.responses.slot_size) == (4096, 192)
    assert rings.quotes.slot_size == 64
    rings.close_fds()
    assert isinstance(rings.requests, Ring)  # the memory stays while the core holds it


def test_a_name_in_use_gets_a_number() -> None:
    assert free_name("desk", set()) == "desk"
    assert free_name("desk", {"desk"}) == "desk~2"
    assert free_name("desk", {"desk", "desk~2"}) == "desk~3"
    assert len(free_name("x" * 31, {"x" * 31})) == 31


def test_the_peer_is_who_the_kernel_says() -> None:
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with left, right:
        assert peer_uid(left) == os.getuid()
    assert may_connect(os.getuid(), ())
    assert may_connect(0, ())
    assert may_connect(4242, (4242,))
    assert not may_connect(4243, (4242,))
