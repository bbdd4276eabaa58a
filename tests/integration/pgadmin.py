"""pgAdmin as `deploy/pgadmin/run.sh` installs, provisions and runs it: a person logs in, the provisioned
server is connected without a word, and a query runs there against a real PostgreSQL.

    python -m tests.integration.pgadmin [--folder FOLDER]    (make pgadmin)

It installs pgAdmin from PyPI. With a folder it is left there, and the next time only provisioned anew.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import psycopg
import requests

from bench.postgres import find_tools, postgres_server
from periphery.recorder.stores import open_store
from tests.support_prometheus import DEPLOY, free_port

EMAIL, PASSWORD = "anna@desk.example.com", "a password that only this test has"
READER, SECRET = "nacre_reader", "the reader's own"
INSTALL_S, WAIT_S = 900.0, 120.0
TRANS_ID = 4711
SQL = "SELECT count(*) AS orders FROM orders"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="Where pgAdmin is installed and kept.")
    given = parser.parse_args()
    tools = find_tools()
    if tools is None:
        print("pgadmin: no PostgreSQL here: run deploy/setup/servers.sh, as root", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="nacre-pgadmin-") as name:
        folder = given.folder or Path(name, "pgadmin")
        with postgres_server(tools, free_port()) as postgres:
            prepared(postgres.address)
            with served(folder, Path(name), postgres.port) as url:
                told = asked(url)
    print(json.dumps(told))
    return 0 if told["rows"] == [["0"]] else 1


def prepared(address: str) -> None:
    """The recorder's tables in a database of their own, and who may read them."""
    with psycopg.connect(address, autocommit=True) as db:
        db.execute("CREATE DATABASE nacre")
        db.execute(f"CREATE ROLE {READER} LOGIN PASSWORD '{SECRET.replace("'", "''")}'")
    inside = address.replace("/postgres?", "/nacre?")
    store = open_store(inside)
    store.migrate()
    store.close()
    with psycopg.connect(inside, autocommit=True) as db:
        db.execute(f"GRANT pg_read_all_data TO {READER}")


@contextmanager
def served(folder: Path, place: Path, port: int) -> Iterator[str]:
    """pgAdmin, provisioned anew, its server at that port; where it answers."""
    shutil.rmtree(folder / "data", ignore_errors=True)
    servers = json.loads((DEPLOY / "pgadmin" / "servers.json").read_text())
    servers["Servers"]["1"]["Port"] = port
    (place / "servers.json").write_text(json.dumps(servers))
    (place / "pgpass").write_text(f"127.0.0.1:{port}:*:{READER}:{SECRET}\n")
    (place / "pgpass").chmod(0o600)
    here = free_port()
    more = {"PGADMIN_SETUP_EMAIL": EMAIL, "PGADMIN_SETUP_PASSWORD": PASSWORD, "PYTHON": sys.executable}
    more |= {"PGPASSFILE": str(place / "pgpass"), "NACRE_PGADMIN_PORT": str(here)}
    with (place / "log").open("wb") as log:
        words = [str(DEPLOY / "pgadmin" / "run.sh"), str(folder), str(place / "servers.json")]
        process = subprocess.Popen(words, stdout=log, stderr=log, env=os.environ | more)
    try:
        url = f"http://127.0.0.1:{here}"
        until_it_answers(f"{url}/misc/ping", process, place / "log")
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(WAIT_S)


def until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + INSTALL_S
    while True:
        try:
            requests.get(url, timeout=5).raise_for_status()
            return
        except requests.RequestException as error:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"pgAdmin doesn't answer: {error}\n{log.read_text()}") from error
            time.sleep(0.2)


def asked(url: str) -> dict[str, Any]:
    """What the person's query gives."""
    with Person(url) as person:
        groups = person.get("/browser/nodes/")
        group = next(each["_id"] for each in groups if each["label"] == "nacre")
        (server,) = person.get(f"/browser/server/nodes/{group}/")
        place = f"{group}/{server['_id']}"
        person.post(f"/browser/server/connect/{place}", {})
        databases = person.get(f"/browser/database/nodes/{place}/")
        database = next(each["_id"] for each in databases if each["label"] == "nacre")
        person.post(f"/sqleditor/initialize/sqleditor/{TRANS_ID}/{place}/{database}", {"dbname": "nacre"})
        person.post(f"/sqleditor/query_tool/start/{TRANS_ID}", {"sql": SQL, "explain_plan": None})
        return {"server": server["label"], "rows": person.rows()}


class Person:
    """Who has logged in at that address, as a browser does."""

    def __init__(self, url: str, email: str = EMAIL, password: str = PASSWORD) -> None:
        self.url = url
        self._session = requests.Session()
        token = _found(r'"csrfToken":\s*"([^"]+)"', self._page("/login"))
        form = {"email": email, "password": password, "csrf_token": token, "internal_button": "Login"}
        self._session.post(f"{url}/authenticate/login", data=form, timeout=WAIT_S).raise_for_status()
        token = _found(r"\['csrf_token'\] = '([^']+)'", self._page("/browser/js/utils.js"))
        self._session.headers["X-pgA-CSRFToken"] = token

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def _page(self, path: str) -> str:
        answer = self._session.get(self.url + path, timeout=WAIT_S)
        answer.raise_for_status()
        return answer.text

    def get(self, path: str) -> Any:
        """The data of an answer. RuntimeError: it isn't 200."""
        return _data(self._session.get(self.url + path, timeout=WAIT_S))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        return _data(self._session.post(self.url + path, json=body, timeout=WAIT_S))

    def rows(self) -> list[Any]:
        """Of the query that runs, once it is done."""
        end = time.monotonic() + WAIT_S
        while True:
            told = self.get(f"/sqleditor/poll/{TRANS_ID}")
            if told["status"] == "Success":
                rows: list[Any] = told["result"]
                return rows
            if time.monotonic() > end:
                raise RuntimeError(f"the query gives nothing: {told}")
            time.sleep(0.1)


def _data(answer: requests.Response) -> Any:
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.url}: HTTP {answer.status_code}: {answer.text[:500]}")
    told = answer.json()
    return told["result"] if told["data"] is None else told["data"]


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise RuntimeError(f"no {pattern} in {text[:500]}")
    return found[1]


if __name__ == "__main__":
    raise SystemExit(main())
