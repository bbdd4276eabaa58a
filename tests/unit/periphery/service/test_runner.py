"""Around an engine: it goes on where it was, whatever kills it; its probes; its settings."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from periphery.risk.engine import RiskEngine
from periphery.service.config import BadConfig, Config, read_config
from periphery.service.probes import Health, Probes
from periphery.service.runner import Runner
from periphery.service.source import Gone, JournalSource, OtherJournal
from periphery.service.state import BadState
from tests.unit.periphery.risk.test_engine import MIDS, PARAMS, day
from tests.unit.periphery.service.dying import WHEN, dies_in_a_save

KILLS = 10
PATIENCE_S = 90.0


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    day(tmp_path / "journal", MIDS)
    return tmp_path / "journal"


def config(journal: Path, place: Path, **more: Any) -> Config:
    return Config(journal=str(journal), state=str(place), **({"params": PARAMS} | more))


def undisturbed(journal: Path, place: Path) -> bytes:
    runner = Runner(RiskEngine, config(journal, place)).catch_up()
    runner.save()
    runner.close()
    return (place / "outputs").read_bytes()


def test_killed_at_any_event_it_says_the_same(journal: Path, tmp_path: Path) -> None:
    """Ten seeded points, with and without a state saved shortly before."""
    expected = undisturbed(journal, tmp_path / "undisturbed")
    chance = random.Random(3)
    for n in range(KILLS):
        place = tmp_path / f"killed{n}"
        for _ in range(3):
            runner = Runner(RiskEngine, config(journal, place))
            runner.source.step = 1
            for _ in range(chance.randrange(1, 60)):
                runner.source.poll()
                if chance.random() < 0.2:
                    runner.save()
            runner.close()  # without a save: its file may have more than its state says
        assert undisturbed(journal, place) == expected


@pytest.mark.parametrize("when", WHEN)
def test_killed_in_a_save(journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    expected = undisturbed(journal, tmp_path / "undisturbed")
    place = tmp_path / "killed"
    runner = Runner(RiskEngine, config(journal, place))
    runner.source.step = 40
    runner.source.poll()
    runner.save()
    runner.source.poll()
    dies_in_a_save(runner, monkeypatch, when)
    assert undisturbed(journal, place) == expected


def test_a_process_killed_goes_on(journal: Path, tmp_path: Path) -> None:
    expected = undisturbed(journal, tmp_path / "undisturbed")
    place = tmp_path / "killed"
    words = [sys.executable, "-m", "core.cli", "engine", "run", "risk", "--journal", str(journal)]
    words += [
        "--state",
        str(place),
        "--http",
        "127.0.0.1:0",
        *(f"--param={key}={value}" for key, value in PARAMS.items()),
    ]
    environment = os.environ | {"NACRE_RISK_SAVE_EVERY_S": "0.01"}
    chance = random.Random(4)
    for kill in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM):
        process = subprocess.Popen(words, stderr=subprocess.PIPE, env=environment, text=True)
        assert process.stderr is not None
        begins = json.loads(process.stderr.readline())
        assert begins["message"] == "begins"
        if kill == signal.SIGKILL:
            time.sleep(chance.uniform(0.05, 0.5))
        else:
            ready(f"http://127.0.0.1:{begins['port']}")
        process.send_signal(kill)
        left = process.communicate()[1]
    assert process.returncode == 0
    assert json.loads(left.splitlines()[-1])["message"] == "ends"
    assert (place / "outputs").read_bytes() == expected
    checked = [
        sys.executable,
        "-m",
        "core.cli",
        "engine",
        "replay",
        "risk",
        "--journal",
        str(journal),
        "-o",
        "json",
    ]
    checked += ["--against", str(place), *(f"--param={key}={value}" for key, value in PARAMS.items())]
    told = json.loads(subprocess.run(checked, capture_output=True, check=True, text=True).stdout)
    assert told[0]["equal"]


def ready(url: str) -> None:
    """Once it has caught up."""
    end = time.monotonic() + PATIENCE_S
    while (told := ask(f"{url}/ready"))[0] != 200:
        assert time.monotonic() < end, told
        time.sleep(0.01)


# ---- state and journal ---------------------------------------------------------------------------------


def test_other_parameters_are_another_state(journal: Path, tmp_path: Path) -> None:
    undisturbed(journal, tmp_path / "risk")
    with pytest.raises(BadState, match="parameters"):
        Runner(RiskEngine, config(journal, tmp_path / "risk", params=PARAMS | {"seed": 9}))


def test_a_damaged_state_is_named(journal: Path, tmp_path: Path) -> None:
    undisturbed(journal, tmp_path / "risk")
    (tmp_path / "risk" / "state").write_bytes(b"\x81")
    with pytest.raises(BadState, match="state"):
        Runner(RiskEngine, config(journal, tmp_path / "risk"))


def test_outputs_that_are_gone_are_named(journal: Path, tmp_path: Path) -> None:
    undisturbed(journal, tmp_path / "risk")
    (tmp_path / "risk" / "outputs").unlink()
    with pytest.raises(BadState, match="begin anew"):
        Runner(RiskEngine, config(journal, tmp_path / "risk"))


def test_another_journal_is_refused(journal: Path, tmp_path: Path) -> None:
    undisturbed(journal, tmp_path / "risk")
    day(tmp_path / "other", [mid + 1 for mid in [*MIDS, *MIDS]])
    runner = Runner(RiskEngine, config(tmp_path / "other", tmp_path / "risk"))
    with pytest.raises(OtherJournal, match="isn't the one"):
        runner.catch_up()
    runner.close()


def test_no_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(Gone, match="nowhere"):
        JournalSource(tmp_path / "nowhere", print)


# ---- probes --------------------------------------------------------------------------------------------


@pytest.fixture
def probed() -> Iterator[tuple[Health, str]]:
    health = Health("risk", stale_after_s=60)
    probes = Probes(health, "127.0.0.1:0")
    yield health, f"http://127.0.0.1:{probes.port}"
    probes.close()


def ask(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_ready_when_it_has_caught_up(probed: tuple[Health, str]) -> None:
    health, url = probed
    assert ask(f"{url}/ready") == (503, "it has not caught up yet")
    health.beat(7, 3, 2, b"\xab", "")
    assert ask(f"{url}/ready") == (200, "ok")
    told = json.loads(ask(f"{url}/status")[1])
    assert (told["last_seq"], told["inputs"], told["outputs"], told["digest"]) == (7, 3, 2, "ab")
    assert "nacre_risk_inputs_total 3.0" in ask(f"{url}/metrics")[1]
    assert ask(f"{url}/nothing")[0] == 404


def test_one_that_does_nothing_isn_t_well(probed: tuple[Health, str]) -> None:
    health, url = probed
    health.beat(7, 3, 2, b"", "")
    assert ask(f"{url}/live")[0] == 200
    health.stale_after_s = 0.01
    time.sleep(0.02)
    code, why = ask(f"{url}/live")
    assert (code, "0.01 s" in why) == (503, True)
    assert ask(f"{url}/ready")[0] == 503


def test_a_journal_taken_away_makes_it_unready(journal: Path, tmp_path: Path) -> None:
    runner = Runner(RiskEngine, config(journal, tmp_path / "risk"))
    seen: list[tuple[bool, str]] = []

    def stopped() -> bool:
        status = runner.health.status
        seen.append((status["ready"], status["why"]))
        if seen[-1][0] and journal.exists():
            shutil.rmtree(journal)
        return "taken away" in seen[-1][1] or len(seen) > 10_000

    runner.run(stopped)
    assert "taken away" in seen[-1][1]
    assert not seen[-1][0]


# ---- settings ------------------------------------------------------------------------------------------


def test_the_last_word_counts(tmp_path: Path) -> None:
    file = tmp_path / "engines.toml"
    file.write_text('[risk]\njournal = "a"\nstate = "s"\n[risk.params]\nseed = 1\ndraws = 7\n')
    environment = {"NACRE_RISK_JOURNAL": "b", "NACRE_RISK_PARAMS_SEED": "2", "NACRE_OTHER_STATE": "x"}
    found = read_config("risk", file, {"state": "t"}, environment)
    assert (found.journal, found.state, found.params) == ("b", "t", {"seed": "2", "draws": 7})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[risk]\njournal = "a"\n', "state"),
        ('[risk]\njournal = "a"\nstate = "s"\ncolour = "red"\n', "colour"),
        ('[risk]\njournal = "a"\nstate = "s"\nsave_every_s = -1\n', "save_every_s"),
        ("risk = 1\n", "no section"),
        ("[risk\n", "engines.toml"),
    ],
)
def test_a_bad_setting_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "engines.toml").write_text(text)
    with pytest.raises(BadConfig, match=words):
        read_config("risk", tmp_path / "engines.toml", {}, {})


def test_a_bad_parameter_is_named(journal: Path, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"confidence.*there is"):
        Runner(RiskEngine, config(journal, tmp_path / "risk", params={"confidence": 2}))
