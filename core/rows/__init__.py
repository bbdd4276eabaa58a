"""Rows of a stream as they are heard in compiled code: what takes them, and in which order they come."""
