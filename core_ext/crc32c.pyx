# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""CRC32C over bytes, by the processor's instruction or by table (see crc32c.pxd)."""


def crc32c(data, uint32_t crc=0):
    """CRC32C of a bytes-like object, going on from `crc`."""
    cdef const unsigned char[::1] view = data
    if view.shape[0]:
        with nogil:
            crc = crc32c_update(crc, &view[0], view.shape[0])
    return crc


def crc32c_by_table(data, uint32_t crc=0):
    """The same by table, as on a processor without the instruction."""
    cdef const unsigned char[::1] view = data
    return crc32c_update_table(crc, &view[0], view.shape[0]) if view.shape[0] else crc


def has_instruction():
    """True when the processor's instruction is used."""
    return crc32c_fast()
