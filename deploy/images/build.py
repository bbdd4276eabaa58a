"""Builds the images nacre/core, nacre/bench and those of services with the container engine at hand:
`make images`.

A service's image is the core's and one layer more; NautilusTrader's is an environment of its own; pgAdmin's
is made from PyPI only when it is named.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.images import base, pgadmin, wheels

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
WITH_CORE = ("core", "bench")
NAUTILUS, PGADMIN = "nautilus-trader", "pgadmin"
ALL = (*IMAGES, NAUTILUS, PGADMIN)
NAUTILUS_LOCK = ROOT / "periphery" / "nautilus_trader" / "locks" / "1.231.0.lock"


def main() -> None:
    """Into the engine that DOCKER_HOST names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--base", help="an image with CPython 3.13, pip, setpriv and libgomp1  [default: made of this Python]"
    )
    parser.add_argument(
        "images", nargs="*", metavar="IMAGE", help=f"{', '.join(ALL)}  [default: all but the last two]"
    )
    parser.add_argument("--docker", default="docker", help="the client's command")
    asked = parser.parse_args()
    names = asked.images or list(IMAGES)
    unknown = [name for name in names if name not in ALL]
    if unknown:
        parser.error(f"image {', '.join(unknown)}: there is {', '.join(ALL)}")
    _must_answer(asked.docker)
    with tempfile.TemporaryDirectory(prefix="nacre-images-") as place:
        _all(Builder(asked.docker, Path(place), asked.base), names)


def _must_answer(docker: str) -> None:
    """Before minutes of packing: whether there is an engine to give the images to."""
    try:
        said = subprocess.run([docker, "info"], check=False, capture_output=True, text=True)
    except OSError as error:
        sys.exit(f"images: {docker}: {error.strerror}: install Docker, or name its client: --docker COMMAND")
    if said.returncode:
        why = (said.stderr.strip().splitlines() or ["it doesn't say why"])[-1]
        sys.exit(f"images: {docker} info: {why}: start its daemon, or name another one: DOCKER_HOST")


class Builder:
    """Of images, in a folder for contexts. base: an image to begin with; None: it is made."""

    def __init__(self, docker: str, place: Path, given: str | None) -> None:
        self.docker, self.place, self._own = docker, place, place / "own"
        self.base = given or self._base()

    def _base(self) -> str:
        tar = self.place / "base.tar"
        base.write(tar)
        command = [self.docker, "import", str(tar), "nacre/base"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        tar.unlink()
        return "nacre/base"

    def context(self, name: str, extras: Iterable[str] = ()) -> Path:
        """A new folder of that name with what every Dockerfile copies: nacre's wheel, and those of its
        extras.
        """
        found = self.place / name
        for folder in ("wheels", "empty"):
            (found / folder).mkdir(parents=True)
        shutil.copy(Path(__file__).with_name("install.py"), found)
        if not self._own.exists():
            wheels.own(self._own)
        shutil.copytree(self._own, found / "wheels", dirs_exist_ok=True)
        wheels.gather(found / "wheels", extras)
        return found

    def build(self, context: Path, file: str, tag: str, *more: str) -> None:
        words = ["build", "-q", "--network", "none", "-f", str(ROOT / "deploy" / file), "-t", f"nacre/{tag}"]
        subprocess.run(
            [self.docker, *words, *more, str(context)], check=True, env=os.environ | {"DOCKER_BUILDKIT": "0"}
        )

    def given(self, **values: str) -> list[str]:
        return [word for key, value in values.items() for word in ("--build-arg", f"{key}={value}")]


def _all(builder: Builder, names: list[str]) -> None:
    extras = [name for name in names if name in IMAGES and name not in WITH_CORE]
    if extras or set(names) & set(WITH_CORE):
        wanted = {extra for name in ("core", *extras) for extra in IMAGES[name].split(",")}
        context = builder.context("all", wanted)
        _core(builder, context, "bench" in names)
        _extras(builder, context, extras)
        shutil.rmtree(context)
    if NAUTILUS in names:
        _nautilus(builder)
    if PGADMIN in names:
        pgadmin.build(builder)


def _core(builder: Builder, context: Path, bench: bool) -> None:
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyx", "*.pxd", "*.pyi")
    shutil.copytree(ROOT / "bench", context / "bench", ignore=unwanted)
    given = builder.given(BASE=builder.base, EXTRAS=IMAGES["core"])
    builder.build(context, "Dockerfile", "core", *given, "--target", "core")
    if bench:
        builder.build(context, "Dockerfile", "bench", *given, "--target", "bench")


def _extras(builder: Builder, context: Path, names: list[str]) -> None:
    """Each a layer on the core's image. The wheels of all are in one image, which is sent once."""
    if not names:
        return
    builder.build(context, "Dockerfile.wheels", "wheels")
    (empty := builder.place / "nothing").mkdir()
    for name in names:
        builder.build(empty, "Dockerfile.extra", name, *builder.given(EXTRAS=IMAGES[name]))
    subprocess.run([builder.docker, "rmi", "nacre/wheels"], check=True, stdout=subprocess.DEVNULL)


def _nautilus(builder: Builder) -> None:
    context = builder.context("nautilus-trader")
    wheels.download(context / "wheels", NAUTILUS_LOCK)
    shutil.copytree(ROOT / "deploy" / "nautilus", context / "nautilus")
    builder.build(context, "Dockerfile.nautilus", NAUTILUS, *builder.given(BASE=builder.base))


if __name__ == "__main__":
    main()
