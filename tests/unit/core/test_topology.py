"""PATH is the path: the fused core calls the engines in its order, and each follows earlier stages only."""

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from core import fused, messages as m
from core.backtest.recorded import Recorded
from core.capacity import Capacity
from core.fused import Fused
from core.scenario.directory import Directory
from core.scenario.encoder import Encoder
from core.scenario.reader import Line
from core.scenario.values import convert, parse_object
from core.topology import CURSORS, ENGINE_NAMES, GATEWAYS, PARAGRAPHS, PATH, STAGES, TAKES, Stage, before

ROOT = Path(__file__).resolve().parents[3]
SMALL = Capacity(orders=64, more_children=64, ids=64, fills=64, spine=64, loopback=256)
EVENTS = (
    '{"type":"instrument","symbol":"AAPL","kind":"equity","price_precision":2,"qty_precision":0,'
    '"tick":"0.01","lot":"1","currency":"USD"}',
    '{"type":"venue","venue":"V1","mode":"match","symbols":["AAPL"]}',
    '{"type":"account","account":"A1","currency":"USD","cash":"1000000"}',
    '{"type":"quote","venue":"V1","symbol":"AAPL","bid_px":"99","bid_qty":"500","ask_px":"100",'
    '"ask_qty":"500"}',
    '{"type":"mark","symbol":"AAPL","px":"100"}',
    '{"type":"order","cl_ord_id":"#","account":"A1","symbol":"AAPL","side":"buy","order_qty":"10",'
    '"ord_type":"limit","price":"100"}',
)
WRITERS = {
    "resolve": "resolved",
    "risk": "verdict",
    "orders": "outcome",
    "router": "routing",
    "execution": "send",
    "positions": "booking",
}


def body(name: str) -> str:
    """A method of core/fused.pyx or core/path.pyx, without its docstring."""
    text = "".join((ROOT / f"core/{module}.pyx").read_text() for module in ("fused", "path"))
    found = re.search(rf"^    cdef [^\n]*\b{name}\([^\n]*:\n((?:        .*\n|\n)+)", text, re.MULTILINE)
    assert found, f"no {name} in core/fused.pyx or core/path.pyx"
    return re.sub(r'""".*?"""', "", found[1], flags=re.DOTALL)


def names() -> list[str]:
    return [stage.name for stage in PATH]


def test_names_are_distinct_and_the_sequencer_is_first() -> None:
    assert len(set(names())) == len(PATH)
    assert PATH[0].name == "sequencer"
    assert PATH[0].follows == ()
    assert {stage.name: stage for stage in (*PATH, GATEWAYS)} == STAGES


@pytest.mark.parametrize("stage", PATH[1:], ids=lambda stage: stage.name)
def test_a_stage_follows_earlier_stages_only(stage: Stage) -> None:
    assert stage.follows
    assert set(stage.follows) <= set(names()[: names().index(stage.name)])


def test_every_stage_but_the_last_is_followed() -> None:
    followed = {name for stage in PATH for name in stage.follows}
    assert [name for name in names() if name not in followed] == [PATH[-1].name]


def test_the_fused_core_is_a_chain_of_the_stages_in_their_order() -> None:
    assert list(CURSORS) == names()[1:]
    assert list(Fused(SMALL).stages) == list(CURSORS)


def test_each_stage_writes_a_paragraph_of_its_own_after_the_one_it_waits_for() -> None:
    assert set(PARAGRAPHS) == {"sequencer", *WRITERS}
    places = [PARAGRAPHS[name] for name in ("sequencer", *WRITERS)]
    assert places == sorted(places)
    for name, paragraph in WRITERS.items():
        assert PARAGRAPHS[name] == (m.PAGE.fields[paragraph][1], m.PAGE.fields[paragraph][0].itemsize)


