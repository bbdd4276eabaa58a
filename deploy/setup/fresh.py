"""Runs demo and test in a clean clone of HEAD with an empty pip cache, then removes the clone.

NACRE_FRESH_SECONDS bounds the whole (default 1800). A signal or an error removes the clone too.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ("demo", "test")
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FOREIGN = ("MAKE", "MFLAGS", "GIT_", "VIRTUAL_ENV", "PIP_NO_CACHE")  # would tie the clone to this tree


def say(text: str) -> None:
    print(f"fresh: {text}", file=sys.stderr, flush=True)


def inherited() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}


def git(*arguments: str) -> str:
    command = ["git", *arguments]
    run = subprocess.run(command, cwd=ROOT, env=inherited(), capture_output=True, text=True, check=True)
    return run.stdout.strip()


def clone(place: Path) -> None:
    head = git("rev-parse", "HEAD")
    if git("status", "--porcelain"):
        say("what is not committed is not in the clone")
    git("clone", "-q", "--no-checkout", "--no-hardlinks", str(ROOT), str(place))
    git("-C", str(place), "checkout", "-q", "--detach", head)
    say(f"cloned {head[:12]}")


def environment(scratch: Path) -> dict[str, str]:
    env = inherited() | {"PIP_CACHE_DIR": str(scratch / "pip")}
    # The recorded data lies beside the original, not beside the clone.
    data = (ROOT / os.environ.get("NACRE_DATA", "../shared/data")).resolve()
    if data.is_dir():
        env["NACRE_DATA"] = str(data)
    return env


def hear() -> None:
    """Signals that were held back come now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def run(target: str, place: Path, env: dict[str, str], deadline: float) -> int:
    """One target in a process group of its own, so that nothing of it outlives the clone."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # an end between its start and the `try` would leave it
    process = subprocess.Popen(
        ["make", target],
        cwd=place,
        env=env,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=hear,
    )
    try:
        hear()
        return process.wait(max(deadline - time.monotonic(), 0.001))
    except subprocess.TimeoutExpired:
        say(f"make {target} took too long: NACRE_FRESH_SECONDS bounds it")
        return 124
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def stop(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def main() -> int:
    for number in ENDING:
        signal.signal(number, stop)
    start = time.monotonic()
    deadline = start + float(os.environ.get("NACRE_FRESH_SECONDS", "1800"))
    with tempfile.TemporaryDirectory(prefix="nacre-fresh-", ignore_cleanup_errors=True) as folder:
        place, env = Path(folder, "nacre"), environment(Path(folder))
        clone(place)
        for target in TARGETS:
            say(f"make {target}")
            code = run(target, place, env, deadline)
            if code:
                say(f"make {target} FAILED ({code})")
                return 1
    say(f"demo and test passed in {time.monotonic() - start:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
