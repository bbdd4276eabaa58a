"""A core is brought to its changed file while it runs: limits as events in somebody's name, the rest
named.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.recovery.journal import event
from core_ext.journal import JournalReader
from tests.integration.live_core import ROOT, Process, until

WAIT_S = 120.0
TEXT = """
wait = "{wait}"
second_person = true

[[instrument]]
symbol = "AAPL"
kind = "equity"
price_precision = 2
qty_precision = 0
tick = "0.01"
lot = "1"
currency = "USD"

[[venue]]
venue = "XNAS"
mode = "match"
symbols = ["AAPL"]

[[account]]
account = "A1"
currency = "USD"

[[limit]]
check = "max_order_qty"
account = "A1"
value = "{value}"
"""


def reload(core: Process, *more: str) -> subprocess.CompletedProcess[str]:
    words = ["config", "reload", "--config", str(core.folder / "core.toml"), "--socket", str(core.socket)]
    return subprocess.run(
        [sys.executable, "-m", "core.cli", *words, "--by", "ann", "-o", "json", *more],
        cwd=ROOT, capture_output=True, text=True, timeout=WAIT_S, check=False,
    )  # fmt: skip


def limits(core: Process) -> list[str]:
    """Those that were set by somebody, in the journal, once all that the core has taken is there."""
    seq = core.ask("status")["seq"]
    found = until(lambda: (read := recorded(core)) and len(read) >= seq and read, "it is recorded", WAIT_S)
    return [row["kind"] for row in found if row["kind"] == "limit"]


def recorded(core: Process) -> list[dict[str, Any]]:
    return [event(body) for _, body in JournalReader(core.journal)]


def test_limits_are_set_and_the_rest_is_named(tmp_path: Path) -> None:
    file = tmp_path / "core.toml"
    file.write_text(TEXT.format(wait="sleep", value="100"))
    core = Process(tmp_path, "--placement", "fused")
    core.declares = ["--config", str(file)]
    try:
        core.start()
        file.write_text(TEXT.format(wait="yield", value="40"))
        dry = json.loads(reload(core, "--dry-run").stdout)
        assert (dry["applied"], len(dry["changed"]), len(limits(core))) == (False, 1, 1)
        told = json.loads(reload(core).stdout)
        assert told["restart"] == [{"key": "wait", "running": "sleep", "file": "yield"}]
        assert [row["value"] for row in told["changed"]] == ["40"]
        assert len(limits(core)) == 2
        file.write_text(TEXT.format(wait="sleep", value="500"))
        refused = reload(core)
        assert (refused.returncode, "second" in refused.stderr) == (1, True), refused.stderr
        assert len(limits(core)) == 2
        assert reload(core, "--second", "ben").returncode == 0
        assert len(limits(core)) == 3
        assert core.stop()["state_hash"]
    finally:
        core.end()
