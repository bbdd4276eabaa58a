"""Engines that no supervisor starts, for tests: those of the bench."""

from __future__ import annotations

from bench.elsewhere import Engines

__all__ = ["Engines"]
