"""The audit of dependencies: what is known, and that what can't be asked about isn't called good."""

from __future__ import annotations

from deploy.setup.audit import LOCKS, code, failed, told

GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "c", "skip_reason": "Dependency not found"}


def test_what_is_known_is_told_by_package_and_version() -> None:
    found = told([GOOD, BAD])
    assert found == {"packages": 2, "vulnerabilities": ["b 2: PYSEC-1"], "unknown": [], "why": ""}


def test_only_what_was_asked_about_is_good() -> None:
    assert code([told([GOOD])]) == 0
    assert code([told([GOOD]), told([UNKNOWN])]) == 2
    assert code([told([GOOD]), failed("some\nConnectionError: reset\n")]) == 2
    assert code([told([UNKNOWN]), told([BAD])]) == 1


def test_every_lock_is_asked_about() -> None:
    assert {"requirements.lock", "aeron.lock", "audit.lock"} <= {lock.name for lock in LOCKS}
