"""A standby's core: it lives through what another host's core records, and knows what that core's gateways sent."""
from core.recovery.catchup cimport Catchup

cdef class Follower(Catchup):
    pass
