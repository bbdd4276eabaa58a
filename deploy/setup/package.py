"""`make build`: sdist, wheel and the list of what it needs (CycloneDX), in dist/.

A wheel that needs nothing but the C library of some age gets the tag that says so (manylinux_2_NN): pip takes
it on every Linux with that one or a newer. One that needs another library gets none, and the build fails.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import uuid
import zipfile
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).with_name("requirements.lock")
C_LIBRARY = re.compile(r"(lib(c|m|dl|rt|pthread)|ld-linux(-[a-z0-9-]+)?)\.so\.\d+")
_NEEDED = re.compile(r"NEEDED +(\S+)")
_SYMBOL = re.compile(r"\bGLIBC_2\.(\d+)")
_PIN = re.compile(r"^(\S+)==(\S+) \\$")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


class NotPortable(Exception):
    """A compiled module needs more than the C library."""


def main() -> None:
    """Into dist/, which is made anew."""
    dist = ROOT / "dist"
    for old in dist.glob("*") if dist.is_dir() else ():
        old.unlink()
    python = (sys.executable, "-c")
    build = "from setuptools.build_meta import build_{0} as build; build('dist')"
    for what, pure in (
        ("sdist", "1"),
        ("wheel", ""),
    ):  # an sdist has sources: nothing is to be compiled for it
        environment = os.environ | {"NACRE_PURE": pure}
        subprocess.run(
            [*python, build.format(what)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env=environment
        )
    (wheel,) = dist.glob("*.whl")
    tag = f"manylinux_2_{oldest(wheel)}_{_machine(wheel)}"
    words = [sys.executable, "-m", "wheel", "tags", "--remove", "--platform-tag", tag, str(wheel)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    (dist / "nacre.cdx.json").write_text(json.dumps(bill(LOCK.read_text()), indent=1) + "\n")
    for made in sorted(dist.iterdir()):
        print(made.relative_to(ROOT))


def _machine(wheel: Path) -> str:
    return wheel.stem.rpartition("linux_")[2]


def oldest(wheel: Path) -> int:
    """The C library that its modules need at least: 34 is 2.34. NotPortable."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        modules = [name for name in archive.namelist() if name.endswith(".so")]
        archive.extractall(folder, modules)
        said = {name: _objdump(Path(folder) / name) for name in modules}
    return needed(said)


def _objdump(module: Path) -> str:
    words = ["objdump", "-p", "-T", str(module)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def needed(said: dict[str, str]) -> int:
    """said: what objdump says of each module. At least 17, which is what Python itself is built for."""
    newest = 17
    for name, text in said.items():
        for library in _NEEDED.findall(text):
            if C_LIBRARY.fullmatch(library) is None:
                raise NotPortable(f"{name} needs {library}: link it statically, or do without")
        newest = max([newest, *(int(minor) for minor in _SYMBOL.findall(text))])
    return newest


def bill(lock: str) -> dict[str, Any]:
    """What is in the lock, as CycloneDX has it: names, versions, hashes of wheels, licences where known."""
    components: list[dict[str, Any]] = []
    for line in lock.splitlines():
        if pin := _PIN.match(line):
            name, pinned = pin.groups()
            components.append(
                {
                    "type": "library",
                    "name": name,
                    "version": pinned,
                    "purl": f"pkg:pypi/{name}@{pinned.replace('!', '%21')}",
                    "licenses": [{"license": {"name": text}} for text in licences(name)],
                    "properties": [],
                }
            )
        components[-1:] = [_with_hashes(each, _HASH.findall(line)) for each in components[-1:]]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, lock)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "nacre", "version": _version()}},
        "components": components,
    }


def _with_hashes(component: dict[str, Any], found: Iterable[str]) -> dict[str, Any]:
    """A hash a wheel: which of them is installed depends on the machine, so they are properties."""
    component["properties"] += [{"name": "nacre:wheel:sha256", "value": value} for value in found]
    return component


def licences(name: str) -> list[str]:
    """As the installed package says; none where it isn't installed here."""
    try:
        told = metadata(name)
    except PackageNotFoundError:
        return []
    if expression := told.get("License-Expression"):
        return [str(expression)]
    classified = [each for each in told.get_all("Classifier") or [] if each.startswith("License ::")]
    return [each.rpartition(" :: ")[2] for each in classified]


def _version() -> str:
    return version("nacre")


if __name__ == "__main__":
    main()
