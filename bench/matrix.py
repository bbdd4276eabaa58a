"""The decision matrix: each engine and service of the platform, what a container gives it and what it takes,
measured where it can be and marked where it is a judgement; and the reverse question.

The figures are those of docs/results/placement.json (`nacre bench placement`), phases.json (`nacre bench
phases`) and whole.json (all in containers: `tests/containers/test_whole.py`): this makes a page out of them.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REWARDS = ("scalability", "isolation", "operations", "security", "evolution")
RISKS = ("latency", "resources", "complexity", "cost", "integration")
LATENCY, RESOURCES, ISOLATION = (1.2, 2.5, 10.0), (1.1, 1.5, 3.0), (0.6, 0.8, 0.99)
MEMORY_MB = (50, 250, 1000)
RESULTS = Path(__file__).resolve().parents[1] / "docs" / "results"
JUDGED = "*"
"""Marks a cell that nothing measured."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the 25. scores: reward then risk, 0 to 3, of running it in a container of its own; the reward
    is what one gains, the risk what one pays. measured: its name in placement.json; container: in whole.json.
    why: of the verdict.
    """

    name: str
    layer: str
    scores: tuple[int, ...]
    verdict: str
    why: str = ""
    measured: str = ""
    container: str = ""


def _parts() -> tuple[Part, ...]:
    rows = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())["part"]
    return tuple(Part(**row | {"scores": tuple(row["scores"])}) for row in rows)


PARTS = _parts()


def page(placement: Mapping[str, Any], phases: Mapping[str, Any], whole: Mapping[str, Any]) -> str:
    """The report in Markdown."""
    parts = [
        *_head(placement, phases),
        *_table(placement, whole),
        *_measured(placement),
        *_contained(whole),
        *_verdicts(),
        *_reverse(placement),
    ]
    return "\n".join([*parts, *_end(placement)]) + "\n"


def _head(placement: Mapping[str, Any], phases: Mapping[str, Any]) -> Iterator[str]:
    about = placement["machine"]
    yield from (
        "# The decision matrix",
        "",
        "Made by `python -m bench.matrix` from `placement.json` and `phases.json` beside it.",
        "",
        "Which of the platform's 25 engines and services run in containers? Rewards and risks of a "
        "container of its own, 0 "
        "(none) to 3 (much). **Bold** cells follow from figures, of all in containers at once and of "
        "`nacre bench placement` "
        f"({about['processor']}, "
        f"{about['processors']} processors, load average {placement['load_average']}; the tails there are "
        "the machine's) by the "
        f"rules below the table; {JUDGED} is a judgement that nothing here measured. The phases "
        f"({phases['events']:,} events, each "
        "placement to the same hash) show that the choice is one of configuration.",
        "",
    )


def _table(placement: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[str]:
    yield f"| part | {' | '.join(REWARDS)} | {' | '.join(RISKS)} | reward | risk |"
    yield "| --- |" + " --- |" * (len(REWARDS) + len(RISKS) + 2)
    for part in PARTS:
        cells, scores = [], list(part.scores)
        for at, name in enumerate((*REWARDS, *RISKS)):
            found = _score(name, placement["engines"].get(part.measured))
            found = _score_whole(name, whole["parts"].get(part.container)) if found is None else found
            scores[at] = part.scores[at] if found is None else found
            cells.append(f"{part.scores[at]}{JUDGED}" if found is None else f"**{found}**")
        reward, risk = sum(scores[: len(REWARDS)]), sum(scores[len(REWARDS) :])
        yield f"| {part.name} | {' | '.join(cells)} | {reward} | {risk} |"
    yield ""


def _score(category: str, engine: Mapping[str, Any] | None) -> int | None:
    """From an engine's figures; None where they say nothing of it."""
    if engine is None:
        return None
    rows = engine["placements"]
    fused, pinned, contained = rows["fused"], rows["pinned"], rows["contained"]
    if category == "latency":
        return _steps(contained["ns"]["p50"] / pinned["ns"]["p50"], LATENCY)
    if category == "resources":
        return _steps(_memory(rows), RESOURCES)
    if category == "isolation":
        return 3 - _steps(len(contained["stops"]) / len(fused["stops"]), ISOLATION)
    return None


def _score_whole(category: str, container: Mapping[str, Any] | None) -> int | None:
    """From a container among all; None where its figures say nothing of it."""
    if container is None or category != "resources":
        return None
    return _steps(container["memory_mb"], MEMORY_MB)


def _steps(value: float, bounds: tuple[float, ...]) -> int:
    return sum(value > bound for bound in bounds)


def _listed(bounds: tuple[float, ...]) -> str:
    return ", ".join(map(str, bounds))


def _memory(rows: Mapping[str, Any]) -> float:
    """Of a container, and of what its engine keeps beside it, over a pinned process."""
    contained = rows["contained"]["load"]
    both: float = contained["pss_bytes"] + contained["beside_pss_bytes"]
    return both / float(rows["pinned"]["load"]["pss_bytes"])


