"""Pages whose commands are run as they stand, in a new folder, with nothing but the checkout.

docs_pages.py says what each page needs; what can't be run so names the test that runs it. That each is a
command at all: tests/unit/test_docs_commands.py.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.docs_elsewhere import what_is_wrong
from tests.integration.docs_pages import PAGES, THERE, Page
from tests.support_docs import ROOT, Block, blocks

DATA = Path(os.environ.get("NACRE_DATA", ROOT.parent / "shared" / "data")).resolve()
HELPERS = """
export LC_ALL=C
trap '[ $? = 0 ] || tail -n 20 background.*.log' EXIT
others= own= count=0
begun() {  # condition: holds once the last process of the background is there
    for n in $(seq 900); do
        eval "$1" && return
        kill -0 $! || return 1
        sleep 0.1
    done
    return 1
}
terminate() { for pid in $1; do kill $pid 2>/dev/null || true; wait $pid; done; }
finish() { terminate "$others"; others=; for pid in $own; do wait $pid; done; own=; }
"""


def of(page: str) -> list[Block]:
    return [block for block in blocks() if block.page == page]


def commands(page: str) -> list[str]:
    return [command for block in of(page) for command in block.commands()]


def test_every_page_with_commands_is_told_of() -> None:
    assert {block.page for block in blocks()} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_what_is_said_of_a_page_is_of_its_commands(page: str) -> None:
    told = PAGES[page]
    said = {
        *told.fails,
        *told.may_fail,
        *told.at_once,
        *told.elsewhere,
        *told.not_run,
        *told.goes_on,
        *told.typed,
    }
    assert [words for words in said if not found(words, page)] == []
    text = (ROOT / page).read_text() + "".join(told.before)
    assert [words for words in told.stands if words not in text] == []


def found(words: str, page: str) -> list[str]:
    return [command for command in commands(page) if words in command]


ELSEWHERE = [(page, words) for page, told in PAGES.items() for words in told.elsewhere]


@pytest.mark.parametrize(("page", "words"), ELSEWHERE)
def test_what_is_run_elsewhere_is(page: str, words: str) -> None:
    place = PAGES[page].elsewhere[words]
    assert [what_is_wrong(command, place) for command in found(words, page)] == [""] * len(found(words, page))


def test_a_place_that_runs_nothing_is_seen() -> None:
    here = "tests/containers/test_live.py"
    assert what_is_wrong("nacre up --placement contained", here) == ""
    assert what_is_wrong("nacre fix accept --config fix.toml", here)
    assert what_is_wrong("nacre up", "tests/containers/test_nothing.py")
    assert what_is_wrong("nacre up", f"{here}::test_nothing")
    assert what_is_wrong("nacre up", "docs/containers.md")  # it says so, but nobody runs it


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (".venv", "deploy", "periphery"):
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def run(folder: Path, lines: list[str]) -> str:
    """What a shell prints; every line must succeed. What it left in the background ends with it."""
    script = "\n".join([HELPERS, "set -e", *lines])
    environment = os.environ | {
        "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}",
        "XDG_RUNTIME_DIR": str(folder),
        "XDG_STATE_HOME": str(folder),
        "TERM": "dumb",
    }
    told = folder / "told"  # no pipe: what goes on in the background would hold it open
    with told.open("w") as out:
        shell = subprocess.Popen(
            ["bash", "-c", script], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        shell.wait(timeout=240)
    except subprocess.TimeoutExpired:
        pytest.fail(f"not at its end after 240 s\n{so_far(folder, shell.pid)}")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
    said = told.read_text()
    assert shell.returncode == 0, said
    return said


def so_far(folder: Path, group: int) -> str:
    """What was printed, what each in the background said last, and who is still there."""
    there = subprocess.run(
        ["ps", "-o", "pid,etime,stat,wchan:20,args", "-g", str(group)], capture_output=True, text=True
    )
    logs = {
        path.name: path.read_text()[-2000:]
        for path in [folder / "told", *sorted(folder.glob("background.*.log"))]
    }
    return "\n".join([there.stdout, *(f"---- {name}\n{text}" for name, text in logs.items())])


def files(page: str) -> dict[str, str]:
    """The files that a page shows, each after a paragraph that begins or ends with its name."""
    text = (ROOT / page).read_text()
    shown = re.finditer(r"`([a-z_]+\.[a-z]+)`(?:, [^`]*)?:\n\n```[a-z]*\n(.*?)```", text, re.DOTALL)
    return {match[1]: match[2] for match in shown}


def without_brackets(command: str) -> str:
    """What `[-o json]` leaves to the reader is given."""
    return re.sub(r"(?<= )\[(-[^]]*)\]", r"\1", command)


def standing(text: str, words: Mapping[str, str]) -> str:
    """The text with the reader's own names, and the recordings where they are here."""
    for there, here in words.items():
        text = text.replace(there, here)
    return text.replace("../shared/data", str(DATA))


