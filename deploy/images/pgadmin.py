"""The image nacre/pgadmin: pgAdmin 4 from PyPI on the base image, for where its makers' image can't be
pulled. It takes the same settings as theirs, as far as deploy/compose.infrastructure.yaml has them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.images import base

if TYPE_CHECKING:
    from deploy.images.build import Builder

HERE = Path(__file__).resolve().parents[1] / "pgadmin"
PINNED = "pgadmin4==9.18"


def build(builder: Builder) -> None:
    """It asks PyPI."""
    context = builder.place / "pgadmin"
    site, libraries = context / "site", context / "lib"
    libraries.mkdir(parents=True)
    _install(builder.place / "uv", site)
    shutil.copy(HERE / "config_local.py", site / "pgadmin4" / "config_local.py")
    shutil.copy(HERE / "start.py", context)
    (context / "empty").mkdir()
    for path in base.closure(site.rglob("*.so*")):
        if not path.is_relative_to(site):
            shutil.copy(path.resolve(), libraries / path.name)
    builder.build(context, "Dockerfile.pgadmin", "pgadmin", *builder.given(BASE=builder.base))


def _install(tool: Path, site: Path) -> None:
    """uv resolves its ninety dependencies in seconds; pip takes very long over them."""
    subprocess.run([sys.executable, "-m", "venv", str(tool)], check=True)
    subprocess.run([tool / "bin" / "pip", "install", "-q", "uv"], check=True)
    command = [
        tool / "bin" / "uv",
        "pip",
        "install",
        "-q",
        "--python",
        sys.executable,
        "--target",
        site,
        PINNED,
    ]
    subprocess.run(command, check=True)
