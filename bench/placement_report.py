"""The report of `bench placement`: one set of figures as JSON, as Markdown and as a page with plots."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

NAMES = {
    "execution": "order execution",
    "risk": "real-time risk",
    "positions": "position keeper",
    "router": "smart order router",
    "orders": "order management",
}
ESTIMATES_MS = {"execution": (0.5, 2.0), "risk": (1.0, 3.0), "positions": (0.1, 1.0), "router": (2.0, 5.0)}
CPU_ESTIMATE = (20, 30)
MEMORY_ESTIMATE = (15, 25)
COLOURS = {"fused": "#777", "pinned": "#2a6", "host": "#2a9", "contained": "#27c", "remote": "#c52"}


def write_reports(found: Mapping[str, Any], folder: Path) -> None:
    """placement.json, placement.md and placement.html."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "placement.json").write_text(json.dumps(found, indent=1) + "\n")
    (folder / "placement.md").write_text(markdown(found))
    (folder / "placement.html").write_text(page(found))


# ---- tables ------------------------------------------------------------------------------------------------


def tables(found: Mapping[str, Any]) -> Iterable[tuple[str, str, list[str], list[list[str]]]]:
    """(title, words, heads, rows) of each table."""
    yield (
        "Latency of one engine",
        "From a page's publication to the engine's paragraph, in µs; *added* is what is more than the "
        "service time, "
        "which is the median on one thread. Closed loop, one page at a time.",
        [
            "engine",
            "placement",
            "p50",
            "p99",
            "p99.9",
            "added p50",
            "added p99",
            "added p99.9",
            "pages",
            "state",
        ],
        [
            [
                NAMES[engine],
                name,
                *(_us(row["ns"][key]) for key in ("p50", "p99", "p999")),
                *(_us(row["added_ns"][key]) for key in ("p50", "p99", "p999")),
                f"{row['ns']['count']:,}",
                "equal" if row["state_equal"] else "DIFFERENT",
            ]
            for engine, each in found["engines"].items()
            for name, row in each["placements"].items()
        ],
    )
    yield (
        "Ratios",
        "Median of the ratios of blocks beside each other. The bare ZeroMQ hop is a message of a page there "
        "and one "
        "back, between the same two containers.",
        [
            "engine",
            "contained / pinned",
            "goal",
            "contained / host",
            "remote / bare ZeroMQ",
            "goal",
            "remote / pinned",
        ],
        [
            [
                NAMES[engine],
                _ratio(each, "contained_over_pinned_p50"),
                str(found["goals"]["contained_over_pinned_p50"]),
                _ratio(each, "contained_over_host_p50"),
                _ratio(each, "remote_over_bare_p50"),
                str(found["goals"]["remote_over_bare_p50"]),
                _ratio(each, "remote_over_pinned_p50"),
            ]
            for engine, each in found["engines"].items()
        ],
    )
    yield (
        "Throughput, and cost at an equal load",
        "Events a second as fast as the placement takes them, the best of some bursts; then "
        f"{found['load_events_per_s']:,.0f} "
        "events a second for "
        "two seconds, waiting by sleep: processor seconds of the path's side and the engine together, "
        "memory (PSS) of "
        "the engine (contained and remote: all of its container) and of what the container engine keeps "
        "beside it; sockets, ZeroMQ messages and bytes an order, which is "
        f"{_events_an_order(found):.1f} events here.",
        [
            "engine",
            "placement",
            "events/s",
            "cpu s",
            "engine MiB",
            "beside MiB",
            "sockets",
            "messages",
            "bytes",
        ],
        [
            [
                NAMES[engine],
                name,
                f"{row['events_per_s']:,}",
                f"{row['load']['cpu_ns'] / 1e9:.2f}",
                _mib(row["load"]["pss_bytes"]),
                _mib(row["load"]["beside_pss_bytes"]),
                str(row["sockets"]),
                f"{_an_order(found, row, 'messages'):.1f}",
                f"{_an_order(found, row, 'bytes_out') + _an_order(found, row, 'bytes_in'):,.0f}",
            ]
            for engine, each in found["engines"].items()
            for name, row in each["placements"].items()
        ],
    )
    yield (
        "After SIGKILL",
        "Until the engine answers the next page: what brings it back is the supervisor (pinned, host) or "
        "the container "
        "engine (contained, remote). A fused engine is not brought back alone: its row is what a process "
        "with all engines "
        "needs to be where it was. Recording goes on "
        "where the journal is not among those that stand still, and no input is lost.",
        ["engine", "placement", "back after, ms", "what stands still meanwhile"],
        [
            [NAMES[engine], name, f"{row['restart_ms']:,.0f}", ", ".join(row["stops"])]
            for engine, each in found["engines"].items()
            for name, row in each["placements"].items()
        ],
    )
    yield (
        "Beside the analysis's estimates",
        "It guessed what each engine takes in process and in a container, in ms, and +20 to 30 % processor "
        "time, +15 to "
        "25 % memory for containers. Measured: the medians; contained against pinned, at the equal load.",
        [
            "engine",
            "estimate",
            "pinned",
            "contained",
            "remote",
            "added by a container",
            "cpu",
            "memory",
            "verdict",
        ],
        [_against(engine, found["engines"][engine]) for engine in ESTIMATES_MS if engine in found["engines"]],
    )
    yield (
        "A whole path",
        f"The demonstration's day ({found['path']['events']:,} events) in recorded order, each placement in "
        "containers, "
        "every stage waiting by sleep: each event goes through all stages before the next begins. On two "
        "processors the "
        "processes take turns, so this is no latency of a path with a processor a stage. "
        + ("All came to one state." if found["path"]["ok"] else "THE STATES DIFFER."),
        ["placement", "µs an event"],
        [[name, f"{us:,}"] for name, us in found["path"]["us_an_event"].items()],
    )
    yield (
        "Recommended placement",
        "By these figures: latency-first takes the least p99; isolation-first the least p50 of those whose "
        "death ends "
        "no other engine's process and that have a container of their own; scale-first what leaves this "
        "host, where "
        "the engine's share of an order's time allows it.",
        ["engine", "latency-first", "isolation-first", "scale-first"],
        [[NAMES[engine], *recommended(each)] for engine, each in found["engines"].items()],
    )


