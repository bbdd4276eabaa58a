"""Where the services answer /metrics, as a file that Prometheus watches (file_sd_configs)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.cli.health_watch import read_status


class TargetsFile:
    """Writes the file whenever the targets change. given: addresses by name. local: a folder of
    `nacre up --local`.
    """

    def __init__(self, path: Path, given: Mapping[str, str], local: Path | None = None) -> None:
        self.path = path
        self.given = dict(given)
        self.local = local
        self._written: list[dict[str, Any]] | None = None

    def found(self) -> dict[str, str]:
        """HOST:PORT by service. One of `nacre up --local` is there while its probes answer."""
        return {**self.given, **self._of_local()}

    def _of_local(self) -> dict[str, str]:
        if self.local is None:
            return {}
        try:
            rows = read_status(self.local)
        except ValueError:
            return {}  # nothing runs there now
        return {row["name"]: row["http"] for row in rows if row["http"]}

    def write(self) -> bool:
        """Whether something changed. The file is replaced as a whole: Prometheus never reads half of it."""
        groups = [
            {"targets": [address], "labels": {"service": name}}
            for name, address in sorted(self.found().items())
        ]
        if groups == self._written:
            return False
        draft = self.path.with_suffix(".new")
        draft.write_text(json.dumps(groups, indent=1) + "\n")
        draft.replace(self.path)
        self._written = groups
        return True
