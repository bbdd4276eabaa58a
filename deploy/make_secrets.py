"""Makes the secrets of deploy/compose.infrastructure.yaml: random ones, files in a folder that is its user's
alone.

    python3 deploy/make_secrets.py [FOLDER]      default: deploy/secrets; what is there already stays

As root it gives them to the user of the container that reads them (10001; Grafana's and pgAdmin's have
their own), else everybody may read the files, and nobody the
folder.
"""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path

USER = 10001
USERS = {"grafana": 472, "pgadmin": 5050}
"""Of their makers' images."""


def texts() -> dict[str, str]:
    """Each secret by its file's name; those that belong together agree."""
    postgres, redis = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    return {
        "postgres": f"{postgres}\n",
        "pgpass": f"postgres:5432:*:nacre:{postgres}\n",
        "redis.conf": f"requirepass {redis}\n",
        "redis-address": f"redis://:{redis}@redis:6379/0\n",
        "grafana": f"{secrets.token_urlsafe(24)}\n",
        "pgadmin": f"{secrets.token_urlsafe(24)}\n",
        "alerts.token": f"{secrets.token_urlsafe(24)}\n",
    }


def make(folder: Path) -> list[str]:
    """The names of those that were made: all, or none where one is there already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    wanted = texts()
    if any((folder / name).exists() for name in wanted):
        return []
    for name, text in wanted.items():
        mine = os.geteuid() == 0
        made = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(made, "w") as file:
            file.write(text)
            if mine:
                os.fchown(file.fileno(), USERS.get(name, USER), USER)
            os.fchmod(file.fileno(), 0o400 if mine else 0o444)
    return list(wanted)


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("secrets")
    told = make(place)
    print(f"{place}: {', '.join(told) if told else 'is there already'}")
