"""What Prometheus and Grafana are given: rules that promtool tests, dashboards that are made again."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from deploy.grafana.generate import BOARDS, FOLDER, build
from tests.support_prometheus import DEPLOY, need

RULES = DEPLOY / "prometheus" / "tests" / "rules.yml"


def test_promtool_tests_the_rules() -> None:
    ran = subprocess.run(
        [need("promtool"), "test", "rules", RULES], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_each_rule_is_tested() -> None:
    tested = RULES.read_text()
    for file, word in (("alerts", "alert"), ("recording", "record")):
        for name in re.findall(
            rf"- {word}: (\S+)", (DEPLOY / "prometheus" / "rules" / f"{file}.yml").read_text()
        ):
            assert re.search(rf"(alertname|expr): {name}\n", tested), name


def test_promtool_takes_the_configuration(tmp_path: Path) -> None:
    config = DEPLOY / "prometheus" / "prometheus.yml"
    ran = subprocess.run(
        [need("promtool"), "check", "config", config], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_amtool_takes_alertmanagers_configuration() -> None:
    config = DEPLOY / "alertmanager" / "alertmanager.yml"
    ran = subprocess.run(
        [need("amtool"), "check-config", config], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_dashboards_are_what_the_generator_makes() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(BOARDS)
    for name, panels in BOARDS.items():
        text = build(name, panels)
        assert (FOLDER / f"{name}.json").read_text() == text, "run python -m deploy.grafana.generate"
        made = json.loads(text)
        assert len(made["panels"]) == len(panels)
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in made["panels"]]
        assert len(set(places)) == len(places), "two panels in one place"
