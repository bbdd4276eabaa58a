"""What a checker found."""

from __future__ import annotations


class Violation(AssertionError):
    """A rule that doesn't hold: its name, and what was seen."""

    def __init__(self, rule: str, what: str) -> None:
        super().__init__(f"{rule}: {what}")
        self.rule = rule


def require(holds: bool, rule: str, what: object) -> None:
    """Raises Violation unless the rule holds."""
    if not holds:
        raise Violation(rule, str(what))