def _events_an_order(found: Mapping[str, Any]) -> float:
    return float(found["tape"]["events"] / found["tape"]["requests"])


def _an_order(found: Mapping[str, Any], row: Mapping[str, Any], what: str) -> float:
    return float(row["load"].get(f"{what}_an_event", 0)) * _events_an_order(found)


def recommended(each: Mapping[str, Any]) -> tuple[str, str, str]:
    """For who wants latency, isolation, scale."""
    rows = each["placements"]
    shared = {name: row for name, row in rows.items() if name in ("pinned", "host", "contained")}
    latency = min(shared, key=lambda name: shared[name]["ns"]["p99"])
    if rows["fused"]["ns"]["p99"] < shared[latency]["ns"]["p99"] / 2:
        latency = f"fused; apart: {latency}"
    apart = min(("contained", "remote"), key=lambda name: rows[name]["ns"]["p50"])
    cost = (rows["remote"]["ns"]["p50"] - rows["contained"]["ns"]["p50"]) / 1000
    return latency, apart, f"remote, for {cost:,.0f} µs an event; else contained"


def _against(engine: str, each: Mapping[str, Any]) -> list[str]:
    inside, outside = ESTIMATES_MS[engine]
    rows = each["placements"]
    pinned, contained = rows["pinned"], rows["contained"]
    added = (contained["ns"]["p50"] - pinned["ns"]["p50"]) / 1e6
    cpu = _more(contained["load"]["cpu_ns"], pinned["load"]["cpu_ns"])
    memory = _more(
        contained["load"]["pss_bytes"] + contained["load"]["beside_pss_bytes"], pinned["load"]["pss_bytes"]
    )
    agrees = added >= (outside - inside) / 2
    verdict = f"{'agree' if agrees else 'disagree'}: {added * 1000:+.2f} µs, not {outside - inside:g} ms"
    return [
        NAMES[engine],
        f"{inside:g} → {outside:g} ms",
        _us(pinned["ns"]["p50"]) + " µs",
        _us(contained["ns"]["p50"]) + " µs",
        _us(rows["remote"]["ns"]["p50"]) + " µs",
        f"{added * 1000:+.2f} µs",
        f"{cpu:+.0f} % ({_judged(cpu, CPU_ESTIMATE)})",
        f"{memory:+.0f} % ({_judged(memory, MEMORY_ESTIMATE)})",
        verdict,
    ]


def _judged(value: float, estimate: tuple[int, int]) -> str:
    return "agree" if estimate[0] <= value <= estimate[1] else "disagree"


def _more(a: float, b: float) -> float:
    return (a / b - 1) * 100 if b else 0.0


def _ratio(each: Mapping[str, Any], key: str) -> str:
    return f"{each['ratios'][key]:.2f}"


def _us(ns: float) -> str:
    return f"{ns / 1000:,.2f}"


