"""The models that there are: versions that never change, what stage each is at, and who moved it.

One SQLite file. A version once added stays as it is, as does every line of the audit; the database itself
refuses to change them. Of a name at most one version is champion.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from periphery.ml.models import Model, load
from periphery.ml.training import Manifest

Stage = Literal["shadow", "challenger", "champion", "retired"]
SCHEMA = """
CREATE TABLE IF NOT EXISTS versions (
    name TEXT NOT NULL, version INTEGER NOT NULL, manifest BLOB NOT NULL, artefact BLOB NOT NULL,
    digest TEXT NOT NULL, time_ns INTEGER NOT NULL, by TEXT NOT NULL, PRIMARY KEY (name, version));
CREATE TABLE IF NOT EXISTS stages (
    name TEXT NOT NULL, version INTEGER NOT NULL, stage TEXT NOT NULL, PRIMARY KEY (name, version),
    FOREIGN KEY (name, version) REFERENCES versions (name, version));
CREATE UNIQUE INDEX IF NOT EXISTS one_champion ON stages (name) WHERE stage = 'champion';
CREATE TABLE IF NOT EXISTS audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT, time_ns INTEGER NOT NULL, name TEXT NOT NULL,
    version INTEGER NOT NULL, was TEXT, now TEXT NOT NULL, by TEXT NOT NULL, why TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS versions_stay BEFORE UPDATE ON versions
    BEGIN SELECT RAISE(ABORT, 'a version never changes'); END;
CREATE TRIGGER IF NOT EXISTS versions_last BEFORE DELETE ON versions
    BEGIN SELECT RAISE(ABORT, 'a version is never removed: retire it'); END;
