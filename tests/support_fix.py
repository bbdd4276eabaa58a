"""Where FIX's dictionaries and definitions are."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIX_DATA = Path(os.environ.get("NACRE_DATA", ROOT / ".." / "shared" / "data")) / "fix"
