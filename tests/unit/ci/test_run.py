"""The unattended run: its summary line and its exit code, with a made-up Makefile."""

import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[3] / ".ci" / "run"
CLOSED = "3 passed in 0.10s"
CLOSING = f"==== {CLOSED} ===="


def ci(
    folder: Path, test: str, deps: str = "true", containers: str = "true"
) -> subprocess.CompletedProcess[str]:
    (folder / ".ci").mkdir()
    shutil.copy(RUN, folder / ".ci" / "run")
    (folder / "Makefile").write_text(
        f"deps servers:\n\t@{deps}\ntest:\n\t@{test}\ntest-containers:\n\t@{containers}\n"
    )
    command = [str(folder / ".ci" / "run")]
    return subprocess.run(command, input="typed", capture_output=True, text=True, check=False)


def test_passed(tmp_path: Path) -> None:
    ran = ci(tmp_path, f"echo '{CLOSING}'")
    assert ran.returncode == 0
    assert ran.stdout.splitlines()[-1].startswith("ci: passed in ")
    assert ran.stdout.splitlines()[-1].endswith(f"{CLOSED}; containers: none")


@pytest.mark.parametrize(
    ("test", "last"),
    [
        ("echo '== 1 failed, 2 passed in 0.10s =='; false", "1 failed, 2 passed in 0.10s"),
        (f"echo '{CLOSING}'; false", CLOSED),
        ("false", "make test ended with 2 before any test"),
        ("true", "no test ran"),
    ],
)
def test_failed(tmp_path: Path, test: str, last: str) -> None:
    ran = ci(tmp_path, test)
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[-1].startswith("ci: FAILED in ")
    assert ran.stdout.splitlines()[-1].endswith(last)


def test_it_is_unattended(tmp_path: Path) -> None:
    ran = ci(tmp_path, f'test "$$CI" = true && ! read line && echo "{CLOSING}"')
    assert ran.returncode == 0


def test_containers_count_too(tmp_path: Path) -> None:
    ran = ci(tmp_path, f"echo '{CLOSING}'", containers="echo '== 2 passed in 1.00s =='")
    assert ran.stdout.splitlines()[-1].endswith(f"{CLOSED}; containers: 2 passed in 1.00s")


def test_failed_containers_fail_the_run(tmp_path: Path) -> None:
    ran = ci(tmp_path, f"echo '{CLOSING}'", containers="echo '== 1 failed in 1.00s =='; false")
    assert ran.returncode == 1
    assert ran.stdout.splitlines()[-1].endswith("containers: 1 failed in 1.00s")
