"""The documentation's site: it builds without a warning, and what is made of the code is in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core import messages as m
from core.scenario.schema import TYPES
from periphery.service.registry import PLACES
from tests.support_docs import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(made)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return made


def test_every_page_is_in_it(site: Path) -> None:
    pages = {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"}
    assert pages - {path.parent.name for path in site.glob("*/index.html")} == set()


def test_the_reference_has_what_the_code_has(site: Path) -> None:
    def text(path: str) -> str:
        return (site / "reference" / path / "index.html").read_text()

    for words in ("order buy", "order algo", "core run", "journal replay"):
        assert f"nacre {words}" in text(f"commands/{words.split()[0]}")
    assert all(f'id="{name}"' in text("lines") for name in TYPES)
    assert all(f'id="{kind.__name__.lower()}"' in text("events") for kind in (m.Reason, m.Kind, m.OrdStatus))
    assert all(f'id="{name}"' in text("services") for name in PLACES)
    assert "submit" in text("client")
    assert "on_quote" in text("strategy")
