"""What a gateway is told that speaks for a venue of which the core knows nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from core.live.reporting import gateway


def test_a_gateway_is_told_what_must_be_declared() -> None:
    core: Any = SimpleNamespace(book=SimpleNamespace(directory=SimpleNamespace(venues={})))
    with pytest.raises(ValueError, match=r"venue 'STREET': not declared: .* venue line with mode manual"):
        gateway(core, 1, {"venue": "STREET", "state": "up"})
