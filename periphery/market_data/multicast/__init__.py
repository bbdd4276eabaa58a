"""Market data over UDP multicast: who sends it, and who takes it."""
