"""The short form of the soak: seconds of the same load, each ring full once; and that growth is seen."""

from __future__ import annotations

import os
import random
from pathlib import Path

from tests.soak.soak import Plan, Soak
from tests.soak.squeeze import SQUEEZES
from tests.soak.watch import BLOCKS, Watch, judged, sample


def test_a_core_under_load_loses_and_doubles_nothing_while_its_rings_are_full(tmp_path: Path) -> None:
    told = Soak(tmp_path, Plan(4, 30, at_once=12)).run()
    assert told["problems"] == []
    assert (told["lost"], told["duplicated"], told["replay_equal"]) == (0, 0, True)
    assert told["sessions"] == 30
    assert {ring for _, rings in SQUEEZES.values() for ring in rings} <= set(told["filled"])


def test_what_grows_is_seen_and_what_is_level_is_flat() -> None:
    rng = random.Random(1)
    hours = [i / 24 for i in range(BLOCKS)]
    level = [(at * 3600, 100_000 + rng.uniform(-200, 200)) for at in hours]
    grows = [(at * 3600, 100_000 + 5000 * at + rng.uniform(-200, 200)) for at in hours]
    noisy = [(at * 3600, 100_000 + rng.uniform(-50_000, 50_000)) for at in hours]
    assert judged("private", level)["flat"]
    assert not judged("private", grows)["flat"]
    assert not judged("private", noisy)["flat"], "what can't be told from growth isn't flat"
    assert not judged("descriptors", [(at * 3600, 10 + round(8 * at)) for at in hours])["flat"]


def test_a_process_is_looked_at_over_time() -> None:
    watch, held = Watch(), []
    for second in range(60):
        watch.look(float(second), {"self": os.getpid(), "gone": 1 << 22})
        held.append(open(os.devnull))  # noqa: SIM115
    slopes = {each["what"]: each for each in watch.slopes(60)}
    for file in held:
        file.close()
    assert not slopes["descriptors"]["flat"]
    assert set(slopes) == {"private", "shared", "files", "descriptors"} == set(sample(os.getpid()))
