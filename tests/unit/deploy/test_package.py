"""The wheel's tag, and the list of what nacre needs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def package() -> ModuleType:
    path = ROOT / "deploy" / "setup" / "package.py"
    spec = importlib.util.spec_from_file_location("nacre_package", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_newest_symbol_decides(package: ModuleType) -> None:
    plain = "  NEEDED               libc.so.6\n 0000  DF *UND* (GLIBC_2.2.5) memcpy\n"
    newer = "  NEEDED               libm.so.6\n 0000  DF *UND* (GLIBC_2.34) pow (GLIBC_2.29) exp\n"
    assert package.needed({"a.so": plain}) == 17
    assert package.needed({"a.so": plain, "b.so": newer}) == 34


def test_another_library_is_not_portable(package: ModuleType) -> None:
    with pytest.raises(package.NotPortable, match=r"b.so needs libstdc\+\+.so.6"):
        package.needed({"b.so": "  NEEDED               libstdc++.so.6\n"})


def test_a_module_that_was_built_here_is_portable(package: ModuleType) -> None:
    (module,) = (ROOT / "core_ext").glob("ring.*.so")
    assert 17 <= package.needed({module.name: package._objdump(module)}) < 100


def test_the_list_has_every_pin_with_its_hashes_and_the_same_name_each_time(package: ModuleType) -> None:
    lock = package.LOCK.read_text()
    found = package.bill(lock)
    assert len(found["components"]) == lock.count("==")
    assert sum(len(each["properties"]) for each in found["components"]) == lock.count("--hash=sha256:")
    numpy = next(each for each in found["components"] if each["name"] == "numpy")
    assert numpy["purl"] == f"pkg:pypi/numpy@{numpy['version']}"
    assert numpy["licenses"]
    assert found == package.bill(lock)
