"""A standby: the journal of a core on another host, replayed there, and the lease that says who may trade."""
