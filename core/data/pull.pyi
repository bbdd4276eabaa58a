MAX_LINE: int
"""Bytes of the longest line that is read; a longer one is an error, and its end is looked for."""