def _measured(placement: Mapping[str, Any]) -> Iterator[str]:
    yield "Rules of the bold cells, of 0 to 3 by the bounds that are passed:"
    yield ""
    yield f"- latency: the median of a contained engine over that of a pinned one; {_listed(LATENCY)}"
    yield f"- resources: memory of the container, and beside it, over a pinned process; {_listed(RESOURCES)}"
    yield (
        f"- isolation: 3 less the bounds passed by the share of the path that stands still when it dies; "
        f"{_listed(ISOLATION)}"
    )
    yield ""
    yield "| engine | contained / pinned, p50 | memory | stand still: fused, contained | behind ZeroMQ, µs |"
    yield "| --- | --- | --- | --- | --- |"
    for part in PARTS:
        if not part.measured:
            continue
        rows = placement["engines"][part.measured]["placements"]
        pinned, contained = rows["pinned"], rows["contained"]
        memory = _memory(rows)
        stops = f"{len(rows['fused']['stops'])}, {len(contained['stops'])}"
        ratio = contained["ns"]["p50"] / pinned["ns"]["p50"]
        far_us = rows["remote"]["ns"]["p50"] / 1e3
        yield f"| {part.name} | {ratio:.2f} | {memory:.2f} | {stops} | {far_us:.1f} |"
    yield ""


def _contained(whole: Mapping[str, Any]) -> Iterator[str]:
    """What each takes among all of them."""
    yield (
        f"All in containers at once ({whole['events']:,} events of two recorded venues; "
        "`NACRE_WHOLE_REPORT=FILE make test-containers`): resources by a container's memory in MB; "
        f"{_listed(MEMORY_MB)}."
    )
    yield ""
    yield "| part | container | image, MB | memory, MB |"
    yield "| --- | --- | --- | --- |"
    for part in PARTS:
        if found := whole["parts"].get(part.container):
            yield f"| {part.name} | {part.container} | {found['image_mb']} | {found['memory_mb']} |"
    yield ""


def _verdicts() -> Iterator[str]:
    yield "## Where each runs"
    yield ""
    yield "| part | layer | where | why |"
    yield "| --- | --- | --- | --- |"
    for part in PARTS:
        why = part.why or "the table: isolation for the price of memory, no latency"
        yield f"| {part.name} | {part.layer} | {part.verdict} | {why} |"
    yield ""


def _reverse(placement: Mapping[str, Any]) -> Iterator[str]:
    near = sorted(
        each["placements"]["contained"]["ns"]["p50"] / 1e3 for each in placement["engines"].values()
    )
    far = sorted(each["bare_zeromq_ns"]["p50"] / 1e3 for each in placement["engines"].values())
    yield from (
        "## The reverse question",
        "",
        f"What does a periphery engine gain beside the core? A hop over shared memory takes {near[0]:.1f} "
        f"to {near[-1]:.1f} µs, "
        f"container or not; the bare ZeroMQ hop {far[0]:.0f} to {far[-1]:.0f} µs, in the same run. So "
        "what answers within an event's "
        f"reach (features that a strategy trades on, the handler of a fast venue) gains some {far[0]:.0f} "
        "µs a hop there, and gives up "
        f"its own network and libraries{JUDGED}. `nacre engine run --journal` and `nacre market-data run "
        "--core` are that placement: one "
        "option, the same bytes said. What answers in seconds (VaR, factors, portfolios, performance) "
        "gains nothing, and brings "
        f"solvers and gigabytes beside the path{JUDGED}: it stays away.",
        "",
    )


def _end(placement: Mapping[str, Any]) -> Iterator[str]:
    execution = placement["engines"]["execution"]["placements"]["contained"]["events_per_s"]
    whole = 1e6 / placement["path"]["us_an_event"]["fused"]
    yield from (
        "## Does selective containerisation stand?",
        "",
        "Its conclusion does, its reason doesn't. The analysis left engines in one process because a "
        "container was to cost 2.5 to 10 "
        "times the latency; that is the price of the network, not of the container. An engine in a "
        "container that shares the core's "
        "memory has the latency of a process of its own. What remains to be selected is who shares "
        "memory and who speaks over ZeroMQ: "
        "the path and what trades within an event's reach do the first, everything else the second. What "
        "a container does cost here "
        "is memory, and a person who runs more of them.",
        "",
        "## Order execution over several engines",
        "",
        '`placements = {execution = "remote"}` and `partitions = {execution = 2}`: two engines in containers '
        "of their own share the orders, by account or one by one; risk stays single and sequenced. The "
        "state's "
        "hash is that of one engine, also with both killed on the way (phase 1b of `nacre bench phases`, "
        f"`tests/integration/test_placed_order.py`). One contained engine takes {execution:,} events a "
        f"second, "
        f"all engines on one thread together {whole:,.0f}: execution doesn't bound the path, so sharing "
        f"it out "
        "buys memory and processors of another host, not speed. By venue it can't be shared out, since the "
        "children of one order go to several; the venues' side can: each broker or exchange has a gateway "
        "process of its own (`nacre fix initiate`).",
    )


def given() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The figures of placement.json, phases.json and whole.json."""
    placement, phases, whole = (
        json.loads((RESULTS / f"{name}.json").read_text()) for name in ("placement", "phases", "whole")
    )
    return placement, phases, whole


def main() -> None:
    (RESULTS / "matrix.md").write_text(page(*given()))


if __name__ == "__main__":
    main()
