"""Makes an image's environment, /opt/nacre: nacre with the extras that EXTRAS names, from wheels, without
what no image needs. What the extras brought is imported once: a shared library that the base lacks is seen
here.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

TARGET = Path("/opt/nacre")
PYTHON = str(TARGET / "bin" / "python")
EXTRAS = os.environ["EXTRAS"]
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

install = ["-m", "pip", "--python", PYTHON, "install", "-q", "--no-index", "--no-cache-dir"]
subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(TARGET)], check=True)
subprocess.run([sys.executable, *install, "--find-links=/wheels", f"nacre[{EXTRAS}]"], check=True)
for folder in sorted(TARGET.rglob("*")):
    if folder.is_dir() and not folder.is_symlink() and folder.name in UNWANTED:
        shutil.rmtree(folder)
subprocess.run([PYTHON, "-c", f"EXTRAS = {EXTRAS.split(',')!r}{IMPORTS}"], check=True)
