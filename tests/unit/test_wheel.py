"""What a wheel holds. Built from a copy of the sources and, but for one small module, without compiling."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("core", "core_ext", "periphery")
OUTSIDE = ("tests", "bench", "deploy", "docs")
FILES = ("setup.py", "pyproject.toml", "README.md", "LICENSE")


def build(place: Path, **env: str) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        "dist",
        ".",
    ]
    run = subprocess.run(
        command, cwd=place, env=os.environ | env, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    (wheel,) = (place / "dist").glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    place = tmp_path_factory.mktemp("wheel")
    for name in FILES:
        shutil.copy(ROOT / name, place)
    for name in PACKAGES:
        left_out = shutil.ignore_patterns("*.so", "__pycache__", "node_modules")
        shutil.copytree(ROOT / name, place / name, ignore=left_out)
    for name in OUTSIDE:  # packages by their looks, so that only setup.py keeps them out
        (place / name).mkdir()
        (place / name / "__init__.py").touch()
    return build(place, NACRE_PURE="1")


def test_only_the_packages_are_in(names: list[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_pages_are_in_as_they_are_served_and_not_as_they_are_written(names: list[str]) -> None:
    folder = ROOT / "periphery" / "frontend"
    served = {str(path.relative_to(ROOT)) for path in (folder / "static").rglob("*") if path.is_file()}
    assert f"{folder.relative_to(ROOT)}/static/index.html" in served
    found = {name for name in names if name.startswith("periphery/frontend/") and not name.endswith(".py")}
    assert found - {"periphery/frontend/__init__.pxd"} == served


def test_declarations_are_in_and_sources_are_not(names: list[str]) -> None:
    wanted = {
        str(path.relative_to(ROOT))
        for top in PACKAGES
        for pattern in ("*.py", "*.pxd", "*.pyi")
        for path in (ROOT / top).rglob(pattern)
    }
    assert wanted <= set(names)
    left = [name for name in names if name.endswith((".pyx", ".c", ".html"))]
    assert left == ["periphery/frontend/static/index.html"]


def test_an_sdist_has_what_is_compiled(tmp_path: Path) -> None:
    for name in (*FILES, "MANIFEST.in", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    words = [sys.executable, "-c", "from setuptools.build_meta import build_sdist as b; b('dist')"]
    subprocess.run(words, cwd=tmp_path, env=os.environ | {"NACRE_PURE": "1"}, check=True, capture_output=True)
    (made,) = (tmp_path / "dist").glob("*.tar.gz")
    with tarfile.open(made) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {
        str(path.relative_to(ROOT))
        for top in PACKAGES
        for pattern in ("*.py", "*.pyx", "*.pxd", "*.pyi", "*.h", "*.sql")
        for path in (ROOT / top).rglob(pattern)
    }
    assert wanted <= names
    assert {"LICENSE", "README.md", "CHANGELOG.md", "setup.py"} <= names


def test_a_compiled_module_of_the_bench_stays_out(tmp_path: Path) -> None:
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    for top in ("core", "bench"):
        (tmp_path / top).mkdir()
        (tmp_path / top / "__init__.py").touch()
    (tmp_path / "bench" / "loop.pyx").touch()
    names = build(tmp_path)
    assert [name for name in names if name.startswith("bench") or name.endswith(".so")] == []


def test_flags_for_this_processor_are_dropped(tmp_path: Path) -> None:
    """A compiler that writes down its arguments, and compiles nothing, sees what the build asks for."""
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "core").mkdir()
    for name in ("__init__.py", "one.pyx"):
        (tmp_path / "core" / name).touch()
    compiler = tmp_path / "cc"
    compiler.write_text(
        f'#!/bin/sh\necho "$@" >> "{tmp_path}/arguments"\nwhile [ "$1" != -o ]; do shift; done\n: > "$2"\n'
    )
    compiler.chmod(0o755)
    flags = "-O2 -march=native -mtune=native -DKEPT=1"
    names = build(tmp_path, CC=str(compiler), CFLAGS=flags, LDSHARED=f"{compiler} -shared")
    arguments = (tmp_path / "arguments").read_text()
    assert any(name.startswith("core/one.") and name.endswith(".so") for name in names)
    assert "-DKEPT=1" in arguments
    assert "-march" not in arguments
    assert "-mtune" not in arguments
