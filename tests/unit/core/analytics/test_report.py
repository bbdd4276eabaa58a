"""`nacre tca`: the report in each of its forms, behind a core that runs, and facts for the router."""

from __future__ import annotations

import json
import re
import threading
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.analytics.groups import KEYS
from core.analytics.observer import Observer, follow
from core.build import SCHEMA_VERSION, build_id
from core.cli import root
from core_ext.journal import JournalReader, JournalWriter
from tests.model.orders.random_day import RandomDay
from tests.model.tca.journals import record
from tests.simulation.generate import Generator


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day with fills at simulated venues."""
    folder = tmp_path_factory.mktemp("tca") / "journal"
    day = Generator(0)
    day.generate(250)
    record("".join(f"{text}\n" for text in day.texts), folder)
    return folder


def run(*arguments: str) -> str:
    done = CliRunner().invoke(root, ["tca", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_json_has_every_figure_by_every_key(journal: Path) -> None:
    found = json.loads(run("report", str(journal), "-o", "json"))
    assert set(found) == {"until", "total", *KEYS}
    assert found["total"][0]["fills"] > 10
    for key in KEYS:
        assert sum(row["fills"] for row in found[key]) == sum(row["fills"] for row in found["total"])
    assert all("markout_5min_bps" in row and "regret_bps" in row for row in found["symbol"])


def test_a_table_has_the_keys_that_are_asked_for(journal: Path) -> None:
    told = run("report", str(journal), "--by", "venue")
    assert "by venue" in told
    assert "by account" not in told
    assert "effective spread" in told


class Page(HTMLParser):
    """What of a page would need a network, and what is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href", "data", "action")]


def test_the_page_needs_nothing_else(journal: Path, tmp_path: Path) -> None:
    """Plots and style are in it: no script, no link, no address but SVG's own name."""
    file = tmp_path / "report.html"
    assert run("report", str(journal), "-o", "html", "--to", str(file)) == ""
    page = Page()
    page.feed(file.read_text())
    assert page.links == []
    assert not {"script", "link", "img", "iframe"} & set(page.tags)
    assert page.tags.count("svg") >= 4
    assert page.tags.count("table") == 1 + len(KEYS)
    addresses = re.findall(r"https?://[^\"'<) ]+", file.read_text())
    assert set(addresses) <= {"http://www.w3.org/2000/svg"}
    assert not file.with_name("report.html.part").exists()


def test_facts_are_scenario_lines(journal: Path) -> None:
    lines = [json.loads(line) for line in run("facts", str(journal), "--least", "1").splitlines()]
    assert lines
    for line in lines:
        assert line["type"] == "venue_facts"
        assert set(line) <= {
            "type", "venue", "symbol", "latency_us", "fill_ratio", "reject_ratio", "markout_bps",
        }  # fmt: skip
        assert 0 <= float(line["reject_ratio"]) <= 1
    assert run("facts", str(journal), "--least", "1000000") == ""


def test_too_few_say_nothing_and_no_journal_is_bad_input(tmp_path: Path) -> None:
    done = CliRunner().invoke(root, ["tca", "report", str(tmp_path)])
    assert done.exit_code == 2, done.output


def test_an_observer_follows_a_journal_that_grows(tmp_path: Path) -> None:
    """Whatever it finds when it looks: in the end it has what one has that came late."""
    whole = tmp_path / "whole"
    record(RandomDay(3).make(60), whole)
    records = list(JournalReader(whole))
    told: list[int] = []
    with JournalWriter(tmp_path / "grows", schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        for seq, body in records[:10]:
            assert journal.append_bytes(seq, body)
        observer = Observer(tmp_path / "grows")
        for seq, body in records[10:]:
            assert journal.append_bytes(seq, body)
            if seq % 7 == 0:
                observer.poll(0.05)
                told.append(observer.events)
        observer.catch_up()
    late = Observer(whole).catch_up()
    assert told == sorted(told)
    assert observer.events == late.events == len(records)
    assert observer.tape.fills.array().tobytes() == late.tape.fills.array().tobytes()
    assert observer.tape.mids.array().tobytes() == late.tape.mids.array().tobytes()


def test_following_tells_again_only_what_is_new(journal: Path) -> None:
    stop = threading.Event()
    told: list[int] = []
    observer = Observer(journal)

    def tell(found: object) -> None:
        told.append(observer.events)
        if len(told) == 1:
            threading.Timer(0.5, stop.set).start()

    follow(observer, 0.1, tell, stop.is_set)
    assert told[-1] == observer.events
    assert len(told) <= 2
