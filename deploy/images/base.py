"""Writes a root file system with this Python and nothing else, as a tar file: a base image where none can be
pulled.

In it: the interpreter and its library at /usr/local, setpriv, every shared library that they load, pip, and
the two users. There is no shell. `docker import` makes an image of it; the Dockerfile takes it as BASE.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

PREFIX = Path(sys.base_prefix)
VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
LIBRARY = PREFIX / "lib" / VERSION
ENVIRONMENT = Path(
    sysconfig.get_path("purelib")
)  # its wheels are those of the image: they load libraries too
LEFT_OUT = {
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "turtledemo",
    "lib2to3",
    "ensurepip/_bundled",
    "pydoc_data",
}
USERS = "root:x:0:0:root:/:/sbin/nologin\nnacre:x:10001:10001:nacre:/var/lib/nacre:/sbin/nologin\n"
GROUPS = "root:x:0:\nnacre:x:10001:\n"
LOADED = re.compile(r"(?:=> )?(/\S+) \(0x")


def write(target: Path) -> None:
    """The whole file system. FileNotFoundError: no setpriv here (Debian: util-linux)."""
    with tarfile.open(target, "w") as tar:
        for folder in (
            "usr/bin",
            "usr/lib",
            "usr/lib64",
            "usr/local/bin",
            "etc",
            "tmp",
            "proc",
            "sys",
            "dev",
            "run",
        ):
            _folder(tar, folder)
        for name in ("bin", "lib", "lib64"):
            _link(tar, name, f"usr/{name}")
        _python(tar)
        programs = [_setpriv(), PREFIX / "bin" / VERSION]
        tar.add(programs[0], "usr/bin/setpriv")
        libraries = closure([*programs, *LIBRARY.rglob("*.so"), *ENVIRONMENT.rglob("*.so*")])
        for library in sorted(path for path in libraries if not path.is_relative_to(ENVIRONMENT)):
            _shared(tar, library)
        _text(tar, "etc/passwd", USERS)
        _text(tar, "etc/group", GROUPS)


def closure(files: Iterable[Path]) -> set[Path]:
    """Every shared library that the files load, where the loader finds it here."""
    names = [str(path) for path in files]
    told = subprocess.run(["ldd", *names], capture_output=True, text=True, check=False).stdout
    return {Path(found) for found in LOADED.findall(told)}


def _setpriv() -> Path:
    found = shutil.which("setpriv")
    if found is None:
        raise FileNotFoundError("no setpriv on PATH: install util-linux")
    return Path(found).resolve()


def _python(tar: tarfile.TarFile) -> None:
    tar.add(PREFIX / "bin" / VERSION, f"usr/local/bin/{VERSION}")
    for name in ("python3", "python"):
        _link(tar, f"usr/local/bin/{name}", VERSION)
    for path in _kept(LIBRARY):
        tar.add(path, f"usr/local/lib/{VERSION}/{path.relative_to(LIBRARY)}", recursive=False)


def _kept(folder: Path) -> Iterator[Path]:
    """The standard library and pip, without tests and what needs a screen."""
    for path in sorted(folder.iterdir()):
        if (
            path.name in LEFT_OUT
            or path.name.startswith("config-")
            or path.name.endswith((".opt-1.pyc", ".opt-2.pyc"))
        ):
            continue
        if path.name == "site-packages":
            yield from (
                found for found in path.rglob("*") if found.relative_to(path).parts[0].startswith("pip")
            )
        elif path.is_dir():
            yield path
            yield from _kept(path)
        else:
            yield path


def _shared(tar: tarfile.TarFile, library: Path) -> None:
    """At its own path, or where the loader looks by itself: the image has no cache of places."""
    own = (
        library.is_relative_to("/lib")
        or library.is_relative_to("/lib64")
        or library.is_relative_to("/usr/lib")
    )
    place = str(library).removeprefix("/usr") if own else f"/lib/{library.name}"
    tar.add(library.resolve(), f"usr{place}")


def _folder(tar: tarfile.TarFile, name: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
    tar.addfile(info)


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    tar.addfile(info)


def _text(tar: tarfile.TarFile, name: str, text: str) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(text), 0o644
    tar.addfile(info, io.BytesIO(text.encode()))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
