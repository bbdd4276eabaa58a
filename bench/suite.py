"""Runs benches one after the other, each in a process of its own, and keeps what they found in a file.

    {"at": "2026-01-31T12:00:00+00:00", "commit": "0123abc", "ok": true, "seconds": 600.0, "machine": {...},
     "benches": [{"name", "words", "seconds", "load", "ok", "why", "found"}]}

`found` is the bench's own mapping; null where it couldn't be asked, and `why` says why.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.figures import figures
from bench.machine import machine
from core.cli.benches import Bench

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 300.0
"""Of one bench, as it is asked briefly."""

GRACE_S = 30.0
"""Of one that is told to end, to put away what it started."""

LAST, HISTORY = "bench.json", "bench_history.jsonl"
FIGURES = ("ratio_p50", "cost_ratio", "new_orders_per_s", "filled_orders_per_s", "quotes_per_s",
           "beyond_raw_ns_p50", "submit_to_ack_ns.closed.p50", "instructions_per_row")  # fmt: skip
"""What is kept of every run, and drawn over the runs."""

NOT_ASKED = 2
"""The exit code of a bench that can't be asked here."""


def run(benches: Sequence[Bench], folder: Path, say: Callable[[str], object]) -> tuple[Path, dict[str, Any]]:
    """(the file, what is in it)."""
    began = time.monotonic()
    at = datetime.now(UTC)
    rows = []
    for bench in benches:
        say(f"{bench.name} {bench.brief}".rstrip())
        rows.append(ask(bench))
        say(f"  {rows[-1]['seconds']:.0f} s{': ' + rows[-1]['why'] if rows[-1]['why'] else ''}")
    found = {
        "at": at.isoformat(timespec="seconds"),
        "commit": commit(ROOT),
        "ok": all(row["ok"] for row in rows),
        "seconds": round(time.monotonic() - began, 1),
        "machine": machine(),
        "benches": rows,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{at:%Y%m%dT%H%M%S}-{found['commit'] or 'unknown'}.json"
    path.write_text(json.dumps(found, indent=1))
    return path, found


def ask(bench: Bench, root: Path = ROOT) -> dict[str, Any]:
    """One bench of a checkout, briefly. ok: its checks held, or it couldn't be asked."""
    python = sys.executable if root == ROOT else str(python_of(root))
    words = [bench.name, *shlex.split(bench.brief)]
    began = time.monotonic()
    code, out, said = _said([python, "-m", "core.cli", "bench", *words, "-o", "json"], root)
    found = _parsed(out)
    return {
        "name": bench.name,
        "words": shlex.join(words),
        "seconds": round(time.monotonic() - began, 1),
        "load": round(os.getloadavg()[0], 2),
        "ok": code in (0, NOT_ASKED),
        "why": "" if code == 0 else (said.splitlines() or [f"exit {code}"])[-1].removeprefix("Error: "),
        "found": found,
    }


def python_of(root: Path) -> Path:
    """The interpreter of a checkout."""
    return root / ".venv" / "bin" / "python"


def _said(words: list[str], root: Path) -> tuple[int, str, str]:
    """(exit code, output, what it said). One that takes too long is interrupted, so that it ends the cores
    and servers that it has started."""
    with _begun(words, root) as process:
        try:
            out, said = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            _end(process)
            return 1, "", f"not done within {PATIENCE_S:.0f} s"
        return process.returncode, out, said.strip()


def _begun(words: list[str], root: Path) -> subprocess.Popen[str]:
    """It hears an interrupt also where its parent, begun in the background, does not."""
    pipe = subprocess.PIPE
    return subprocess.Popen(words, cwd=root, stdout=pipe, stderr=pipe, text=True, preexec_fn=_hear_interrupts)


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _parsed(out: str) -> dict[str, Any] | None:
    """What a bench found; None: it said nothing, or broke off."""
    try:
        found: dict[str, Any] = json.loads(out)
    except ValueError:
        return None
    return found


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def shown(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of a table: `ok` says so where a bench couldn't be asked."""
    return [
        {key: value for key, value in row.items() if key != "found"}
        | ({"ok": "not asked"} if row["ok"] and row["found"] is None else {})
        for row in found["benches"]
    ]


def keep(found: dict[str, Any], folder: Path) -> None:
    """The run as FOLDER/bench.json; of each run a line of few figures in FOLDER/bench_history.jsonl."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / LAST).write_text(json.dumps(found, indent=1) + "\n")
    line = {key: found[key] for key in ("at", "commit", "ok", "seconds", "machine")}
    line["benches"] = [
        {"name": row["name"], "load": row["load"], "found": _few(row["found"])} for row in found["benches"]
    ]
    with (folder / HISTORY).open("a") as history:
        history.write(json.dumps(line) + "\n")


def _few(found: dict[str, Any] | None) -> dict[str, float]:
    told = dict(figures(found))
    return {name: told[name] for name in FIGURES if name in told}


def history(folder: Path) -> list[dict[str, Any]]:
    """The lines that `keep` wrote there, the oldest first."""
    path = folder / HISTORY
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def commit(root: Path) -> str:
    """The checkout's, shortened; "" where it is none."""
    words = ["git", "-C", str(root), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def read(path: Path) -> list[dict[str, Any]]:
    """The runs of a file, or of every file of a folder, the oldest first. ValueError: there is none."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    runs = []
    for file in files:
        try:
            found = json.loads(file.read_text())
        except (OSError, ValueError) as wrong:
            raise ValueError(f"{file}: no run of `nacre bench run`: {wrong}") from wrong
        if not isinstance(found, dict) or "benches" not in found:
            raise ValueError(f"{file}: no run of `nacre bench run`: it has no benches")
        runs.append(found)
    if not runs:
        raise ValueError(f"{path}: no runs here: `nacre bench run --all` makes one")
    return runs
