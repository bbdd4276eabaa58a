"""The secret of a pair: who hasn't it is not heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from periphery.standby.secret import BadSecret, Secret, make, read

ONE, OTHER = Secret(bytes(32)), Secret(bytes([1]) * 32)


def test_what_was_sealed_is_opened_by_the_same_secret_alone() -> None:
    sealed = ONE.seal(b"hello")
    assert ONE.open(sealed) == b"hello"
    assert OTHER.open(sealed) is None


@pytest.mark.parametrize("at", range(21))
def test_no_changed_byte_goes_unseen(at: int) -> None:
    sealed = bytearray(ONE.seal(b"hello"))
    sealed[at] ^= 1
    assert ONE.open(bytes(sealed)) is None


@pytest.mark.parametrize("raw", [b"", b"short", bytes(16)])
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    assert ONE.open(raw) is None


def test_keys_of_both_ends_come_from_the_secret() -> None:
    ends = {ONE.curve("server"), ONE.curve("client"), OTHER.curve("server")}
    assert len(ends) == 3
    assert ONE.curve("server") == Secret(bytes(32)).curve("server")


def test_a_secret_is_its_users_own(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"
    make(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read(path).open(read(path).seal(b"x")) == b"x"
    assert path.read_text().strip() not in repr(read(path))
    with pytest.raises(BadSecret, match="is there already"):
        make(path)
    path.chmod(0o640)
    with pytest.raises(BadSecret, match="chmod 600"):
        read(path)


def test_no_secret_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BadSecret, match="nacre standby secret"):
        read(tmp_path / "none")
    (tmp_path / "bad").write_text("00")
    (tmp_path / "bad").chmod(0o600)
    with pytest.raises(BadSecret, match="has 32 bytes"):
        read(tmp_path / "bad")