def free_ports(texts: list[str]) -> dict[str, str]:
    """A port that is free for each that the texts name on this host: 127.0.0.1:8440 may be somebody's."""
    names = {name for text in texts for name in re.findall(r"(?<=127\.0\.0\.)\d:\d+|(?<=tcp://\*):\d+", text)}
    ports = {name.rpartition(":")[2] for name in names}
    with ExitStack() as open_ones:
        made = {}
        for port in sorted(ports):
            listener = open_ones.enter_context(socket.socket())
            listener.bind(("127.0.0.1", 0))
            made[f":{port}"] = f":{listener.getsockname()[1]}"
        return made


def condition(there: str) -> str:
    """Of the shell: a test as it is; of other words, that its log has them."""
    return there if there.startswith("[") else f"grep -Eqs -- {shlex.quote(there)} background.$count.log"


def script(told: Page, lines: list[str]) -> Iterator[str]:
    """The commands as a shell runs them. What goes on is ended at the end, in order; so is a core."""
    for command in (without_brackets(line) for line in lines):
        if any(words in command for words in (*told.elsewhere, *told.not_run)):
            continue
        there = next((says for words, says in told.goes_on.items() if words in command), "")
        typed = next((each for words, each in told.typed.items() if words in command), "")
        if there or command.endswith("&"):
            yield "count=$((count + 1))"
            yield f"{command.removesuffix('&')} >background.$count.log 2>&1 &"
            whose = "own" if command.endswith("&") else "others"
            yield f'{whose}="$! ${whose}"; begun {shlex.quote(condition(there or THERE))}'
            if any(words in command for words in told.at_once):
                yield 'terminate "$others"; others='
        elif any(words in command for words in told.fails):
            yield f"code=0; {command} || code=$?; test $code = 1"
        elif any(words in command for words in told.may_fail):
            yield f"{command} || test $? = 1"
        else:
            yield f"printf '%s\\n' '{typed}' | {command}" if typed else command
        if command.endswith("core stop"):
            yield "finish"
    yield 'terminate "$others"; terminate "$own"'


@pytest.mark.parametrize("page", PAGES)
def test_a_page_runs_as_it_stands(page: str, folder: Path) -> None:
    told = PAGES[page]
    shown = {name: text for source in (*told.files_of, page) for name, text in files(source).items()}
    lines = [*told.before, *commands(page)]
    if any("../shared/data" in line for line in lines) and not DATA.is_dir():
        pytest.skip(f"no recordings in {DATA}: set NACRE_DATA to the folder that holds them")
    ports = free_ports([standing(text, told.stands) for text in (*lines, *shown.values())])
    stands = {**told.stands, **ports}
    for name, text in shown.items():
        (folder / name).write_text(standing(text, stands))
    there = {words: standing(says, stands) for words, says in told.goes_on.items()}
    said = run(folder, list(script(replace(told, goes_on=there), [standing(line, stands) for line in lines])))
    assert page != "docs/journal.md" or "torn tail" in said
