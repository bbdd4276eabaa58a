"""Builds images of the servers beside a core, from the programs that this machine's packages have: for tests,
and where no registry can be asked. What a desk runs are their makers' images;
deploy/compose.infrastructure.yaml takes either.

Each image has one program, what it loads, its data, and the users; PostgreSQL's also a shell, since initdb
wants one.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.images import base

FOLDERS = (
    "usr/bin",
    "usr/lib",
    "usr/lib64",
    "usr/share",
    "etc",
    "tmp",
    "proc",
    "sys",
    "dev",
    "run",
    "var/lib/data",
)
START_POSTGRES = """\
#!/bin/sh
# A new cluster where there is none, with the password of the secret; then the server.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb -D "$PGDATA" -U nacre --locale=C -E UTF8 -A scram-sha-256 --pwfile=/run/secrets/postgres >/dev/null
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
fi
exec postgres -D "$PGDATA" -k /tmp -c "listen_addresses=*"
"""


class Missing(Exception):
    """A program isn't on this machine; the text says which package has it."""


@dataclass(frozen=True, slots=True)
class Server:
    """programs: by name or path; data: folders that it reads; texts: files that are written; command,
    environment: of the image.
    """

    programs: tuple[str, ...]
    command: str
    data: tuple[str, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)
    environment: tuple[str, ...] = ()


def servers() -> dict[str, Server]:
    """Those that this machine can make images of. Missing."""
    bin_ = _postgres()
    version = bin_.parent.name
    return {
        "postgres": Server(
            (*(str(bin_ / name) for name in ("postgres", "initdb", "pg_isready", "psql")), "dash"),
            '["/usr/bin/start"]',
            (str(bin_.parent / "lib"), f"/usr/share/postgresql/{version}", "/usr/share/zoneinfo"),
            {"usr/bin/start": START_POSTGRES},
            ("PGDATA=/var/lib/data/cluster", f"PATH={bin_}:/usr/bin"),
        ),
        "redis": Server(("redis-server", "redis-cli"), '["/usr/bin/redis-server"]'),
        "prometheus": Server(
            ("prometheus", "promtool"), '["/usr/bin/prometheus"]', ("/usr/share/prometheus",)
        ),
        "alertmanager": Server(
            ("prometheus-alertmanager", "amtool"),
            '["/usr/bin/prometheus-alertmanager"]',
            ("/usr/share/prometheus/alertmanager",),
        ),
    }


def _postgres() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise Missing("no PostgreSQL here: make servers")
    return found[-1].parent


def write(server: Server, target: Path) -> None:
    """Its file system as a tar. Missing."""
    programs = [_found(name) for name in server.programs]
    files = [path for folder in map(Path, server.data) for path in sorted(folder.rglob("*"))]
    with tarfile.open(target, "w") as tar:
        _folders(tar, {str(path.parent)[1:] for path in (*programs, *files)} | set(FOLDERS))
        for name in ("bin", "sbin", "lib", "lib64"):
            base._link(tar, name, f"usr/{'bin' if name == 'sbin' else name}")
        for program in programs:
            tar.add(program.resolve(), str(program)[1:])
        if "dash" in server.programs:
            base._link(tar, "usr/bin/sh", "dash")
        for path in files:
            if path.is_file():
                tar.add(path.resolve(), str(path)[1:])
        for library in sorted(base.closure([*programs, *(path for path in files if path.suffix == ".so")])):
            base._shared(tar, library)
        for name, text in server.texts.items():
            _program(tar, name, text)
        base._text(tar, "etc/passwd", base.USERS)
        base._text(tar, "etc/group", base.GROUPS)


def _found(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise Missing(f"no {name} here: make servers")
    return Path("/usr/bin") / Path(found).name if Path(found).parent == Path("/bin") else Path(found)


def _folders(tar: tarfile.TarFile, names: set[str]) -> None:
    """Each with those that it is in; where data go belongs to the server's user."""
    every = {str(part) for name in names for part in (Path(name), *Path(name).parents)} - {"."}
    for name in sorted(every):
        info = tarfile.TarInfo(name)
        info.type, info.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
        if name == "var/lib/data":
            info.uid = info.gid = 10001
        tar.addfile(info)


def _program(tar: tarfile.TarFile, name: str, text: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".sh") as file:
        file.write(text)
        file.flush()
        Path(file.name).chmod(0o755)
        tar.add(file.name, name)


def build(docker: str, name: str, server: Server) -> None:
    """nacre/test-NAME, in the engine that DOCKER_HOST names."""
    with tempfile.TemporaryDirectory(prefix="nacre-server-") as place:
        tar = Path(place) / "root.tar"
        write(server, tar)
        words = ["--change", "USER 10001:10001", "--change", f"ENTRYPOINT {server.command}"]
        for each in server.environment:
            words += ["--change", f"ENV {each}"]
        command = [docker, "import", *words, str(tar), f"nacre/test-{name}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "names", nargs="*", help="of postgres, redis, prometheus, alertmanager  [default: all]"
    )
    parser.add_argument("--docker", default="docker", help="the client's command")
    asked = parser.parse_args()
    try:
        found = servers()
        for name in asked.names or found:
            build(asked.docker, name, found[name])
    except Missing as error:
        raise SystemExit(f"images: {error}") from error


if __name__ == "__main__":
    main()
