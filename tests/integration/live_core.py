"""A core in a process of its own, and a raw client of its protocol: those of `nacre torture`."""

from core.torture.live import DECLARED, INPUT, ROOT, WAIT_S, Client, Process, name_field, until

__all__ = ["DECLARED", "INPUT", "ROOT", "WAIT_S", "Client", "Process", "name_field", "until"]
