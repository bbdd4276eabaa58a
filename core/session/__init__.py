"""A session's own end of its memory: what a client writes and reads there, compiled."""
