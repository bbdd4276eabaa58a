"""pgAdmin in the image nacre/pgadmin: who may come in and the servers are set up at the first start,
then it serves.

PGADMIN_DEFAULT_EMAIL, PGADMIN_DEFAULT_PASSWORD_FILE, PGADMIN_LISTEN_PORT and /pgadmin4/servers.json are as
its makers' image has them.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

SERVERS = Path("/pgadmin4/servers.json")
DATA = Path(os.environ["NACRE_PGADMIN"])


def main() -> None:
    email = os.environ["PGADMIN_DEFAULT_EMAIL"]
    password = Path(os.environ["PGADMIN_DEFAULT_PASSWORD_FILE"]).read_text().strip()
    port = os.environ.get("PGADMIN_LISTEN_PORT", "5050")
    spec = importlib.util.find_spec("pgadmin4")
    assert spec is not None
    assert spec.submodule_search_locations
    os.chdir(spec.submodule_search_locations[0])
    os.environ |= {"NACRE_PGADMIN_HOST": "0.0.0.0", "NACRE_PGADMIN_PORT": port}
    if not (DATA / "pgadmin4.db").exists():
        set_up(email, password)
    os.execv(sys.executable, [sys.executable, "pgAdmin4.py"])


def set_up(email: str, password: str) -> None:
    """Whole, or not at all. The password is in the environment of this one program, and stays nowhere."""
    new = DATA.with_name("data.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    environment = os.environ | {
        "NACRE_PGADMIN": str(new), "PGADMIN_SETUP_EMAIL": email, "PGADMIN_SETUP_PASSWORD": password,
    }  # fmt: skip
    for words in (["setup-db"], ["load-servers", str(SERVERS), "--user", email]):
        subprocess.run([sys.executable, "setup.py", *words], env=environment, check=True)
    new.rename(DATA)


if __name__ == "__main__":
    main()
