"""The backend's OpenAPI document as the pages' types are made of it: without words, which change no type.

python -m periphery.frontend.types prints it; the digest over it is the first line of src/api/schema.ts.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from periphery.backend.app import make_app
from periphery.backend.config import Config
from periphery.frontend.bundle import HERE

SCHEMA = HERE / "src" / "api" / "schema.ts"
MARK = "// of "
_WORDS = ("description", "title", "summary")


def document() -> dict[str, Any]:
    """Of the backend as it is."""
    with tempfile.TemporaryDirectory() as state:
        app = make_app(Config(state=state))
        found: dict[str, Any] = app.openapi()
        app.state.backend.close()
    return found


def typed(told: Any, of_names: bool = False) -> Any:
    """It without words. of_names: keys are names of the interface's own, which may be any."""
    if isinstance(told, list):
        return [typed(each) for each in told]
    if not isinstance(told, dict):
        return told
    own = {key: value for key, value in told.items() if of_names or key not in _WORDS}
    return {key: typed(value, key in ("properties", "schemas", "paths")) for key, value in own.items()}


def text() -> str:
    return json.dumps(typed(document()) | {"info": {"title": "nacre", "version": "0"}}, sort_keys=True)


def digest(told: str) -> str:
    return hashlib.sha256(told.encode()).hexdigest()


def mark(told: str) -> str:
    """The first line of a schema that is of this document."""
    return f"{MARK}{digest(told)}: made by `make frontend`, not by hand\n"


def main() -> None:
    """Prints the document; with a file, puts the mark before what is in it."""
    told = text()
    if len(sys.argv) == 1:
        print(told)
        return
    path = Path(sys.argv[1])
    path.write_text(mark(told) + path.read_text())


if __name__ == "__main__":
    main()
