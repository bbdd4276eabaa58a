"""What a journal holds, whether it is whole, and what comes out when it is played again."""

from __future__ import annotations

from core.recovery.journal import Problem, capacity_of, export, info, verify
from core.recovery.repeats import repeats
from core.recovery.replayed import replay

__all__ = ["Problem", "capacity_of", "export", "info", "repeats", "replay", "verify"]
