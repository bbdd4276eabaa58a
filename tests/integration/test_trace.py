"""`nacre trace` over a core that runs: an order's way, and what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from core.timing import TIMED_EVERY
from periphery.client import connect
from tests.integration.live_core import Process

NACRE = [sys.executable, "-m", "core.cli", "trace"]
QUOTE = {"type": "quote", "venue": "V1", "symbol": "EURUSD", "bid_qty": "1000000", "ask_qty": "1000000"}


def trace(*words: str, code: int = 0) -> Any:
    ran = subprocess.run([*NACRE, *words, "-o", "json"], capture_output=True, text=True, check=False)
    assert ran.returncode == code, ran.stderr
    return json.loads(ran.stdout) if code == 0 else ran.stderr


def seq_of(core: Process, kind: str) -> int:
    """The first event of that kind in the journal."""
    words = [sys.executable, "-m", "core.cli", "journal", "export", str(core.journal)]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    return next(int(row["seq"]) for row in map(json.loads, lines) if row["kind"] == kind)


def test_an_order_s_way(tmp_path: Path) -> None:
    core = Process(tmp_path, "--placement", "fused", "--wait", "sleep")
    core.start()
    try:
        with connect(core.socket, name="mine") as client:
            client.market(QUOTE | {"bid_px": "1.10000", "ask_px": "1.10010"})
            sent = client.submit("EURUSD", "buy", 300, "limit", "1.1001", account="A")
            assert next(client.events(timeout=60)).cl_ord_id == sent  # type: ignore[union-attr]
            for n in range(TIMED_EVERY):
                client.market(QUOTE | {"bid_px": "1.10000", "ask_px": f"1.10{n + 10}0"})
            seq = core.ask("status")["seq"] // TIMED_EVERY * TIMED_EVERY
        where = ["--socket", str(core.socket)]
        told = trace(str(seq_of(core, "order")), *where)
        assert (told["kind"], told["by"]) == ("order", "")
        stages = {row["stage"]: row for row in told["stages"]}
        assert all(stages[name]["takes"] for name in ("resolve", "risk", "orders", "router", "execution"))
        assert not stages["positions"]["takes"]
        assert stages["orders"]["says"]["order_qty"] == 300
        assert [row["type"] for row in told["lines"]].count("order") >= 1
        assert told["request"]["cl_ord_id"] == sent
        sends = [row for row in told["lines"] if row["type"] == "send"]
        assert sends, "its child was sent by the event or by what was derived from it"
        assert (sends[0]["venue"], sends[0]["order_qty"]) == ("V1", "300")
        timed = trace(str(seq), *where)["sequenced_after_ns"]
        assert timed["sequencer"] == 0
        assert 0 < timed["risk"] <= timed["egress"]
        assert "the journal ends with" in trace("999999999", *where, code=2)
    finally:
        core.end()
    told = trace("1", "--journal", str(core.journal), *where)
    assert (told["seq"], told["sequenced_after_ns"]) == (1, {})
    assert "no core" in trace("1", *where, code=2)
