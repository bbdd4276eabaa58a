"""Builds the images nacre/core, nacre/bench and those of services with the container engine at hand:
`make images`.
"""

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
IMAGES = {
    "core": "periphery",
    "bench": "periphery",
    "features": "periphery,features",
    "ml": "periphery,features,ml",
    "factor": "periphery,factor",
    "portfolio": "periphery,portfolio",
    "analytics": "periphery,analytics",
    "market-data": "periphery,parquet,calendars",
    "backend": "periphery,backend",
}
"""The extras that each is made with. What needs no more than the core's has its image: bridge, recorder,
websocket, cache, the engines bars and risk.
"""


def main() -> None:
    """Into the engine that DOCKER_HOST names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--base", help="an image with CPython 3.13, pip, setpriv and libgomp1  [default: made of this Python]"
    )
    parser.add_argument("images", nargs="*", metavar="IMAGE", help=f"{', '.join(IMAGES)}  [default: all]")
    parser.add_argument("--docker", default="docker", help="the client's command")
    asked = parser.parse_args()
    names = asked.images or list(IMAGES)
    unknown = [name for name in names if name not in IMAGES]
    if unknown:
        parser.error(f"image {', '.join(unknown)}: there is {', '.join(IMAGES)}")
    with tempfile.TemporaryDirectory(prefix="nacre-images-") as place:
        found = asked.base or _base(asked.docker, Path(place))
        _context(context := Path(place) / "context", {e for name in names for e in IMAGES[name].split(",")})
        for name in names:
            _build(asked.docker, context, found, name)


def _base(docker: str, place: Path) -> str:
    tar = place / "base.tar"
    base.write(tar)
    subprocess.run([docker, "import", str(tar), "nacre/base"], check=True, stdout=subprocess.DEVNULL)
    tar.unlink()
    return "nacre/base"


def _context(context: Path, extras: set[str]) -> None:
    """All that the Dockerfile copies."""
    for name in ("wheels", "empty"):
        (context / name).mkdir(parents=True)
    wheels.gather(context / "wheels", extras)
    shutil.copy(Path(__file__).with_name("install.py"), context)
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyx", "*.pxd", "*.pyi")
    shutil.copytree(ROOT / "bench", context / "bench", ignore=unwanted)


def _build(docker: str, context: Path, base_image: str, name: str) -> None:
    words = ["build", "-q", "--network", "none", "--build-arg", f"BASE={base_image}"]
    words += ["--build-arg", f"EXTRAS={IMAGES[name]}", "--target", "bench" if name == "bench" else "core"]
    words += ["-t", f"nacre/{name}", "-f", str(ROOT / "deploy" / "Dockerfile"), str(context)]
    subprocess.run([docker, *words], check=True, env=os.environ | {"DOCKER_BUILDKIT": "0"})


if __name__ == "__main__":
    main()
