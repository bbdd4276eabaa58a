"""What a simulated core did that it must never do."""

from __future__ import annotations


class Violation(AssertionError):
    """An invariant doesn't hold; the message says which, with what, and at which step."""
