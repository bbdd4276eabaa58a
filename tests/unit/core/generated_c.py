"""Reads the C that Cython makes, and follows what a function can reach: over vtables, from module to module.

A function of the path may use integers, pointers, what `core` and `core_ext` define, and a few functions of
the C library. Whatever else is reached is told: a name of the Python C API or of Cython's runtime, a float,
a call of something unknown (an allocation, a lock, a system call).
"""

import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from Cython.Build.Dependencies import create_dependency_tree

PYTHON = re.compile(r"_?Py[A-Z_]|__Pyx_|__PYX_|__pyx_(?:mstate|n_|kp_|int_|builtin|empty|codeobj|tuple|k_)")

# Names of Python's that touch no object, and why.
HARMLESS = {
    "PyObject": "a type in a cast",
    "Py_ssize_t": "an integer type",
    "Py_None": "an address: `x is None` compares pointers",
}

FLOAT = re.compile(r"\b(?:float|double)\b|(?<![\w.])\d+\.\d*")

# What isn't ours and may be called.
PLAIN_C = {
    *("if", "while", "for", "switch", "return", "sizeof", "offsetof", "likely", "unlikely"),
    *("_Static_assert", "__typeof__", "_Generic", "defined", "__volatile__"),
    *("memcpy", "memset", "memcmp", "memmove"),
}
BUILTIN = re.compile(r"__builtin_\w+|__atomic_\w+|_mm_pause|__rdtsc")


def plain(text: str) -> str:
    """C without comments and the insides of literals."""
    return re.sub(
        r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'""", " 0 ", text, flags=re.DOTALL
    )


def block(text: str, start: int) -> str:
    """From the brace at `start` to its match."""
    depth = 0
    for match in re.compile(r"[{}]").finditer(text, start):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return text[start : match.end()]
    raise ValueError("a brace without its match")


def mangled(module: str) -> str:
    """core.risk.engine: 4core_4risk_6engine_"""
    return "".join(f"{len(part)}{part}_" for part in module.split("."))


@dataclass
class Unit:
    """A generated C file."""

    module: str
    raw: str

    @cached_property
    def text(self) -> str:
        return plain(self.raw)

    @cached_property
    def functions(self) -> dict[str, str]:
        """The bodies of Cython's functions and of those in verbatim C."""
        heads = re.compile(r"^[ \t]*\w[\w \t*]*?\b(__pyx_f_\w+|nacre_\w+)\([^;{}#=]*\)\s*\{", re.MULTILINE)
        return {match[1]: block(self.text, match.end() - 1) for match in heads.finditer(self.text)}

    @cached_property
    def macros(self) -> dict[str, str]:
        found = re.finditer(r"^[ \t]*#[ \t]*define (\w+)\([^)]*\)((?:.*\\\n)*.*)", self.text, re.MULTILINE)
        return {match[1]: match[2] for match in found}

    @cached_property
    def bases(self) -> dict[str, str]:
        """The class that each class extends, both as their vtables are called."""
        return dict(
            re.findall(
                r"struct __pyx_vtabstruct_(\w+) \{\s*struct __pyx_vtabstruct_(\w+) __pyx_base;", self.text
            )
        )


def method_name(vtable: str, method: str) -> str:
    """A method's function: a vtable is called <module>_<class>, a function <module>_<n><class>_<name>."""
    rest, head = vtable, ""
    while prefix := re.match(r"\d+", rest):
        end = len(prefix[0]) + int(prefix[0]) + 1
        head, rest = head + rest[:end], rest[end:]
    return f"__pyx_f_{head}{len(rest)}{rest}_{method}"


