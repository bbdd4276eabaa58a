"""The bundle is of the sources beside it and of the backend's document; what builds it is as it should be."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from periphery.frontend import types
from periphery.frontend.bundle import BUILT_OF, DIGEST, HERE, STATIC, digest, sources

REMEDY = "run `make frontend`, and commit what it made"


def test_the_bundle_is_of_these_sources() -> None:
    assert DIGEST.read_text().strip() == digest(), REMEDY


def test_another_source_is_another_digest(tmp_path: Path) -> None:
    for name in BUILT_OF:
        copy = shutil.copytree if (HERE / name).is_dir() else shutil.copy
        copy(HERE / name, tmp_path / name)
    assert digest(tmp_path) == digest()
    changed = tmp_path / "src" / "main.tsx"
    changed.write_text(changed.read_text() + "\n")
    assert digest(tmp_path) != digest()
    changed.rename(changed.with_name("other.tsx"))
    assert len(list(sources(tmp_path))) == len(list(sources()))
    assert digest(tmp_path) != digest()


def test_the_types_are_of_the_backend_s_document() -> None:
    assert types.SCHEMA.read_text().startswith(types.mark(types.text())), REMEDY


def test_words_change_no_type_but_a_field_of_that_name_does() -> None:
    told = {"title": "A", "properties": {"title": {"type": "string", "description": "of a book"}}}
    assert types.typed(told) == {"properties": {"title": {"type": "string"}}}


def test_the_bundle_has_what_its_page_loads() -> None:
    page = (STATIC / "index.html").read_text()
    names = {path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()}
    loaded = {part.split('"')[0] for part in page.replace('src="/', 'href="/').split('href="/')[1:]}
    assert loaded
    assert loaded <= names
    assert "http" not in page


def test_ag_grid_is_the_community_s_alone() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())
    grids = {name for name in lock["packages"] if "ag-grid" in name}
    assert grids == {"node_modules/ag-grid-community"}
    assert lock["packages"]["node_modules/ag-grid-community"]["license"] == "MIT"
    for path in (HERE / "src").rglob("*.ts*"):
        assert "enterprise" not in path.read_text(), path
    for path in STATIC.rglob("*.js"):
        assert "LicenseManager" not in path.read_text(), path


def test_what_it_is_built_with_is_pinned_and_says_no_registry() -> None:
    package = json.loads((HERE / "package.json").read_text())
    versions = [*package["dependencies"].values(), *package["devDependencies"].values()]
    assert all(version[0].isdigit() for version in versions), versions
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert not [name for name, told in lock.items() if "resolved" in told]
    assert all("integrity" in told for name, told in lock.items() if name)
    assert {"ignore-scripts=true", "omit-lockfile-registry-resolved=true"} <= set(
        (HERE / ".npmrc").read_text().split()
    )


def test_licences_are_permissive() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]
    bundled = {name: told["license"] for name, told in lock.items() if name and not told.get("dev")}
    assert set(bundled.values()) <= {"MIT", "Apache-2.0", "ISC", "BSD-3-Clause"}, bundled
