"""The core on the wall clock: one process that takes sessions, keeps a journal and comes back."""
