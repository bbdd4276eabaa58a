"""The bridge: a core's feed and order entry over ZeroMQ, for clients that don't share its memory."""
