"""Builds the images nacre/core and nacre/bench with the container engine at hand: `make images`."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.images import base, wheels

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("core", "bench")


def main() -> None:
    """Into the engine that DOCKER_HOST names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--base", help="an image with CPython 3.13, pip and setpriv  [default: made of this Python]"
    )
    parser.add_argument("--docker", default="docker", help="the client's command")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nacre-images-") as place:
        found = asked.base or _base(asked.docker, Path(place))
        _context(context := Path(place) / "context")
        for target in TARGETS:
            _build(asked.docker, context, found, target)


def _base(docker: str, place: Path) -> str:
    tar = place / "base.tar"
    base.write(tar)
    subprocess.run([docker, "import", str(tar), "nacre/base"], check=True, stdout=subprocess.DEVNULL)
    tar.unlink()
    return "nacre/base"


def _context(context: Path) -> None:
    """All that the Dockerfile copies."""
    for name in ("wheels", "empty"):
        (context / name).mkdir(parents=True)
    wheels.gather(context / "wheels")
    shutil.copy(Path(__file__).with_name("trim.py"), context)
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyx", "*.pxd", "*.pyi")
    shutil.copytree(ROOT / "bench", context / "bench", ignore=unwanted)


def _build(docker: str, context: Path, base_image: str, target: str) -> None:
    words = ["build", "-q", "--network", "none", "--build-arg", f"BASE={base_image}", "--target", target]
    words += ["-t", f"nacre/{target}", "-f", str(ROOT / "deploy" / "Dockerfile"), str(context)]
    subprocess.run([docker, *words], check=True, env=os.environ | {"DOCKER_BUILDKIT": "0"})


if __name__ == "__main__":
    main()
