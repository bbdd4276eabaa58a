"""The secrets of the Compose files: random, agreed with each other, nobody else's, made once."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from deploy import make_secrets as secrets

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"


def test_they_are_made_once_and_agree(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    made = secrets.make(folder)
    texts = {name: (folder / name).read_text().strip() for name in made}
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all((folder / name).stat().st_mode & 0o222 == 0 for name in made)
    assert texts["pgpass"].endswith(f":nacre:{texts['postgres']}")
    assert texts["redis.conf"].split()[1] in texts["redis-address"]
    assert secrets.make(folder) == []
    assert {name: (folder / name).read_text().strip() for name in made} == texts
    assert secrets.texts() != secrets.texts()


def test_compose_names_those_that_are_made() -> None:
    found = yaml.safe_load((DEPLOY / "compose.infrastructure.yaml").read_text())
    assert found["secrets"].keys() == secrets.texts().keys()
    used = {
        each if isinstance(each, str) else each["source"]
        for s in found["services"].values()
        for each in s.get("secrets", [])
    }
    assert used == secrets.texts().keys()


def test_no_secret_is_in_the_environment_or_an_argument() -> None:
    text = (DEPLOY / "compose.infrastructure.yaml").read_text()
    for line in text.splitlines():
        if re.search(r"(?i)password|secret", line) and not line.strip().startswith("#"):
            assert re.search(r"_FILE|/run/secrets|secrets:|source:|NACRE_SECRETS", line), line
    assert "requirepass" not in text
