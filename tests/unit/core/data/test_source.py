"""Files give their plain bytes whatever they are packed with; a damaged one gives what is good, then says
so.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from core.data.source import CHUNK, Damaged, member, packing, stream

PLAIN = b"".join(b"%d,%d\n" % (n, n * n) for n in range(60_000))
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zstd": lambda data: zstandard.ZstdCompressor().compress(data),
}


@pytest.mark.parametrize("how", PACK)
def test_each_packing_is_told_and_unpacked(how: str, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(PACK[how](PLAIN))
    assert packing(path) == how
    assert b"".join(stream(path)) == PLAIN


@pytest.mark.parametrize("how", PACK)
def test_members_one_after_another(how: str, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(PACK[how](PLAIN[:999]) + PACK[how](PLAIN[999:]))
    assert b"".join(stream(path)) == PLAIN


@pytest.mark.parametrize("how", PACK)
def test_a_cut_stream_gives_what_there_is_then_says_so(how: str, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    packed = PACK[how](PLAIN)
    path.write_bytes(packed[: len(packed) * 9 // 10])
    found = b""
    chunks = stream(path)
    with pytest.raises(Damaged, match=f"{how} stream"):  # noqa: PT012
        while True:
            found += next(chunks)
    assert PLAIN.startswith(found)
    if how != "bzip2":  # whose blocks are whole or nothing
        assert len(found) > len(PLAIN) // 4


@pytest.mark.parametrize("how", ["gzip", "xz", "bzip2"])
def test_a_flipped_byte_is_seen(how: str, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    packed = bytearray(PACK[how](PLAIN))
    packed[len(packed) * 3 // 4] ^= 0x55
    path.write_bytes(bytes(packed))
    with pytest.raises(Damaged):
        list(stream(path))


def test_what_follows_a_gzip_member_is_no_data(tmp_path: Path) -> None:
    path = tmp_path / "data.gz"
    path.write_bytes(gzip.compress(PLAIN) + bytes(512))
    assert b"".join(stream(path)) == PLAIN
    path.write_bytes(gzip.compress(PLAIN) + b"garbage")
    with pytest.raises(Damaged):
        list(stream(path))


@pytest.mark.parametrize("how", PACK)
def test_what_packs_very_well_comes_in_bounded_chunks(how: str, tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(PACK[how](bytes(300 * CHUNK)))
    sizes = [len(chunk) for chunk in stream(path)]
    assert sum(sizes) == 300 * CHUNK
    assert max(sizes) <= 32 * CHUNK if how == "zstd" else max(sizes) <= 2 * CHUNK


def test_a_zip_member_whose_sum_is_wrong_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", PLAIN)
    raw = bytearray(path.read_bytes())
    raw[1000] ^= 1
    path.write_bytes(bytes(raw))
    with pytest.raises(Damaged, match=r"a\.csv in the zip is damaged"):
        list(member(path, "a.csv"))
