"""Recorded market data: readers as streams of constant memory, books, checks, the core's events."""
