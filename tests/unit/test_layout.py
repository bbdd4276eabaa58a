"""The tree keeps its shape: folders, packages, declarations, direction of imports, no foreign addresses."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"core", "core_ext", "periphery", "deploy", "bench", "tests", "docs", ".ci"}
MAY_IMPORT = {
    "core_ext": {"core_ext"},
    "core": {"core_ext", "core"},
    "periphery": {"core_ext", "core", "periphery"},
    "bench": {"core_ext", "core", "periphery", "bench"},
}
OWN = FOLDERS & {"core", "core_ext", "periphery", "deploy", "bench", "tests"}
# Joined here, so that this file does not hold what it looks for.
MACHINE_PATHS = re.compile(
    r"(?<![\w.}~-])/(?:" + "|".join(("wor" + "k", "roo" + "t", "home/" + r"\w+")) + r")(?=/|\b)"
)
REGISTRIES = re.compile(
    "|".join(("py" + r"pi\.org", "python" + r"hosted\.org", "npm" + r"js\.org", "crates" + r"\.io"))
)
IMPORT = re.compile(
    r"^\s*(?:from\s+(?P<source>[\w.]+)\s+c?import\b|c?import\s+(?P<names>[\w.]+(?:\s*,\s*[\w.]+)*))"
)
BY_NAME = re.compile(r"""(?:import_module|__import__)\(\s*["']([\w.]+)""")


def project_files() -> list[Path]:
    """What is committed or would be: what git ignores is not the project's."""
    paths = (ROOT / name for name in git_files("--cached", "--others"))
    return sorted(path for path in paths if path.is_file())


def git_files(*which: str) -> list[str]:
    # In a container the checkout may belong to another user; reading it is safe.
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--exclude-standard", *which]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in run.stdout.split("\0") if name]


FILES = project_files()


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def package_files(*suffixes: str) -> list[Path]:
    return [p for p in FILES if p.relative_to(ROOT).parts[0] in MAY_IMPORT and p.suffix in suffixes]


def package_folders() -> set[Path]:
    """Each folder of a package that holds code, and those above it."""
    code = package_files(".py", ".pyx", ".pxd", ".pyi")
    return {
        folder for path in code for folder in path.parents if folder != ROOT and folder.is_relative_to(ROOT)
    }


def imported_by_python(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
    yield from BY_NAME.findall(text)


def imported_by_cython(text: str) -> Iterator[str]:
    for found in filter(None, map(IMPORT.match, text.splitlines())):
        names = found["source"] or found["names"]
        yield from (name.strip() for name in names.split(","))
    yield from BY_NAME.findall(text)


def imported(path: Path) -> set[str]:
    read = imported_by_python if path.suffix in (".py", ".pyi") else imported_by_cython
    return {name.split(".")[0] for name in read(path.read_text())}


def matches(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in FILES:
        text = path.read_bytes().decode(errors="replace")
        found += [f"{relative(path)}: {line.strip()}" for line in text.splitlines() if pattern.search(line)]
    return found


def test_top_level_folders() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in FILES if path.parent != ROOT}
    assert found == FOLDERS


def test_every_package_folder_has_both_init_files() -> None:
    wanted = [folder / name for folder in package_folders() for name in ("__init__.py", "__init__.pxd")]
    assert [relative(path) for path in sorted(wanted) if path not in FILES] == []


def test_every_module_has_its_declaration() -> None:
    missing = [relative(p) for p in package_files(".pyx") if p.with_suffix(".pxd") not in FILES]
    assert missing == []


def test_every_module_is_where_it_is_compiled() -> None:
    assert [relative(p) for p in package_files(".pyx") if p.relative_to(ROOT).parts[0] == "periphery"] == []


def test_imports_point_one_way() -> None:
    wrong = []
    for path in package_files(".py", ".pyi", ".pyx", ".pxd"):
        allowed = MAY_IMPORT[path.relative_to(ROOT).parts[0]]
        wrong += [f"{relative(path)} imports {name}" for name in sorted((imported(path) & OWN) - allowed)]
    assert wrong == []


def test_no_file_names_a_machine_or_a_registry() -> None:
    assert matches(MACHINE_PATHS) == []
    assert matches(REGISTRIES) == []


def test_nothing_generated_is_tracked() -> None:
    assert git_files("--cached", "--ignored") == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("from core.risk cimport engine", {"core.risk"}),
        ("    cimport core_ext.ring as ring", {"core_ext.ring"}),
        ("import core.a, periphery.b", {"core.a", "periphery.b"}),
        ("cdef int imports = 1", set()),
        ("import_module('periphery.wire')", {"periphery.wire"}),
    ],
)
def test_cython_imports_are_read(text: str, names: set[str]) -> None:
    assert set(imported_by_cython(text)) == names


def test_python_imports_are_read() -> None:
    text = "import core.a\nfrom periphery import b\nfrom . import c\ndef f():\n    from tests import d\n"
    assert set(imported_by_python(text)) == {"core.a", "periphery", "tests"}


@pytest.mark.parametrize("text", ["see /wor" + "k/x", "'/roo" + "t'", "=/home/" + "ann/x"])
def test_machine_paths_are_seen(text: str) -> None:
    assert MACHINE_PATHS.search(text)


@pytest.mark.parametrize("text", ["frame/wor" + "k/x", "$HOME/roo" + "t", "/workers", "/rooted"])
def test_other_paths_are_not(text: str) -> None:
    assert not MACHINE_PATHS.search(text)
