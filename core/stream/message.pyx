# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""A message of rows taken apart: see message.pxd and message.pyi."""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE

assert sizeof(Head) == 48 and sizeof(Frame) == 8
HEAD_BYTES = sizeof(Head)
FRAME_BYTES = sizeof(Frame)


def following(made, bytes message not None, uint64_t at):
    cdef const char* base = PyBytes_AS_STRING(message)
    cdef size_t size = PyBytes_GET_SIZE(message)
    cdef const Head* head = <const Head*>base
    cdef const Frame* frame = <const Frame*>(base + sizeof(Head))
    cdef size_t end
    if size < sizeof(Head) or head.kind != ROWS or head.flags or head.left_out:
        return None
    if head.after != at or head.through <= at or sizeof(Head) + head.frames * sizeof(Frame) > size:
        return None
    view, frames, end = memoryview(message), {}, sizeof(Head) + head.frames * sizeof(Frame)
    for _ in range(head.frames):
        frames[frame.topic] = view[end:end + frame.bytes]
        end += frame.bytes
        frame += 1
    return made(head.after, head.through, (<const char*>head.digest)[:DIGEST_BYTES], frames) if end == size else None
