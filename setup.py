"""Finds and compiles the Cython modules; everything else is in pyproject.toml."""

import os
import shlex
import sys
from pathlib import Path

from setuptools import Extension, find_packages, setup

COMPILED = ("core_ext", "core")
CHECKOUT = ("bench",)  # compiled in place as well, and in no wheel
PACKAGES = ("core_ext", "core", "periphery")
# NACRE_FAULT_POINTS: a build for tests, whose processes can be killed at each store; core_ext/fault_points.
FAULTS = os.environ.get("NACRE_FAULT_POINTS") == "1"
MACROS: list[tuple[str, str | None]] = [("NACRE_FAULT_POINTS", "1")] if FAULTS else []
SPEED = ["-O1", "-g0"] if FAULTS else ["-O3"]
# Cython's C compares an int with any size and drops const: nobody can mend that. Other warnings stay.
QUIET = ["-Wno-sign-compare", "-Wno-discarded-qualifiers"]
FLAGS = [*SPEED, *QUIET, "-fno-strict-aliasing", "-fno-plt", "-fvisibility=hidden"]
# What changes the meaning of code (bounds, wrap-around, division) stands in each file's first line.
DIRECTIVES = {"language_level": "3", "embedsignature": True}


def portable(flags: str) -> str:
    """Drops what ties code to this machine's processor: a wheel runs on another."""
    return shlex.join(f for f in shlex.split(flags) if not f.startswith(("-march", "-mcpu", "-mtune")))


def extensions() -> list[Extension]:
    tops = COMPILED + (CHECKOUT if "--inplace" in sys.argv else ())
    sources = sorted(path for top in tops for path in Path(top).rglob("*.pyx"))
    return [
        Extension(
            ".".join(path.with_suffix("").parts),
            [str(path)],
            include_dirs=["."],
            define_macros=MACROS,
            extra_compile_args=FLAGS,
        )
        for path in sources
    ]


def compiled() -> list[Extension]:
    # NACRE_PURE: the Python part alone, for an editable install whose modules are compiled in place.
    found = [] if os.environ.get("NACRE_PURE") == "1" else extensions()
    if not found:
        return []
    from Cython.Build import cythonize

    modules: list[Extension] = cythonize(
        found,
        build_dir="build/cython",
        nthreads=2,
        annotate=os.environ.get("NACRE_ANNOTATE") == "1",
        compiler_directives=DIRECTIVES,
    )
    return modules


# The guard matters: cythonize's workers may import this file again.
if __name__ == "__main__":
    for name in ("CFLAGS", "CPPFLAGS"):
        if name in os.environ:
            os.environ[name] = portable(os.environ[name])
    setup(
        packages=find_packages(include=[pattern for top in PACKAGES for pattern in (top, f"{top}.*")]),
        package_dir={"": "."},
        package_data={
            "": ["*.pxd", "*.pyi", "py.typed"],
            "periphery.recorder": ["sql/*/*.sql"],
            "periphery.nautilus_trader": ["locks/*.lock", "*.json"],
            "periphery.frontend": ["static/*", "static/assets/*"],
        },
        ext_modules=compiled(),
        options={"build_ext": {"parallel": 2}},
        zip_safe=False,
    )
