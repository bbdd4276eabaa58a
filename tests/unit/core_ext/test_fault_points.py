"""Fault points: nothing of them is in the code that runs; each store that publishes has one on each side."""

from __future__ import annotations

import re
import shlex
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MODULES = [path for top in ("core", "core_ext") for path in sorted((ROOT / top).rglob("*.so"))]
C_FILE = ROOT / "build/cython/core_ext/ring.c"
POINTS = re.findall(r"^    ([A-Z_]+) = (\d+)", (ROOT / "core_ext/fault_points.pxd").read_text(), re.MULTILINE)


def machine_code(text: str, out: Path, *options: str) -> bytes:
    """What the compiler makes of a generated file: instructions and data, without where they came from."""
    source = out.with_suffix(".c")
    source.write_text(text)
    compiler = shlex.split(sysconfig.get_config_var("CC"))
    flags = ["-O1", "-g0", "-fPIC", f"-I{sysconfig.get_path('include')}", f"-I{ROOT}", *options]
    subprocess.run([*compiler, *flags, "-c", str(source), "-o", str(out)], check=True, capture_output=True)
    dump = ["objcopy", "-O", "binary", "--only-section=.text", str(out), str(out.with_suffix(".text"))]
    subprocess.run(dump, check=True, capture_output=True)
    return out.with_suffix(".text").read_bytes()


def test_the_default_build_has_no_trace_of_them(tmp_path: Path) -> None:
    text = C_FILE.read_text()
    call = re.compile(r"\bNACRE_(?:BEFORE|AFTER)\(__pyx_[^()]*\);")
    assert len(call.findall(text)) >= 4
    with_calls = machine_code(text, tmp_path / "with.o")
    assert with_calls == machine_code(call.sub(";", text), tmp_path / "without.o")
    assert with_calls != machine_code(text, tmp_path / "armed.o", "-DNACRE_FAULT_POINTS=1")


def test_no_module_knows_the_file_that_arms_them() -> None:
    assert MODULES
    assert [path.name for path in MODULES if b"NACRE_FAULTS" in path.read_bytes()] == []


def test_each_point_is_used_before_and_after() -> None:
    sources = [
        path
        for top in ("core", "core_ext")
        for end in ("pyx", "pxd")
        for path in (ROOT / top).rglob(f"*.{end}")
    ]
    text = "\n".join(path.read_text() for path in sources)
    for name, number in POINTS:
        assert int(number) % 2 == 0
        assert text.count(f"fault_before({name})") == text.count(f"fault_after({name})") >= 1, name


@pytest.mark.parametrize("header", ["ring", "spine"])
def test_every_release_in_a_primitive_is_a_point(header: str) -> None:
    """Beside those that lay the memory out, and the cached indices."""
    text = (ROOT / f"core_ext/{header}.pxd").read_text()
    stores = [line for line in text.splitlines() if re.match(r"\s+store_release\(", line)]
    assert len(stores) == text.count("fault_before(") - text.count("fault_before(SPINE_CLAIM)")
