"""Makes an image's environment, /opt/nacre: nacre with the extras that EXTRAS names, from wheels, without
what no image needs. What the extras brought is imported once: a shared library that the base lacks is seen
here. Where the environment is there already, what came to it is in /added too.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TARGET = Path("/opt/nacre")
ADDED = Path("/added")
PYTHON = str(TARGET / "bin" / "python")
EXTRAS = os.environ["EXTRAS"]
ALONE = EXTRAS == "nautilus-trader"
"""Its wheels are a whole environment, nacre's dependencies that it has no need of left out."""
UNWANTED = ("tests", "include", "share")
"""The packages' own tests, and headers."""
IMPORTS = """
import importlib, re
from importlib.metadata import packages_distributions, requires
asked = [each for each in requires("nacre") if re.search("extra == .(.*).$", each)]
asked = [each for each in asked if re.search("extra == .(.*).$", each)[1] in EXTRAS]
wanted = {re.match("[a-z0-9_.-]+", each.lower())[0] for each in asked}
for module, names in packages_distributions().items():
    if wanted & {name.lower() for name in names} and module.isidentifier() and not module.startswith("_"):
        importlib.import_module(module)
"""


def files() -> set[Path]:
    return {path for path in TARGET.rglob("*") if path.is_symlink() or not path.is_dir()}


before = files()
if not before:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(TARGET)], check=True)
install = [sys.executable, "-m", "pip", "--python", PYTHON, "install", "-q", "--no-index", "--no-cache-dir"]
what = sorted(map(str, Path("/wheels").glob("*.whl"))) if ALONE else [f"nacre[{EXTRAS}]"]
subprocess.run([*install, "--find-links=/wheels", *(["--no-deps"] if ALONE else []), *what], check=True)
for folder in sorted(TARGET.rglob("*")):
    if folder.is_dir() and not folder.is_symlink() and folder.name in UNWANTED:
        shutil.rmtree(folder)
subprocess.run([PYTHON, "-c", f"EXTRAS = {EXTRAS.split(',')!r}{IMPORTS}"], check=True)
ADDED.mkdir()
for path in files() - before if before else ():
    place = ADDED / path.relative_to(TARGET)
    place.parent.mkdir(parents=True, exist_ok=True)
    path.rename(place)
