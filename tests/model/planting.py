"""An error planted in a copy of the project: what `make mutants` does, whatever the errors and whoever must
catch them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "build", "dist", "docs", "deploy", "__pycache__", "*.egg-info"
)
BUILD = """
import sys
from Cython.Build import cythonize
from setuptools import Extension, setup
name = sys.argv[1]
made = Extension(name.replace("/", "."), [name + ".pyx"], include_dirs=["."],
                 extra_compile_args=["-O1", "-fno-strict-aliasing", "-fvisibility=hidden"])
setup(name="mutant", packages=[], script_args=["-q", "build_ext", "--inplace"],
      ext_modules=cythonize([made], build_dir="build/cython", force=True, quiet=True,
                            compiler_directives={"language_level": "3", "embedsignature": True}))
"""


class Mutation(NamedTuple):
    """What is wrong in the copy: `new` stands where `old` stands in the module, once. first: the seed of the
    first day that is played, where days are. source: the file of it, where the module only takes it in.
    """

    what: str
    module: str
    old: str
    new: str
    first: int = 0
    source: str = ""

    def file(self, ending: str = "pyx") -> str:
        """Where it stands, from the project's folder."""
        return self.source or f"{self.module}.{ending}"


def tree(folder: Path) -> Path:
    """A copy of what the core and its models need."""
    copy = folder / "tree"
    for top in ("core", "core_ext", "tests"):
        shutil.copytree(ROOT / top, copy / top, ignore=LEFT_OUT)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def report(
    mutations: Sequence[Mutation],
    caught: Callable[[Path, Mutation], str],
    copied: Callable[[Path], Path] = tree,
) -> NoReturn:
    """Prints of each who catches it in a copy; `caught` says "" where nobody does. SystemExit: 1 if one
    survives.
    """
    survivors = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        for mutation in mutations:
            told = caught(copy, mutation)
            survivors += not told
            print(f"{'caught' if told else 'SURVIVED':8}  {mutation.what}: {told[:160]}", flush=True)
    print(f"{len(mutations) - survivors} of {len(mutations)} caught")
    raise SystemExit(1 if survivors else 0)


@contextmanager
def planted(copy: Path, mutation: Mutation, ending: str = "py") -> Iterator[None]:
    """The copy with that error; afterwards it is right again."""
    source = copy / mutation.file(ending)
    right = source.read_text()
    assert right.count(mutation.old) == 1, f"{mutation.what}: found {right.count(mutation.old)} times"
    source.write_text(right.replace(mutation.old, mutation.new))
    try:
        yield
    finally:
        source.write_text(right)


@contextmanager
def compiled(copy: Path, mutation: Mutation) -> Iterator[None]:
    """The same of a compiled module. RuntimeError: with the error it doesn't compile."""
    built = next(copy.glob(f"{mutation.module}.*.so"))
    right = built.read_bytes()
    with planted(copy, mutation, "pyx"):
        try:
            made = run(copy, "-c", BUILD, mutation.module)
            if made.returncode:
                raise RuntimeError(f"{mutation.what}: doesn't compile\n{made.stderr[-2000:]}")
            yield
        finally:
            built.write_bytes(right)


def run(copy: Path, *arguments: str, within_s: float | None = None) -> subprocess.CompletedProcess[str]:
    """Python in the copy. subprocess.TimeoutExpired."""
    environment = {**os.environ, "PYTHONPATH": os.fspath(copy)}
    return subprocess.run(
        [sys.executable, "-P", *arguments], cwd=copy, env=environment, capture_output=True, text=True,
        check=False, timeout=within_s,
    )  # fmt: skip
