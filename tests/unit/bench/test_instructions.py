"""Counts of instructions: how callgrind's file is read, what is too much, and what this build does."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from bench import callgrind, instructions

GATE = f"{callgrind.ROOT}/core/risk/gate.cpython-313-x86_64-linux-gnu.so"
FILE = f"""version: 1
positions: line
events: Ir

ob=(1) /usr/lib/libc.so.6
fn=(1) memcpy
10 500

ob=(2) {GATE}
fn=(2) passes
20 30
+1 5
cob=(1)
cfn=(1)
calls=3 0
21 1500
* 7

ob=(1)
fn=(3) memset
* 100
ob=(2)
fn=(4) arm
-3 8
"""


def test_a_module_has_what_it_executed_itself() -> None:
    assert callgrind.by_module(FILE.splitlines(keepends=True)) == {"core.risk.gate": 30 + 5 + 7 + 8}


def test_more_is_too_much_of_all_or_of_a_large_module() -> None:
    kept = {"a": 1000, "b": 50, "c": 5}
    assert instructions.judge(dict(kept), kept)["ok"]
    assert instructions.judge(kept | {"a": 900}, kept)["ok"]
    assert not instructions.judge(kept | {"a": 1100}, kept)["ok"]
    told = instructions.judge({"a": 990, "b": 60, "c": 15}, kept)
    assert (told["ok"], told["too_much"]) == (False, ["b"])
    assert not instructions.judge(kept | {"new": 500}, kept)["ok"]


def test_the_core_keeps_to_what_was_counted() -> None:
    if shutil.which("valgrind") is None:
        assert os.environ.get("REQUIRE_ALL") != "1", "no valgrind: deploy/setup/servers.sh installs it"
        pytest.skip("no valgrind here: deploy/setup/servers.sh installs it")
    if instructions.compiler() not in json.loads(instructions.KEPT.read_text()):
        assert os.environ.get("REQUIRE_ALL") != "1", f"nothing is kept for {instructions.compiler()}"
        pytest.skip(f"nothing is kept for {instructions.compiler()}")
    found = instructions.run()
    assert found["ok"], [row for row in found["modules"] if row["module"] in found["too_much"]]
