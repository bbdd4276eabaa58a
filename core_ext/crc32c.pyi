from collections.abc import Buffer

def crc32c(data: Buffer, crc: int = 0) -> int:
    """CRC32C of a bytes-like object, going on from `crc`."""

def crc32c_by_table(data: Buffer, crc: int = 0) -> int:
    """The same by table, as on a processor without the instruction."""

def has_instruction() -> bool:
    """True when the processor's instruction is used."""
