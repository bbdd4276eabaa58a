"""The file of services that Prometheus watches."""

from __future__ import annotations

import json
import time
from pathlib import Path

from periphery.monitoring.targets import TargetsFile


def test_it_follows_what_runs(tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.mkdir()
    file = TargetsFile(tmp_path / "services.json", {"bridge": "host:1"}, local)
    assert file.write()
    assert not file.write(), "nothing has changed"
    parts = [{"name": "risk", "http": "127.0.0.1:2"}, {"name": "core", "http": None}]
    (local / "status.json").write_text(json.dumps({"time_ns": time.time_ns(), "parts": parts}))
    assert file.write()
    assert json.loads(file.path.read_text()) == [
        {"targets": ["host:1"], "labels": {"service": "bridge"}},
        {"targets": ["127.0.0.1:2"], "labels": {"service": "risk"}},
    ]
    (local / "status.json").unlink()
    assert file.write()
    assert len(json.loads(file.path.read_text())) == 1
