"""What the compiler says of the C that Cython makes: nothing of what nobody can mend."""

from __future__ import annotations

import os
import runpy
import shlex
import subprocess
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MADE = """
#include <stdint.h>
int first(uint32_t count) { int n = 3; return n < count; }
char *second(const char *text) { char *out; out = text; return out; }
"""


def test_the_compiler_is_quiet_about_what_cython_writes(tmp_path: Path) -> None:
    source = tmp_path / "made.c"
    source.write_text(MADE)
    command = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    python_s = shlex.split(sysconfig.get_config_var("CFLAGS") or "")
    ours = runpy.run_path(str(ROOT / "setup.py"), run_name="setup")["FLAGS"]

    def said(*flags: str) -> str:
        out = ["-c", str(source), "-o", str(tmp_path / "made.o")]
        words = [*command, *python_s, "-Wsign-compare", *flags, *out]
        return subprocess.run(words, capture_output=True, text=True, check=True).stderr

    assert "warning" in said()
    assert said(*ours) == ""
    source.write_text("int third(void) { }")
    assert "return-type" in said(*ours, "-Wall")
