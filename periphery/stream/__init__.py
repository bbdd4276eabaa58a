"""The stream: what a core did and what engines said, to whoever subscribes over ZeroMQ. See wire.py."""