CREATE TRIGGER IF NOT EXISTS audit_stays BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit never changes'); END;
CREATE TRIGGER IF NOT EXISTS audit_lasts BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit never changes'); END;
"""
BUSY_S = 30.0


class BadRegistry(ValueError):
    """A registry or version that isn't there, is damaged, or can't be moved as asked."""


class Version(NamedTuple):
    """A version with its bytes, as they were when it was added."""

    name: str
    version: int
    stage: Stage
    manifest: Manifest
    artefact: bytes
    digest: str
    time_ns: int
    by: str

    def model(self) -> Model:
        """BadModel."""
        return load(self.manifest.training.model, self.artefact, self.manifest.inputs)


class Registry:
    """The models in a file. Each call is a transaction of its own."""

    def __init__(self, path: Path, make: bool = False) -> None:
        """make: where there is none. BadRegistry."""
        if not make and not path.is_file():
            raise BadRegistry(f"{path}: no such registry; `nacre ml train` makes one")
        self.path = path
        if make:
            with self._reading() as db:
                db.executescript(SCHEMA)

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)) as db:
                db.execute("PRAGMA foreign_keys = ON")
                yield db
        except sqlite3.Error as error:
            raise BadRegistry(f"{self.path}: {error}") from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    # ---- versions ------------------------------------------------------------------------------------------

    def add(self, manifest: Manifest, artefact: bytes, by: str, why: str = "trained") -> int:
        """The version's number; it begins as a shadow."""
        name, raw, now = manifest.training.name, msgspec.json.encode(manifest), time.time_ns()
        with self._writing() as db:
            (last,) = db.execute("SELECT max(version) FROM versions WHERE name = ?", (name,)).fetchone()
            version = (last or 0) + 1
            row = (name, version, raw, artefact, _digest(raw, artefact), now, by)
            db.execute("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?)", row)
            db.execute("INSERT INTO stages VALUES (?, ?, 'shadow')", (name, version))
            _note(db, now, name, version, None, "shadow", by, why)
        return version

    def get(self, name: str, version: int) -> Version:
        """BadRegistry: there is none, or its bytes aren't those that were added."""
        with self._reading() as db:
            row = db.execute(
                "SELECT manifest, artefact, digest, time_ns, by, stage FROM versions JOIN stages"
                " USING (name, version) WHERE name = ? AND version = ?",
                (name, version),
            ).fetchone()
        if row is None:
            raise BadRegistry(f"{self.path}: no version {version} of {name!r}")
        raw, artefact, digest, time_ns, by, stage = row
        if _digest(raw, artefact) != digest:
            raise BadRegistry(f"{self.path}: version {version} of {name!r} isn't what was added: damaged")
        manifest = msgspec.json.decode(raw, type=Manifest)
        return Version(name, version, stage, manifest, artefact, digest, time_ns, by)

    def versions(self, name: str | None = None) -> list[dict[str, Any]]:
        """Every version with its stage, in the order of name and version."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT name, version, stage, time_ns, by, digest FROM versions JOIN stages"
                " USING (name, version) WHERE ? IS NULL OR name = ? ORDER BY name, version",
                (name, name),
            ).fetchall()
        keys = ("name", "version", "stage", "time_ns", "by", "digest")
        return [dict(zip(keys, row, strict=True)) for row in rows]

    def at(self, name: str, stage: Stage) -> list[int]:
        """The versions at a stage."""
        return [row["version"] for row in self.versions(name) if row["stage"] == stage]

    # ---- stages --------------------------------------------------------------------------------------------

    def move(self, name: str, version: int, stage: Stage, by: str, why: str = "") -> list[dict[str, Any]]:
        """Puts a version at a stage; a champion before it becomes challenger. What moved. BadRegistry."""
        with self._writing() as db:
            known = dict(db.execute("SELECT version, stage FROM stages WHERE name = ?", (name,)).fetchall())
            if version not in known:
                raise BadRegistry(f"{self.path}: no version {version} of {name!r}")
            moves = [(version, stage)] if known[version] != stage else []
            if stage == "champion" and moves:
                moves = [(v, "challenger") for v, was in known.items() if was == "champion"] + moves
            return _move(db, name, known, moves, by, why)

    def rollback(self, name: str, by: str, why: str = "") -> list[dict[str, Any]]:
        """Retires the champion; the one before it is champion again. What moved. BadRegistry: none was."""
        with self._writing() as db:
            known = dict(db.execute("SELECT version, stage FROM stages WHERE name = ?", (name,)).fetchall())
            champion = next((v for v, stage in known.items() if stage == "champion"), None)
            before = _before(db, name, champion)
            if champion is None or before is None:
                raise BadRegistry(f"{self.path}: {name!r} had no champion before this one")
            return _move(db, name, known, [(champion, "retired"), (before, "champion")], by, why)

    def audit(self, name: str | None = None) -> list[dict[str, Any]]:
        """Every move, the first one first."""
        keys = ("time_ns", "name", "version", "was", "now", "by", "why")
        with self._reading() as db:
            rows = db.execute(
                f"SELECT {', '.join(keys)} FROM audit WHERE ? IS NULL OR name = ? ORDER BY id", (name, name)
            ).fetchall()
        return [dict(zip(keys, row, strict=True)) for row in rows]


def _move(
    db: sqlite3.Connection, name: str, known: dict[int, Stage], moves: Any, by: str, why: str
) -> list[dict[str, Any]]:
    now = time.time_ns()
    for version, stage in moves:
        db.execute("UPDATE stages SET stage = ? WHERE name = ? AND version = ?", (stage, name, version))
        _note(db, now, name, version, known[version], stage, by, why)
    return [{"name": name, "version": v, "was": known[v], "now": stage} for v, stage in moves]


def _before(db: sqlite3.Connection, name: str, champion: int | None) -> int | None:
    """The champion before this one that wasn't itself rolled back since."""
    lines = db.execute("SELECT version, was, now FROM audit WHERE name = ? ORDER BY id", (name,)).fetchall()
    past: list[int] = []
    for version, was, now in lines:
        if now == "champion":
            past = [v for v in past if v != version] + [version]
        elif was == "champion" and now == "retired":
            past = [v for v in past if v != version]
    earlier = [version for version in past if version != champion]
    return earlier[-1] if earlier else None


def _note(
    db: sqlite3.Connection, now: int, name: str, version: int, was: str | None, stage: str, by: str, why: str
) -> None:
    db.execute(
        'INSERT INTO audit (time_ns, name, version, was, "now", by, why) VALUES (?, ?, ?, ?, ?, ?, ?)',
        (now, name, version, was, stage, by, why),
    )


def _digest(manifest: bytes, artefact: bytes) -> str:
    return hashlib.sha256(len(manifest).to_bytes(8, "little") + manifest + artefact).hexdigest()
