"""What the modules of core and core_ext execute themselves, in instructions: no load of the machine moves it.

callgrind (Debian's `valgrind`) runs a call of ours in a process of its own, some fifty times slower.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from bench.machine import NoData

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_S = 1200.0
OURS = ("core", "core_ext")


def count(call: str) -> tuple[Counter[str], str]:
    """(instructions by module, what was printed) of a call in Python.

    NoData: no valgrind. RuntimeError: it failed.
    """
    if shutil.which("valgrind") is None:
        raise NoData("there is no valgrind: deploy/setup/servers.sh installs it")
    with tempfile.TemporaryDirectory(prefix="nacre-bench-") as folder:
        out = Path(folder) / "callgrind.out"
        words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", sys.executable, "-c", call]
        done = subprocess.run(
            words,
            cwd=ROOT, env=os.environ | {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"},
            capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr.strip().splitlines()[-1])
        with out.open() as lines:
            return by_module(lines), done.stdout


def by_module(lines: Iterable[str]) -> Counter[str]:
    """callgrind's file: what each of our modules executed itself, calls of others left out."""
    found: Counter[str] = Counter()
    names: dict[str, str] = {}
    module, is_call = "", False
    for line in lines:
        if line.startswith("ob="):
            number, _, path = line[3:].strip().partition(" ")
            names.setdefault(number, path)
            module = _module(names[number])
        elif line.startswith("cob="):
            number, _, path = line[4:].strip().partition(" ")
            names.setdefault(number, path)
        elif line.startswith("calls="):
            is_call = True
        elif line[:1] in "0123456789+-*":
            if module and not is_call:
                found[module] += int(line.split()[1])
            is_call = False
    return found


def _module(path: str) -> str:
    """core.risk.gate, of a module of ours; "" of what isn't."""
    try:
        parts = Path(path).relative_to(ROOT).parts
    except ValueError:
        return ""
    return ".".join([*parts[:-1], parts[-1].split(".")[0]]) if parts[0] in OURS else ""
