# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""The live end of a stream: see live.pxd and live.pyi."""
from hashlib import blake2b

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.errno cimport EINTR, errno
from libc.stdint cimport uint16_t
from libc.string cimport memcpy, memset

from core.recovery.tap cimport Buffer, Tap
from core.stream.message cimport DIGEST_BYTES, ROWS, Frame, Head
from core_ext.clock cimport mono_ns
from core_ext.journal.reader cimport JournalReader

cdef extern from "time.h" nogil:
    cdef struct timespec:
        long tv_sec
        long tv_nsec
    int nanosleep(const timespec* asked, timespec* left)

cdef enum:
    DONTWAIT = 1                # ZMQ_DONTWAIT, ZMQ_SNDMORE
    SNDMORE = 2


cdef class Live:
    def __init__(self, Tap tap not None, JournalReader reader not None, int64_t gap_ns):
        self.tap = tap
        self.reader = reader
        self.gap_ns = gap_ns

    def speak(self, size_t socket, size_t send):
        self.socket = <void*>socket
        self.send = <Send>send

    def next(self, list who not None, int64_t for_ns, int64_t spin_ns, int64_t nap_ns):
        cdef uint64_t after = self.tap.through
        cdef uint64_t sent = self.messages
        cdef bytes digest
        if self.due_ns > mono_ns():
            with nogil:
                self._rest()
        if for_ns and not self.tap.wait(self.reader, for_ns, spin_ns, nap_ns):
            return None
        if not self.tap.poll(self.reader):
            return None
        digest = blake2b(self.tap.record(), digest_size=DIGEST_BYTES).digest()
        if self.socket != NULL:
            for subscriber in who:
                if subscriber.at == after and subscriber.sent - subscriber.taken < subscriber.window:
                    self._tell(subscriber, digest)
        if self.messages != sent:
            self.due_ns = max(self.due_ns, mono_ns() - BURST * self.gap_ns) + self.gap_ns
        return digest

    cdef void _rest(self) noexcept nogil:
        """Until the next look is due."""
        cdef timespec nap
        cdef int64_t left_ns = self.due_ns - mono_ns()
        if left_ns > 0:
            nap.tv_sec = 0
            nap.tv_nsec = min(left_ns, self.gap_ns)
            nanosleep(&nap, NULL)

    cdef int _tell(self, subscriber, bytes digest) except -1:
        """Those whom it can't be told at once are told by who holds the log."""
        cdef size_t size = self._write(subscriber.topics, subscriber.told, PyBytes_AS_STRING(digest))
        if size == MESSAGE_BYTES + 1 or (size and not self._say(subscriber.peer, size)):
            return 0
        subscriber.at, subscriber.mark = self.tap.through, digest
        if size:
            subscriber.told = self.tap.through
            subscriber.sent += 1
        return 0

    cdef size_t _write(self, tuple topics, uint64_t after, const char* digest) except? 0:
        """The rows of these topics as a message; 0: there are none, MESSAGE_BYTES + 1: there are too many."""
        cdef Head* head = <Head*>self.message
        cdef Frame* frame = <Frame*>(self.message + sizeof(Head))
        cdef size_t size = 0
        cdef uint16_t frames = 0
        cdef Buffer* rows
        for topic in topics:
            rows = &self.tap.buffers[<int>topic]
            frames += rows.count > 0
            size += <size_t>rows.count * rows.row
        if not size:
            return 0
        if sizeof(Head) + frames * sizeof(Frame) + size > MESSAGE_BYTES:
            return MESSAGE_BYTES + 1
        memset(head, 0, sizeof(Head))
        head.kind, head.frames, head.after, head.through = ROWS, frames, after, self.tap.through
        memcpy(head.digest, digest, DIGEST_BYTES)
        size = sizeof(Head) + frames * sizeof(Frame)
        for topic in topics:
            rows = &self.tap.buffers[<int>topic]
            if rows.count:
                frame.topic, frame.bytes = <int>topic, rows.count * rows.row
                memcpy(self.message + size, rows.base, frame.bytes)
                size += frame.bytes
                frame += 1
        return size

    cdef bint _say(self, bytes peer, size_t size) except -1:
        if self.send(self.socket, PyBytes_AS_STRING(peer), PyBytes_GET_SIZE(peer), SNDMORE | DONTWAIT) < 0:
            return False
        while self.send(self.socket, self.message, size, DONTWAIT) < 0:
            if errno != EINTR:      # a signal; the peer is named already
                return False
        self.messages += 1
        self.sent_bytes += size
        return True
