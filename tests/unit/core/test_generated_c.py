"""No Python call inside any on_event, nor in anything that it reaches: seen in the C that Cython makes."""

import re
from pathlib import Path

import pytest

from tests.unit.core.generated_c import Program, method_name

ROOT = Path(__file__).resolve().parents[3]
ENGINES = sorted(
    path for path in (ROOT / "core").glob("*/engine.pyx") if re.search(r"\(Engine\):", path.read_text())
)
HELPERS = [
    ROOT / f"core/{name}.pyx"
    for name in (
        *("orders/life", "orders/lists", "market/view", "risk/limits", "router/sweep", "positions/ledger"),
        "engine",
    )
]
# What the journal asks of the system when it goes on to another segment, off every engine; and the clock.
SYSTEM = {
    *("open", "close", "unlink", "mmap", "munmap", "madvise", "posix_fallocate", "fsync", "fdatasync"),
    *("snprintf", "sched_yield", "clock_gettime"),
}
DRIVEN = {
    "path": ("Path", ("input", "timer", "next_derived", "step", "release")),
    "fused": ("Fused", ("handle", "push", "push_derived", "run")),
}
NAMES = [str(path.relative_to(ROOT)) for path in (*ENGINES, *HELPERS)]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Program:
    return Program(ROOT, tmp_path_factory.mktemp("generated_c"))


def declared(source: Path) -> list[tuple[str, str]]:
    """(class or "", name) of each function that a .pyx says is `noexcept nogil`."""
    found = []
    owner = ""
    for line in re.sub(r",\n\s+", ", ", source.read_text()).splitlines():
        if match := re.match(r"cdef class (\w+)", line):
            owner = match[1]
        elif match := re.match(r"( *)cdef .*?\b(\w+)\(.*\) noexcept nogil:", line):
            found.append((owner if match[1] else "", match[2]))
    return found


def c_name(program: Program, source: Path, owner: str, name: str) -> str:
    prefix = next(key for key, path in program.sources.items() if path == source)
    return method_name(prefix + owner, name) if owner else f"__pyx_f_{prefix}{name}"


@pytest.mark.parametrize("name", NAMES)
def test_no_python_on_the_path(program: Program, name: str) -> None:
    source = ROOT / name
    functions = declared(source)
    if source in ENGINES:
        assert [function for _, function in functions].count("on_event") == 1
    roots = [c_name(program, source, *function) for function in functions]
    _, wrong = program.reach(program.unit(source), roots)
    assert wrong == {}


@pytest.fixture(scope="module")
def path(program: Program) -> tuple[set[str], dict[str, set[str]]]:
    """All that an input sets going."""
    reached: set[str] = set()
    wrong: dict[str, set[str]] = {}
    for module, (owner, names) in DRIVEN.items():
        source = ROOT / f"core/{module}.pyx"
        roots = [c_name(program, source, owner, name) for name in names]
        found, bad = program.reach(program.unit(source), roots)
        reached |= found
        wrong |= bad
    return reached, wrong


def test_no_python_from_an_input_to_its_last_consequence(
    program: Program, path: tuple[set[str], dict[str, set[str]]]
) -> None:
    reached, wrong = path
    assert {name: bad - SYSTEM for name, bad in wrong.items() if bad - SYSTEM} == {}
    assert [name for name in wrong if name.startswith("__pyx_f_4core_")] == []
    for engine in ENGINES:
        on_event = [c_name(program, engine, *function) for function in declared(engine)]
        assert any(name.endswith("_on_event") and name in reached for name in on_event), engine


@pytest.mark.parametrize("name", NAMES)
def test_what_engines_define_is_reached(
    program: Program, path: tuple[set[str], dict[str, set[str]]], name: str
) -> None:
    """The way from an input leads to each function of each engine, over every vtable."""
    source = ROOT / name
    functions = [function for function in declared(source) if function[0] != "Engine"]  # the empty base
    assert {c_name(program, source, *function) for function in functions} - path[0] == set()


# ---- the check itself ------------------------------------------------------------------------------------

PLANTED = """
from libc.stdlib cimport malloc
from libc.string cimport memset
from core_ext.ring cimport Ring

cdef class Base:
    cdef object names
    cdef Ring ring
    cdef int n

    cdef void on_event(self, int x) noexcept nogil:
        self.help(x)

    cdef void help(self, int x) noexcept nogil:
        memset(&self.n, 0, sizeof(int))
        if self.ring is not None:
            self.ring.release()

cdef class Planted(Base):
    cdef void help(self, int x) noexcept nogil:
        {code}

cdef int checked(int x) nogil except -1:
    return x

cdef void with_python(object names) noexcept:
    names.append(1)
"""
CASES = {
    "takes the GIL": ("with gil:\n            self.names.append(x)", "help", "__Pyx_PyObject_Append"),
    "boxes a number": ("with gil:\n            self.names = x", "help", "__Pyx_PyLong_From_int"),
    "may raise": ("self.n = checked(x)", "help", "__Pyx_PyGILState_Ensure"),
    "calls what does": ("with gil:\n            with_python(None)", "with_python", "__Pyx_PyObject_Append"),
    "has a float": ("self.n = <int>(0.5 * x)", "help", "0.5"),
    "allocates": ("malloc(8)", "help", "malloc"),
}


def reach_planted(program: Program, tmp_path: Path, code: str) -> tuple[set[str], dict[str, set[str]]]:
    source = tmp_path / "planted.pyx"
    source.write_text(PLANTED.replace("{code}", code))
    unit = program.add(source, "planted")
    return program.reach(unit, [method_name("7planted_Base", "on_event")])


@pytest.mark.parametrize("case", CASES)
def test_a_planted_call_is_found(program: Program, tmp_path: Path, case: str) -> None:
    code, function, name = CASES[case]
    _, wrong = reach_planted(program, tmp_path, code)
    found = {key.rsplit("7planted_")[-1]: names for key, names in wrong.items()}
    assert name in found[function if function == "with_python" else f"7Planted_{function}"], found


def test_a_planted_module_without_calls_passes(program: Program, tmp_path: Path) -> None:
    reached, wrong = reach_planted(program, tmp_path, "self.n += x")
    assert wrong == {}
    assert {name.split("planted_")[-1] for name in reached if "planted" in name} == {
        "4Base_on_event",
        "4Base_help",
        "7Planted_help",
    }
    assert "__pyx_f_8core_ext_4ring_4Ring_release" in reached


def test_a_root_that_does_not_exist_is_told(program: Program) -> None:
    _, wrong = program.reach(program.unit(ROOT / "core/engine.pyx"), ["__pyx_f_4core_6engine_6Engine_no"])
    assert wrong == {"__pyx_f_4core_6engine_6Engine_no": {"no such function"}}
