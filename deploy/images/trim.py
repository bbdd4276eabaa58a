"""Removes from an environment what no image needs: the packages' own tests, and headers."""

import shutil
import sys
from pathlib import Path

for folder in sorted(Path(sys.argv[1]).rglob("*")):
    if folder.is_dir() and not folder.is_symlink() and folder.name in ("tests", "include", "share"):
        shutil.rmtree(folder)
