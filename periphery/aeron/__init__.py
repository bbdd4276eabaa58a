"""Aeron, an extra: a client whose media driver is a process of its own, looked after."""
