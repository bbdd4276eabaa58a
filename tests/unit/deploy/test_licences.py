"""No licence in what is shipped that asks for nacre's own source, and none that nobody has read."""

from __future__ import annotations

import json
import re
from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from deploy.images import wheels
from deploy.images.build import IMAGES
from deploy.setup import licences

DOCS = licences.ROOT / "docs" / "licences.md"


def test_all_that_is_locked_may_be_shipped() -> None:
    rows = list(licences.python_packages())
    assert len(rows) == len(licences.locked()) > 50
    assert [(row.name, row.problem) for row in rows if row.problem] == []


def test_all_that_the_front_end_ships_may_be_shipped() -> None:
    assert [(row.name, row.problem) for row in licences.npm_packages() if row.problem] == []


def test_lesser_licences_are_those_that_are_named() -> None:
    found = {row.name for row in licences.python_packages() if "LGPL" in row.licence}
    assert found <= licences.LESSER
    text = DOCS.read_text()
    assert all(f"`{name}`" in text for name in licences.LESSER)


def test_the_images_hold_nothing_but_what_is_locked() -> None:
    extras = {extra for each in IMAGES.values() for extra in each.split(",")}
    assert wheels.names(extras) <= licences.locked().keys()


def test_the_page_names_what_is_allowed() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", DOCS.read_text(), re.MULTILINE)
    assert set(rows) == licences.PERMISSIVE | licences.WEAK | {"LGPL-3.0"}


@pytest.mark.parametrize(
    "licence",
    [
        "MIT",
        "MIT AND BSD-3-Clause",
        "(MIT)",
        "GPL-3.0-only OR MIT",
        "(GPL-2.0-or-later OR MIT) AND Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "MPL-2.0",
    ],
)
def test_may_be_used(licence: str) -> None:
    assert licences.refusal("some", licence) == ""


@pytest.mark.parametrize(
    "licence",
    [
        "",
        "GPL-3.0-only",
        "AGPL-3.0-or-later",
        "MIT AND GPL-2.0-only",
        "AGPL-3.0-only OR GPL-3.0-only",
        "(MIT OR Apache-2.0) AND (GPL-2.0-only OR AGPL-3.0-only)",
        "LGPL-3.0-only",
        "GPL-3.0-only WITH GCC-exception-3.1",
        "Proprietary",
    ],
)
def test_may_not_be_used(licence: str) -> None:
    assert licences.refusal("some", licence)


def test_a_lesser_licence_is_of_the_named_alone() -> None:
    assert licences.refusal("psycopg", "LGPL-3.0-only") == ""
    assert "LGPL" in licences.refusal("other", "LGPL-3.0-only")
    assert licences.refusal("psycopg", "GPL-3.0-only")


def _installed(folder: Path, *lines: str) -> PathDistribution:
    info = folder / "some-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "\n".join(["Metadata-Version: 2.4", "Name: some", "Version: 1", *lines, "", ""])
    )
    return PathDistribution(info)


@pytest.mark.parametrize(
    ("lines", "licence"),
    [
        (["License-Expression: MIT"], "MIT"),
        (["License: BSD"], "BSD-3-Clause"),
        (["Classifier: License :: OSI Approved :: GNU Affero General Public License v3"], "AGPL-3.0-only"),
        (["Classifier: License :: OSI Approved :: MIT License"], "MIT"),
        (
            ["License: " + "A long text. " * 20, "Classifier: License :: OSI Approved :: BSD License"],
            "BSD-3-Clause",
        ),
        (["License: See the file"], ""),
    ],
)
def test_metadata_is_read(tmp_path: Path, lines: list[str], licence: str) -> None:
    assert licences.licence_of(_installed(tmp_path, *lines)) == licence


def test_npm_packages_that_are_shipped(tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"
    packages = {
        "": {"name": "front", "version": "1"},
        "node_modules/good": {"version": "1", "license": "MIT"},
        "node_modules/good/node_modules/bad": {"version": "2", "license": "AGPL-3.0-only"},
        "node_modules/builds": {"version": "3", "license": "GPL-3.0-only", "dev": True},
        "node_modules/silent": {"version": "4"},
    }
    lock.write_text(json.dumps({"packages": packages}))
    found = {row.name: row.problem for row in licences.npm_packages(lock)}
    assert found.keys() == {"good", "bad", "silent"}
    assert found["good"] == ""
    assert "AGPL" in found["bad"]
    assert "no licence" in found["silent"]
