"""Debian packages: what is asked of a made-up apt, and who is told what without root."""

import subprocess
from pathlib import Path

import pytest

from tests.unit.deploy.tools import link, script

DEPS = Path(__file__).resolve().parents[3] / "deploy" / "setup" / "deps.sh"
TOOLS = ("ca-certificates", "gcc", "git", "libc6-dev", "libgomp1", "make", "openssl")


class Debian:
    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.log = folder / "apt.log"
        self.state = folder / "installed"
        self.state.mkdir()
        link(self.bin, "sh", "dirname", "head", "tail", "cat", "timeout", "env", "touch", "true", "chmod")
        script(self.bin / "dpkg-query", f'for p; do :; done; [ -f "{self.state}/$p" ] && printf installed')
        script(self.bin / "apt-get", f'echo "$@" >> "{self.log}"; [ "$1" = update ] || {self.installing()}')
        self.offers("3.13")
        self.user(root=True)
        self.install(*TOOLS)

    def installing(self) -> str:
        python = f'printf "#!/bin/sh\\necho ok /usr/bin/$p\\n" > "{self.bin}/$p"; chmod +x "{self.bin}/$p"'
        return f'for p; do touch "{self.state}/$p"; case $p in python3.1[34]) {python};; esac; done'

    def install(self, *packages: str) -> None:
        for package in packages:
            (self.state / package).touch()

    def remove(self, package: str) -> None:
        (self.state / package).unlink()

    def offers(self, version: str) -> None:
        script(self.bin / "apt-cache", f'[ "$2" = "python{version}-venv" ]')

    def user(self, root: bool, sudo: bool = False) -> None:
        script(self.bin / "id", f"echo {0 if root else 1000}")
        script(self.bin / "sudo", 'shift; exec "$@"' if sudo else "exit 1")

    def python(self) -> None:
        script(self.bin / "python3.13", "echo ok $0")

    def deps(self) -> subprocess.CompletedProcess[str]:
        env = {"PATH": str(self.bin), "HOME": str(self.bin / "none")}
        return subprocess.run([str(DEPS)], env=env, capture_output=True, text=True, check=False)

    def asked(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []


@pytest.fixture
def debian(tmp_path: Path) -> Debian:
    return Debian(tmp_path)


def test_nothing_is_missing(debian: Debian) -> None:
    debian.python()
    ran = debian.deps()
    assert (ran.returncode, ran.stdout, debian.asked()) == (0, "deps: nothing to install\n", [])


def test_root_installs_what_is_missing(debian: Debian) -> None:
    debian.python()
    debian.remove("gcc")
    assert debian.deps().returncode == 0
    assert debian.asked() == ["update -qq", "install -y -qq --no-install-recommends gcc"]


def test_sudo_that_asks_nothing_will_do(debian: Debian) -> None:
    debian.user(root=False, sudo=True)
    debian.python()
    debian.remove("make")
    assert debian.deps().returncode == 0
    assert debian.asked()[-1].endswith(" make")


@pytest.mark.parametrize("version", ["3.13", "3.14"])
def test_a_python_of_debian(debian: Debian, version: str) -> None:
    debian.offers(version)
    assert debian.deps().returncode == 0
    assert debian.asked()[-1].endswith(f" python{version} python{version}-dev python{version}-venv")


def test_no_python_in_debian(debian: Debian) -> None:
    debian.offers("none")
    ran = debian.deps()
    assert ran.returncode == 2
    assert "pyenv install 3.13" in ran.stderr
    assert debian.asked() == ["update -qq"]


def test_without_root_the_one_command_is_printed(debian: Debian) -> None:
    debian.user(root=False)
    debian.remove("gcc")
    ran = debian.deps()
    packages = "gcc python3.13 python3.13-dev python3.13-venv"
    command = f"sudo sh -c 'apt-get update && apt-get install -y --no-install-recommends {packages}'"
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[-1].strip() == command
    assert debian.asked() == []


def test_not_a_debian(debian: Debian) -> None:
    (debian.bin / "apt-get").unlink()
    ran = debian.deps()
    assert ran.returncode == 1
    assert "gcc" in ran.stderr
