"""A journal that an older version wrote is read by this one: one is kept of every schema.

tests/reference/journals/schema-N.nacre is a live core's: two accounts that buy and sell, a replace, a cancel,
an order that is denied. A new schema needs one more; those that are there stay.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from core.build import SCHEMA_VERSION
from core.recovery import export, info, replay, verify

KEPT = Path(__file__).resolve().parents[3] / "reference" / "journals"
SCHEMAS = sorted(int(path.stem.removeprefix("schema-")) for path in KEPT.glob("schema-*.nacre"))


@pytest.fixture(params=SCHEMAS)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    found = tmp_path / "journal"
    found.mkdir()
    (found / "00000001.nacre").write_bytes((KEPT / f"schema-{request.param}.nacre").read_bytes())
    return found


def test_there_is_one_of_every_schema() -> None:
    assert list(range(1, SCHEMA_VERSION + 1)) == SCHEMAS


def test_it_is_whole_and_told(journal: Path) -> None:
    assert verify(journal)["ok"]
    told = info(journal)
    assert told["schema_version"] in SCHEMAS
    assert told["records"] == told["last_sequence"] == 35
    kinds = {"order": 5, "replace": 1, "cancel": 1, "slice": 4, "report": 8, "quote": 1}
    assert kinds.items() <= told["events"].items()


def test_its_events_are_read_in_words(journal: Path) -> None:
    out = io.StringIO()
    export(journal, out)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == 35


def test_this_version_decides_what_that_one_did(journal: Path) -> None:
    """Every event that the engines derived comes again, with the same words."""
    told = replay(journal)
    assert (told["ok"], told["events"], told["derived"], told["completed"]) == (True, 35, 6, 0)
