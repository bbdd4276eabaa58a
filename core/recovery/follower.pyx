# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The follower: see follower.pxd.

Each send counts as written by the host that is followed: it is never written again here. The core that goes on from here
asks each venue about every open child, so a send that was never written is found out.
"""
from core.messages cimport Send
from core.recovery.catchup cimport Catchup
from core.venues.gateway cimport DONE


cdef class Follower(Catchup):
    """gateway: whose intents outlive this process."""

    cdef void _discard_sends(self) noexcept nogil:
        cdef Send* send
        while True:
            send = <Send*>self.core.sends.peek()
            if send == NULL:
                return
            self.gateway._store(send, DONE)
            self.gateway.lived_through(send)
            self.core.sends.release()