def test_what_an_engine_waits_for_is_written_for_that_kind_of_event() -> None:
    assert set(TAKES) == set(ENGINE_NAMES)
    for name, kinds in TAKES.items():
        for kind in kinds:
            awaited = before(name, kind)
            assert names().index(awaited) < names().index(name)
            assert awaited == "sequencer" or kind in TAKES[awaited]
            between = names()[names().index(awaited) + 1 : names().index(name)]
            assert not [each for each in between if each in TAKES and kind in TAKES[each]]
    assert before("positions", m.Kind.REPORT) == "execution"
    assert before("router", m.Kind.QUOTE) == "risk"
    assert before("risk", m.Kind.QUOTE) == "sequencer"


def test_a_stage_takes_the_kinds_of_its_engine() -> None:
    core = Fused(SMALL)
    for name, kinds in TAKES.items():
        assert {kind for kind in m.Kind if core.stages[name].takes(kind)} == kinds
        assert not core.stages[name].takes(63)
        assert not core.stages[name].takes(64)


def test_a_paragraph_counts_where_its_engine_takes_the_event() -> None:
    seen: Counter[int] = Counter()

    def look(raw: bytes) -> None:
        page = np.frombuffer(raw, m.PAGE, 1)[0]
        kind = m.Kind(int(page["header"]["kind"]))
        seen[kind] += 1
        for name, paragraph in WRITERS.items():
            assert m.counts(page, paragraph) == (kind in TAKES[name]), (kind, name)

    recorded = Recorded(SMALL, None, look)
    encoder = Encoder("topology", Directory())
    for _ in range(
        SMALL.spine // 2 - 2
    ):  # round the spine more than once: older events' paragraphs lie there
        for number, text in enumerate(EVENTS if not seen else EVENTS[3:]):
            kind, at, data = convert(parse_object(text.replace("#", str(sum(seen.values())))))
            for event in encoder.encode(Line(number + 1, at or 0, kind, data)):
                recorded.feed(event.kind, at or 0, event.request, event.session)
    assert sum(seen.values()) > 2 * SMALL.spine
    assert {m.Kind.QUOTE, m.Kind.ORDER, m.Kind.SLICE, m.Kind.REPORT} <= set(seen)


def test_a_stage_takes_no_event_before_those_that_it_follows_are_done() -> None:
    core = Fused(SMALL)
    core.begin()
    done = {name: stage.done for name, stage in core.stages.items()}
    assert set(done.values()) == {1}
    fresh = Fused(SMALL)
    assert [stage.poll_once() for stage in fresh.stages.values()] == [0] * len(CURSORS)


def test_nothing_is_told_before_it_is_recorded() -> None:
    assert "journal" in STAGES["egress"].follows


def test_digests_and_service_times_name_the_stages() -> None:
    assert [name for name in names() if name not in ("sequencer", "journal")] == list(ENGINE_NAMES)
    assert [*names()[1:], "event"] == list(fused.TIMED)


def test_engines_that_derive_are_those_with_a_loopback_ring() -> None:
    text = (ROOT / "core/fused.pyx").read_text()
    given = re.findall(r"self\.(\w+) = \w+\(Arena\(\w+\), (None|self\._emitter\(E_(\w+)\))", text)
    derives = {name: emitter != "None" for name, emitter, _ in given}
    assert derives == {stage.name: stage.derives for stage in PATH if stage.name in ENGINE_NAMES}
    assert all(engine == name.upper() for name, emitter, engine in given if emitter != "None")


@pytest.mark.parametrize("name", [stage.name for stage in PATH if stage.derives])
def test_what_a_stage_derives_comes_back_and_its_overflow_is_seen(name: str) -> None:
    assert f"self.from_{name}.peek()" in body("next_derived")
    assert f"self.from_{name}.release()" in body("release")
    assert f"self.{name}.emitter.overflows" in body("_check")


def test_ids_of_engines_are_their_places_in_the_path() -> None:
    ids = re.findall(r"^    E_(\w+) = (\d+)", (ROOT / "core/engine.pxd").read_text(), re.MULTILINE)
    engines = [name for name in names() if name != "journal"]
    assert [(name.lower(), int(value)) for name, value in ids] == list(zip(engines, range(8), strict=True))


@pytest.mark.parametrize("name", ["sequencer", *WRITERS, "egress"])
def test_each_engine_has_a_folder_of_its_own(name: str) -> None:
    assert (ROOT / "core" / name / "engine.pyx").is_file()
