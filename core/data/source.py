"""A file as a stream of its plain bytes, whatever it is compressed with, told by its first bytes.

gzip (of several members too), xz, zstandard, bzip2, and a member of a zip. Nothing is held but one chunk. A
stream that is damaged gives what can be had of it, then raises Damaged.
"""

from __future__ import annotations

import bz2
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Protocol

import zstandard

CHUNK = 1 << 17
"""Bytes read at a time; a chunk of plain bytes is about as long."""

MAGIC = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"PAR1": "parquet",
}

type Advance = Callable[[int], object]
"""Called with how many bytes of the file itself were read."""


class Damaged(Exception):
    """The compressed stream isn't whole; the message says where and how."""


def packing(path: Path) -> str:
    """What the file is packed with: a value of MAGIC, or "plain"."""
    with path.open("rb") as file:
        head = file.read(6)
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), "plain")


def stream(path: Path, advance: Advance | None = None) -> Iterator[bytes]:
    """The plain bytes of a file that is no zip. OSError where it can't be read."""
    how = packing(path)
    with path.open("rb") as file:
        yield from unpacked(_read(file, advance), how)


def member(path: Path, name: str, advance: Advance | None = None) -> Iterator[bytes]:
    """The plain bytes of one member of a zip; `advance` gets plain bytes, since a zip is read out of
    order.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as file:
            yield from _read(file, advance)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Damaged(f"{name} in the zip is damaged: {error}") from error


def unpacked(chunks: Iterator[bytes], how: str) -> Iterator[bytes]:
    """The plain bytes of packed ones. Raises Damaged at the end of what can be had."""
    if how == "plain":
        yield from chunks
        return
    unpacker: _Unpacker | None = None
    at = 0
    for piece in _pieces(chunks, _PIECE[how]):
        at += len(piece)
        while piece:
            if unpacker is None:
                if how == "gzip" and not piece.strip(b"\0"):
                    break  # padding of zeros after the last member, as tapes have it
                unpacker = _UNPACKERS[how]()
            try:
                yield from unpacker.feed(piece)
            except _FAILURES as error:
                raise Damaged(f"{how} stream is damaged near byte {at:,} of the file: {error}") from error
            piece = unpacker.unused
            if unpacker.over:
                unpacker = None
    if unpacker is not None:
        raise Damaged(f"{how} stream ends before its end, after byte {at:,} of the file")


_PIECE = {"gzip": 4096, "xz": 4096, "bzip2": 4096, "zstd": 64}
"""Packed bytes unpacked at a time: few enough that little is lost before damage, and that even data which
packs very well comes out in bounded amounts.
"""

_FAILURES = (zlib.error, lzma.LZMAError, OSError, EOFError, zstandard.ZstdError, ValueError)


class _Unpacker(Protocol):
    over: bool
    unused: bytes

    def feed(self, piece: bytes) -> Iterator[bytes]: ...


class _Gzip:
    def __init__(self) -> None:
        self._unpack = zlib.decompressobj(wbits=31)
        self.over = False
        self.unused = b""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        while plain := self._unpack.decompress(piece, CHUNK):
            yield plain
            piece = self._unpack.unconsumed_tail
        self.over = self._unpack.eof
        self.unused = self._unpack.unused_data


class _Bounded:
    """xz and bzip2, which keep what they haven't given out."""

    def __init__(self, unpack: lzma.LZMADecompressor | bz2.BZ2Decompressor) -> None:
        self._unpack = unpack
        self.over = False
        self.unused = b""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        while not self._unpack.eof:
            plain = self._unpack.decompress(piece, CHUNK)
            if plain:
                yield plain
            elif self._unpack.needs_input:
                break
            piece = b""
        self.over = self._unpack.eof
        self.unused = self._unpack.unused_data if self.over else b""


class _Zstd:
    def __init__(self) -> None:
        self._unpack = zstandard.ZstdDecompressor().decompressobj()
        self.over = False
        self.unused = b""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        plain = self._unpack.decompress(piece)
        if plain:
            yield plain
        self.over = self._unpack.eof
        self.unused = self._unpack.unused_data if self.over else b""


_UNPACKERS: dict[str, Callable[[], _Unpacker]] = {
    "gzip": _Gzip,
    "xz": lambda: _Bounded(lzma.LZMADecompressor()),
    "bzip2": lambda: _Bounded(bz2.BZ2Decompressor()),
    "zstd": _Zstd,
}


def _pieces(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), size):
            yield chunk[start : start + size]


def _read(file: IO[bytes], advance: Advance | None) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        if advance is not None:
            advance(len(chunk))
        yield chunk