@dataclass
class Program:
    """The generated C of the modules under `root`; other modules can be added, as a test's own."""

    root: Path
    scratch: Path
    units: dict[str, Unit] = field(default_factory=dict)

    @cached_property
    def sources(self) -> dict[str, Path]:
        """Every module's .pyx, by the beginning of its functions' names."""
        paths = [path for top in ("core", "core_ext") for path in sorted((self.root / top).rglob("*.pyx"))]
        return {mangled(".".join(path.relative_to(self.root).with_suffix("").parts)): path for path in paths}

    def unit(self, source: Path) -> Unit:
        module = ".".join(source.relative_to(self.root).with_suffix("").parts)
        if module not in self.units:
            self.units[module] = Unit(module, self.c_file(source).read_text())
        return self.units[module]

    def c_file(self, source: Path) -> Path:
        """What the build made, where nothing changed since, or else made anew."""
        built = (self.root / "build/cython" / source.relative_to(self.root)).with_suffix(".c")
        if (
            built.exists()
            and built.stat().st_mtime >= create_dependency_tree().newest_dependency(str(source))[0]
        ):
            return built
        return self.cythonize(source)

    def cythonize(self, source: Path, module: str = "") -> Path:
        name = module or ".".join(source.relative_to(self.root).with_suffix("").parts)
        out = self.scratch / f"{name}.c"
        command = [sys.executable, "-m", "cython", "-3", "--module-name", name, "-o", str(out), str(source)]
        subprocess.run(command, cwd=self.root, check=True, capture_output=True, text=True)
        return out

    def add(self, source: Path, module: str) -> Unit:
        """A module from elsewhere."""
        self.units[module] = Unit(module, self.cythonize(source, module).read_text())
        return self.units[module]

    def owner(self, function: str) -> Unit | None:
        """The module that defines a function of Cython's."""
        name = function.removeprefix("__pyx_f_")
        fits = [prefix for prefix in self.sources if name.startswith(prefix)]
        return self.unit(self.sources[max(fits, key=len)]) if fits else None

    def find(self, name: str, near: Unit) -> tuple[Unit, str] | None:
        """The function's body: inline ones and verbatim C are in every file that uses them."""
        for unit in (near, self.owner(name)):
            if unit and name in unit.functions:
                return unit, unit.functions[name]
            if unit and name in unit.macros:
                return unit, unit.macros[name]
        return None

    def method(self, vtable: str, name: str, near: Unit) -> Iterator[str]:
        """The functions that a call over a vtable may run: the class's own or inherited, and its heirs'."""
        bases = dict(pair for unit in (near, *self.units.values()) for pair in unit.bases.items())
        family = [vtable, *(heir for heir, base in bases.items() if base == vtable)]
        while vtable in bases and self.find(method_name(vtable, name), near) is None:
            vtable = bases[vtable]
        for member in {*family, vtable}:
            if self.find(method_name(member, name), near) is not None:
                yield method_name(member, name)

    def calls(self, body: str, near: Unit) -> tuple[set[str], set[str]]:
        """(functions to follow, names that nobody knows)."""
        follow = set(re.findall(r"\b__pyx_f_\w+", body))
        unknown: set[str] = set()
        over = re.compile(r"\(\(struct __pyx_vtabstruct_(\w+) \*\)[\w>.\-\[\]()]*?__pyx_vtab\)->")
        for match in over.finditer(body):
            method = re.match(r"(?:__pyx_base\.)*(\w+)\(", body[match.end() :])
            found = set(self.method(match[1], method[1], near)) if method else set()
            follow |= found
            if not found:
                unknown.add(f"{match[1]}'s vtable")
        for before, name in re.findall(r"(->|\.)?\b([A-Za-z_]\w*)\(", body):
            if not before and not name.startswith(("__pyx_f_", "__pyx_t_")):
                (follow if self.find(name, near) else unknown).add(name)
        unknown -= PLAIN_C
        return follow, {name for name in unknown if not BUILTIN.fullmatch(name) and not PYTHON.match(name)}

    def reach(
        self, start: Unit, roots: list[str], but: Collection[str] = ()
    ) -> tuple[set[str], dict[str, set[str]]]:
        """(functions reached, what each touches that it may not). but: functions not to look into."""
        seen = set(but)
        wrong: dict[str, set[str]] = {}
        waiting = [(name, start) for name in roots]
        while waiting:
            name, near = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            found = self.find(name, near)
            if found is None:
                wrong[name] = {"no such function"}
                continue
            unit, body = found
            follow, bad = self.calls(body, unit)
            names = set(re.findall(r"\b[A-Za-z_]\w*", body))
            bad |= {word for word in names if PYTHON.match(word) and word not in HARMLESS}
            bad |= set(FLOAT.findall(body))
            if bad:
                wrong[name] = bad
            waiting += [(callee, unit) for callee in follow]
        return seen, wrong
