"""Makes .venv and the compiled modules, redoing only what changed since the last time.

Four things are stamped: the environment (interpreter, place, lock), the installation (what names
the package), the tools that compile, and each source. Stamps are written after their step, so an
interrupted run is simply continued.
"""

import fcntl
import hashlib
import importlib.machinery
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

COMPILED = ("core_ext", "core", "bench")
SOURCES = (".pyx", ".pxd", ".pxi", ".h")
TOOLS = ("cython==", "setuptools==")  # the locked packages that decide what the compiler is given
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 5.0
SUFFIX = importlib.machinery.EXTENSION_SUFFIXES[0]

type Stamp = dict[str, str]


class SetupError(Exception):
    """A step that cannot go on; the text says what to do."""


def digest(*parts: str | bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big") + data)
    return total.hexdigest()


def read_stamp(path: Path) -> Stamp:
    try:
        stamp: Stamp = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return stamp


def write_stamp(path: Path, stamp: Stamp) -> None:
    path.parent.mkdir(exist_ok=True)
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(stamp, indent=1))
    draft.replace(path)


def interpreter() -> str:
    return f"{os.path.realpath(sys.executable)} {sys.version} {sysconfig.get_config_var('SOABI')}"


def hear() -> None:
    """Signals that were held back come now."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)


def ended(command: Sequence[str], folder: Path, env: dict[str, str]) -> int:
    """Its exit code. In a process group of its own: compilers that it started end with whoever waits here."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # an end between its start and the `try` would leave it
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
        preexec_fn=hear,
    )
    try:
        hear()
        return process.wait()
    finally:
        if process.poll() is None:
            end_group(process)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM first: a compiler then takes away what it wrote by half."""
    os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def stop(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


class Environment:
    """The environment of the project in one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.venv = root / ".venv"
        self.python = self.venv / "bin" / "python"
        self.venv_stamp = self.venv / "nacre-stamp.json"
        self.build_stamp = root / "build" / "nacre-stamp.json"
        self.lock = root / "deploy" / "setup" / "requirements.lock"
        self.said = False

    # -- what should be

    def sources(self) -> list[Path]:
        folders = [self.root / top for top in COMPILED]
        return sorted(p for folder in folders for p in folder.rglob("*") if p.suffix in SOURCES)

    def modules(self) -> list[Path]:
        return [path.with_suffix(SUFFIX) for path in self.sources() if path.suffix == ".pyx"]

    def wanted_venv(self) -> str:
        return digest(interpreter(), str(self.root), self.lock.read_bytes())

    def wanted_install(self) -> str:
        return digest(*((self.root / name).read_bytes() for name in ("pyproject.toml", "setup.py")))

    def wanted_tools(self) -> str:
        locked = [line for line in self.lock.read_text().splitlines() if line.startswith(TOOLS)]
        flags = [os.environ.get(name, "") for name in ("CC", "CFLAGS", "LDFLAGS", "NACRE_ANNOTATE")]
        return digest(interpreter(), (self.root / "setup.py").read_bytes(), *locked, *flags)

    def wanted_sources(self) -> Stamp:
        return {str(p.relative_to(self.root)): digest(p.read_bytes()) for p in self.sources()}

    # -- making it so

    def make(self) -> None:
        if read_stamp(self.venv_stamp).get("venv") != self.wanted_venv() or not self.python.exists():
            self.make_venv()
        if read_stamp(self.venv_stamp).get("install") != self.wanted_install():
            self.install()
        self.compile()
        if not self.said:
            self.say("nothing to do, .venv and the compiled modules are up to date")

    def make_venv(self) -> None:
        version = sys.version.split()[0]
        with self.step(f"making .venv with {sys.executable} ({version})"):
            shutil.rmtree(self.venv, ignore_errors=True)
            self.run(sys.executable, "-m", "venv", str(self.venv))
        count = self.lock.read_text().count("==")
        with self.step(f"installing {count} locked packages"):
            self.pip("--require-hashes", "--only-binary", ":all:", "-r", str(self.lock))
        write_stamp(self.venv_stamp, {"venv": self.wanted_venv()})

    def install(self) -> None:
        # Without its modules: compile() builds those in place and keeps what did not change.
        with self.step("installing nacre itself, editable"):
            self.pip("--no-deps", "--no-build-isolation", "-e", str(self.root), NACRE_PURE="1")
        write_stamp(self.venv_stamp, {"venv": self.wanted_venv(), "install": self.wanted_install()})

    def compile(self) -> None:
        stamp, tools, sources = read_stamp(self.build_stamp), self.wanted_tools(), self.wanted_sources()
        wanted = {**sources, "tools": tools}
        if stamp == wanted and all(module.exists() for module in self.modules()):
            return
        self.need_compiler()
        self.clear(everything=stamp.get("tools") != tools)
        self.freshen([path for path, value in sources.items() if stamp.get(path) != value])
        # What is about to change is no longer stamped: put back after an interruption, it is compiled again.
        kept = {path: value for path, value in sources.items() if stamp.get(path) == value}
        write_stamp(self.build_stamp, {**kept, "tools": tools})
        with self.step(f"compiling what changed of {len(self.modules())} modules"):
            self.run(str(self.python), "setup.py", "-q", "build_ext", "--inplace")
        write_stamp(self.build_stamp, wanted)

    def clear(self, everything: bool) -> None:
        """Takes away modules whose source is gone, and all of them if the tools changed."""
        keep = set() if everything else set(self.modules())
        for top in COMPILED:
            for module in (self.root / top).rglob("*.so"):
                if module not in keep:
                    module.unlink()
        if everything:
            for pattern in ("cython", "lib*", "temp*"):
                for folder in (self.root / "build").glob(pattern):
                    shutil.rmtree(folder)

    def freshen(self, changed: list[str]) -> None:
        """The compiler goes by times; a source put back with an old time would be missed."""
        built = self.build_stamp.stat().st_mtime if self.build_stamp.exists() else 0.0
        for path in changed:
            if (self.root / path).stat().st_mtime <= built:
                (self.root / path).touch()

    def need_compiler(self) -> None:
        command = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
        if shutil.which(command.split()[0]) is None:
            raise SetupError(f"the C compiler {command.split()[0]!r} is not there: run `make deps`")

    # -- how

    def pip(self, *arguments: str, **extra: str) -> None:
        self.run(str(self.python), "-m", "pip", "install", "-q", *arguments, **extra)

    def run(self, *command: str, **extra: str) -> None:
        # Another Python's settings must not leak into this one; chatter goes to stderr.
        env = {k: v for k, v in os.environ.items() if k not in ("PYTHONHOME", "PYTHONPATH", "PIP_TARGET")}
        env |= {"PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **extra}
        code = ended(command, self.root, env)
        if code:
            raise SetupError(f"`{' '.join(command)}` ended with {code}")

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        self.say(text)
        start = time.monotonic()
        yield
        self.say(f"  done in {time.monotonic() - start:.1f} s")

    def say(self, text: str) -> None:
        self.said = True
        print(f"setup: {text}", file=sys.stderr, flush=True)


def main() -> int:
    for number in ENDING:
        signal.signal(number, stop)
    # Two makes at once take turns; the lock falls with the process.
    with open(__file__) as own:
        fcntl.flock(own, fcntl.LOCK_EX)
        try:
            Environment(Path(__file__).resolve().parents[2]).make()
        except SetupError as error:
            print(f"setup: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
