"""Media drivers of Aeron that processes have for themselves, as tests find them."""

from __future__ import annotations

import subprocess


def drivers(parent: int) -> list[int]:
    """The media drivers of that process."""
    out = subprocess.run(
        ["pgrep", "-P", str(parent), "-f", "periphery.aeron.driver"],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(word) for word in out.stdout.split()]