def _mib(size: int) -> str:
    return f"{size / (1 << 20):.1f}"


# ---- the two forms -----------------------------------------------------------------------------------------


def _about(found: Mapping[str, Any]) -> str:
    machine, where = found["machine"], found["placement"]
    return (
        f"{machine['processor']}, {machine['processors']} processors, Linux {machine['kernel']}, clock "
        f"{machine['clock_source']}. The path's side on processor {where['path_side']}, the engine on "
        f"{where['engine']}: "
        f"{where['processes_at_a_time']} processes at a time, stage by stage, since this machine has no "
        "processor for each "
        f"stage. Wait: {found['wait']}. {found['rounds']} rounds, blocks of the placements in turn; a tape "
        "of "
        f"{found['tape']['events']:,} events from {found['tape']['requests']:,} requests. Every paragraph "
        "was compared with "
        "the tape's, and each engine's last state with that of an engine on one thread. Load average "
        "meanwhile: "
        f"{found['load_average']}; what else ran on the machine is in the tails, and in p99.9 above all."
    )


def markdown(found: Mapping[str, Any]) -> str:
    """All tables."""
    out = [
        "# What each placement costs",
        "",
        "Made by `nacre bench placement --report DIR`.",
        "",
        _about(found),
        "",
    ]
    for title, words, heads, rows in tables(found):
        out += [f"## {title}", "", words, "", _line(heads), _line("---" for _ in heads)]
        out += [*(_line(row) for row in rows), ""]
    return "\n".join(out).rstrip() + "\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def page(found: Mapping[str, Any]) -> str:
    """All tables, and a plot of the latencies an engine; no file besides."""
    out = [
        "<!doctype html><meta charset=utf-8><title>What each placement costs</title><style>",
        STYLE,
        "</style>",
    ]
    out += ["<h1>What each placement costs</h1>", f"<p>{html.escape(_about(found))}</p>"]
    out += [plot(NAMES[engine], each["placements"]) for engine, each in found["engines"].items()]
    for title, words, heads, rows in tables(found):
        head = "".join(f"<th>{html.escape(cell)}</th>" for cell in heads)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
        )
        out.append(
            f"<h2>{html.escape(title)}</h2><p>{html.escape(words)}</p><table><tr>{head}</tr>{body}</table>"
        )
    return "\n".join(out) + "\n"


STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;margin:1em 0}"
    "td,th{border-bottom:1px solid #ccc;padding:.2em .7em;text-align:left}"
    "svg text{font:12px system-ui,sans-serif}figure{display:inline-block;margin:0 2em 1em 0}"
)
WIDTH, LEFT, ROW = 430, 80, 22
TICKS_NS = (100, 1_000, 10_000, 100_000, 1_000_000)


def plot(title: str, rows: Mapping[str, Any]) -> str:
    """Bars of p50, whiskers to p99 and p99.9, on a logarithmic scale."""
    height = ROW * len(rows) + 30
    parts = []
    for ns in TICKS_NS:
        x = _x(ns)
        parts.append(f'<line x1="{x}" x2="{x}" y1="0" y2="{height - 24}" stroke="#ddd"/>')
        label = f"{ns / 1000:g} µs" if ns < 1_000_000 else "1 ms"
        parts.append(f'<text x="{x}" y="{height - 8}" text-anchor="middle">{label}</text>')
    for i, (name, row) in enumerate(rows.items()):
        y = ROW * i + 4
        p50, p99, p999 = (_x(row["ns"][key]) for key in ("p50", "p99", "p999"))
        parts.append(f'<text x="{LEFT - 6}" y="{y + 12}" text-anchor="end">{name}</text>')
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{p50 - LEFT}" height="14" fill="{COLOURS[name]}"/>')
        parts.append(f'<line x1="{p50}" x2="{p999}" y1="{y + 7}" y2="{y + 7}" stroke="{COLOURS[name]}"/>')
        parts.append(f'<circle cx="{p99}" cy="{y + 7}" r="3" fill="{COLOURS[name]}"/>')
    svg = f'<svg width="{WIDTH + 40}" height="{height}" role="img">{"".join(parts)}</svg>'
    return f"<figure><figcaption><b>{title}</b>: p50, p99 (dot), p99.9 (line)</figcaption>{svg}</figure>"


def _x(ns: float) -> float:
    from math import log10

    share = (log10(max(ns, 30)) - log10(30)) / (log10(3_000_000) - log10(30))
    return round(LEFT + min(share, 1) * (WIDTH - LEFT), 1)
