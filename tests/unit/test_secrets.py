"""No secret in a repository's file, an image's context, an argument, a log; no default password; exchanged
while it runs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from core.cli import ELSEWHERE, NOUNS, root
from core.cli.secrets import without_password
from periphery.backend.tokens import FILE, Tokens
from periphery.backend.users import User
from periphery.service.rotating import Rotating
from periphery.websocket.rights import Door, Refused, make_key, make_token
from tests.unit.periphery.recorder.day import recorded

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("core", "core_ext", "periphery", "deploy", "bench", ".ci")
PRIVATE = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")
PASSWORD = re.compile(
    r"""(?i)\b\w*password\w*["']?\s*[:=]\s*["']?(?!/run/secrets/)([^\s"'{}()\[\],;:$*?]{4,})"""
)
SECRET_WORDS = re.compile(r"(?i)password|secret|token|key\b")
HARMLESS = {"hashed", "given", "None", "passwords", "text", "str", "field", "password"}


def files(*folders: str) -> Iterator[Path]:
    told = subprocess.run(
        ["git", "ls-files", "-z", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    )
    yield from (ROOT / name for name in told.stdout.split("\0") if name and (ROOT / name).is_file())


def commands(
    group: click.Group, context: click.Context, path: str = ""
) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}".strip(), command
        if isinstance(command, click.Group):
            yield from commands(command, context, f"{path} {name}".strip())


def test_no_private_key_is_in_what_is_shipped() -> None:
    shipped = list(files(*SHIPPED))
    assert shipped
    assert [path for path in shipped if PRIVATE.search(path.read_bytes())] == []


@pytest.mark.parametrize("kind", ["*.yaml", "*.yml", "*.toml", "*.json", "*.sh", "*.cfg", "Dockerfile*"])
def test_no_password_is_written_into_a_configuration(kind: str) -> None:
    found = [path for path in files("deploy") if path.match(kind)]
    assert found
    assert {path: words for path in found if (words := PASSWORD.findall(path.read_text()))} == {}


def test_no_secret_is_an_argument_but_as_a_file() -> None:
    """An option that is about a secret takes a file, or nothing at all."""
    found = 0
    context = click.Context(root)
    for name, command in commands(root, context):
        for parameter in command.params:
            words = " ".join(parameter.opts)
            if not isinstance(parameter, click.Option) or not SECRET_WORDS.search(words) or parameter.is_flag:
                continue
            found += 1
            told = f"{parameter.metavar or ''} {parameter.type.name}".lower()
            assert re.search(r"file|path|dir|folder", told), f"nacre {name} {words}: {told}"
    assert found > 10
    assert len(NOUNS) + len(ELSEWHERE) > 30


@pytest.mark.parametrize(
    "words",
    [
        ["recorder", "status", ".", "--store", "postgresql://nacre:hunter2@127.0.0.1/nacre"],
        ["cache", "status", ".", "--redis", "redis://:hunter2@127.0.0.1:1/0"],
        ["backup", "take", "x", "--store", "postgresql://nacre@h/nacre?password=hunter2"],
        ["up", "--local", "--store", "postgresql://nacre:hunter2@127.0.0.1/nacre"],
    ],
)
def test_a_password_in_an_argument_is_refused(words: list[str]) -> None:
    ran = CliRunner().invoke(root, words)
    assert (ran.exit_code, "everybody on this host reads" in ran.output) == (2, True), ran.output
    assert "hunter2" not in ran.output


def test_from_the_environment_it_is_taken_and_not_told(tmp_path: Path) -> None:
    recorded(tmp_path / "journal")
    environment = os.environ | {"NACRE_STORE": "postgresql://nacre:hunter2@127.0.0.1:1/nacre"}
    ran = subprocess.run(
        [sys.executable, "-m", "core.cli", "recorder", "status", str(tmp_path / "journal")],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode != 0
    assert "127.0.0.1" in ran.stderr
    assert "hunter2" not in ran.stdout + ran.stderr


def test_an_address_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(tmp_path / "journal")
    (tmp_path / "address").write_text("redis://:hunter2@127.0.0.1:1/0\n")
    monkeypatch.setenv("NACRE_REDIS_FILE", str(tmp_path / "address"))
    ran = CliRunner().invoke(root, ["cache", "status", str(tmp_path / "journal")])
    assert (ran.exit_code != 0, "127.0.0.1:1" in ran.output, "hunter2" in ran.output) == (True, True, False)
    monkeypatch.setenv("NACRE_REDIS_FILE", str(tmp_path / "none"))
    assert (
        "NACRE_REDIS_FILE" in CliRunner().invoke(root, ["cache", "status", str(tmp_path / "journal")]).output
    )


def test_what_is_shown_of_an_address() -> None:
    assert without_password("redis://:secret@h:1/0") == "redis://:***@h:1/0"
    assert without_password("postgresql://a:b@h/n") == "postgresql://a:***@h/n"
    assert without_password("postgresql://h/n?password=b&x=1") == "postgresql://h/n?password=***&x=1"
    assert without_password("sqlite:///a:b@c") == "sqlite:///a:b@c"


def test_a_secret_that_is_exchanged_counts_at_once(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    put(secret, b"a" * 32)
    door = Door(str(secret), "")
    old = make_token(b"a" * 32, "ann", ["*"], ["*"], 60.0)
    assert door.let_in(old).name == "ann"
    put(secret, b"b" * 32)
    with pytest.raises(Refused):
        door.let_in(old)
    assert door.let_in(make_token(b"b" * 32, "ben", ["*"], ["*"], 60.0)).name == "ben"
    put(secret, b"short")  # a mistake locks nobody out
    assert door.let_in(make_token(b"b" * 32, "ben", ["*"], ["*"], 60.0)).name == "ben"


def test_keys_that_are_exchanged_count_at_once(tmp_path: Path) -> None:
    first, first_section = make_key("one", ["A1"], ["*"])
    second, second_section = make_key("two", ["A1"], ["*"])
    file = tmp_path / "keys.toml"
    put(file, first_section.encode())
    door = Door("", str(file))
    assert door.let_in(first).name == "one"
    put(file, second_section.encode())
    assert door.let_in(second).name == "two"
    with pytest.raises(Refused):
        door.let_in(first)


def test_a_backends_secret(tmp_path: Path) -> None:
    tokens = Tokens(tmp_path, 60.0, 600.0)
    user = User("anna", ("view",), True, 1, False, 0)
    token = tokens.make(user, ["view"])
    assert tokens.read(token).user == "anna"
    put(tmp_path / FILE, b"c" * 32)
    with pytest.raises(Exception, match="isn't one of this backend"):
        tokens.read(token)
    assert tokens.read(tokens.make(user, ["view"])).user == "anna"


def test_a_value_that_is_bad_now_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "number"
    put(file, b"1")
    value = Rotating(file, lambda path: int(path.read_text()))
    put(file, b"no number")
    assert value.now() == 1
    file.unlink()
    assert value.now() == 1
    put(file, b"22")
    assert value.now() == 22


def put(file: Path, data: bytes) -> None:
    """As it is to be done: another file in its place."""
    draft = file.with_suffix(".new")
    draft.write_bytes(data)
    draft.chmod(0o600)
    draft.replace(file)
