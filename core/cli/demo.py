"""`nacre demo`: a recorded trading day through the core, in one command."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, EXIT_OK, BadInput, output_option, say, write_json

if TYPE_CHECKING:
    from core.backtest.demo import DemoConfig, DemoResult

SHARED_DATA = Path("..", "shared", "data")
"""Where recordings are looked for, beside the current folder and beside the project's own."""

BINANCE = ("crypto/binance_spot_btcusdt_20240808.gz", "crypto/binance_usdm_btcusdt_20240808.gz")
"""Played after the day, where they are in the folder of recordings."""


@click.command()
@output_option("table", "json")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Of synthetic quotes.")
@click.option(
    "--quotes",
    type=click.IntRange(min=1),
    help="Play the first N quotes only (of the recorded day, OANDA alone quotes the first 2,697).",
    metavar="N",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="NACRE_DATA",
    show_envvar=True,
    metavar="DIR",
    help="Folder of recordings.  [default: ../shared/data, else synthetic quotes]",
)
@click.option("--synthetic", is_flag=True, help="Synthetic quotes, even where recordings are at hand.")
@click.option("--keep-crossed", is_flag=True, help="Play rows with ask < bid too, instead of dropping them.")
@click.option(
    "--placement",
    type=click.Choice(("fused", "pinned", "contained", "remote")),
    default="fused",
    show_default=True,
    help="All stages on one thread, a process a stage, a container a stage, or engines behind ZeroMQ: "
    "slower, with the same result.",
)
@click.option(
    "--socket",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Contained engines come to the socket beside it: nacre core engine NAME --socket the same.  "
    "[default: $NACRE_SOCKET, else this user's, named demo]",
)
@click.option(
    "--remote",
    metavar="ADDRESS",
    help="Of remote engines, with {stage} in it, where nacre core remote NAME listens.  [default: tcp://{stage}:7700]",
)
@click.option(
    "--execution-engines", "execution_engines", type=click.IntRange(1, 16), default=1, metavar="N",
    help="With --placement remote: N engines share the orders; {stage} is execution, execution-2 and so on.",
)  # fmt: skip
@click.option(
    "--venue",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="How both venues work, as on a scenario's venue line: latency_us=250, queue=power.  [repeatable]",
)
@click.option(
    "--journal",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="New or empty folder for the journal.  [default: a temporary one, kept until the next demo]",
)
def command(
    output: str,
    seed: int,
    quotes: int | None,
    data: Path | None,
    synthetic: bool,
    keep_crossed: bool,
    placement: str,
    settings: tuple[str, ...],
    socket: Path | None,
    remote: str | None,
    execution_engines: int,
    journal: Path | None,
) -> None:
    """Run a recorded trading day through the core.

    EURUSD of one day from two venues, FXCM and OANDA, each with a commission; a strategy that follows the
    crossing of two averages, its orders swept over both; then the journal is verified and replayed. Where
    there is no recording the quotes are synthetic, and the output says so. A journal that fails is kept.

    Where there is one, six minutes of Binance's spot and perpetual follow: books, trades and quotes,
    without orders.
    """
    from core.backtest.demo import DemoConfig

    made = _venue_settings(settings)
    folder = None if synthetic else _recordings(data)
    place = _journal_folder(journal)
    config = DemoConfig(
        journal=place,
        data=folder,
        seed=seed,
        quotes=quotes,
        drop_crossed=not keep_crossed,
        venue_settings=made,
    )
    whole = False
    try:
        result = _run(config, _open_core(placement, socket, remote, execution_engines))
        if journal is None and result.ok:
            place, result = _keep_last(place, result)
        binance = _binance(folder) if quotes is None else None
        whole = True
    finally:
        if not whole and journal is None:
            shutil.rmtree(place, ignore_errors=True)
    _write(result, binance, output)
    sys.exit(EXIT_OK if result.ok and (binance is None or binance["ok"]) else EXIT_FAILED)


def _venue_settings(given: tuple[str, ...]) -> dict[str, Any]:
    """KEY=VALUE as on a venue's line: a number in JSON is one there only where the key takes an integer."""
    from core.scenario.schema import TYPES, Form
    from core.scenario.values import convert

    found: dict[str, Any] = {}
    for word in given:
        key, equals, value = word.partition("=")
        kind = TYPES["venue"][key].kind.form if key in TYPES["venue"] else None
        try:
            found[key] = json.loads(value) if kind in (Form.INT, Form.TIERS) else value
            convert({"type": "venue", "venue": "V", "symbols": []} | {"mode": "match"} | found)
        except ValueError as error:
            raise BadInput(f"--venue {word}: {error}") from None
        if not equals or key in ("type", "venue", "mode", "symbols"):
            raise BadInput(f"--venue {word}: give KEY=VALUE, as latency_us=250")
    return found


def _recordings(asked: Path | None) -> Path | None:
    """The folder of recordings, or None where none was asked for and none is at hand.

    Raises BadInput where the folder that was asked for doesn't hold them.
    """
    from core.backtest.market import RECORDED_FILES, has_recording

    if asked is not None:
        if not has_recording(asked):
            missing = [name for name in RECORDED_FILES.values() if not (asked / name).is_file()]
            raise BadInput(f"--data {asked}: no {', no '.join(missing)}")
        return asked
    project = Path(__file__).resolve().parents[2]
    places = (Path.cwd() / SHARED_DATA, project / SHARED_DATA)
    found = next((place for place in places if has_recording(place)), None)
    if found is None:
        say(f"No recordings in {SHARED_DATA}: the quotes are SYNTHETIC. --data DIR names another folder.")
    return found


def _journal_folder(asked: Path | None) -> Path:
    """An empty folder: the one asked for, made if need be, or a temporary one."""
    if asked is None:
        return Path(tempfile.mkdtemp(prefix="nacre-demo-"))
    try:
        asked.mkdir(parents=True, exist_ok=True)
        used = any(asked.iterdir())
    except OSError as error:
        raise BadInput(f"--journal {asked}: {error.strerror}") from error
    if used:
        raise BadInput(f"--journal {asked}: not empty; a journal is never overwritten")
    return asked.resolve()


def _keep_last(place: Path, result: DemoResult) -> tuple[Path, DemoResult]:
    """Keeps the journal of the last demonstration only: it can be looked into, and they don't pile up."""
    last = place.with_name(f"nacre-demo-last-{os.getuid()}")
    shutil.rmtree(last, ignore_errors=True)
    place.rename(last)
    journal = dataclasses.replace(result.core.journal, path=str(last))
    return last, dataclasses.replace(result, core=dataclasses.replace(result.core, journal=journal))


def _open_core(placement: str, socket: Path | None, remote: str | None, execution_engines: int) -> Any:
    """Who opens a core there."""
    if placement == "fused":
        return load("core.backtest.fused", "open_core")
    given: dict[str, Any] = {} if remote is None else {"remote": remote}
    given |= {"partitions": {"execution": execution_engines}, "partition_by": "order"}
    where = load("core.backtest.pinned", "Where")(
        placement, socket or load("core.live.places", "default_socket")("demo"), **given
    )
    if placement == "contained":
        say(f"The engines come by themselves: nacre core engine NAME --socket {where.socket}")
    if placement == "remote":
        say(f"The engines are asked at {where.remote}: nacre core remote NAME")
    core = load("core.backtest.pinned", "PinnedCore")
    return lambda setup: core(setup, where=where)


def _run(config: DemoConfig, open_core: Any) -> DemoResult:
    from core.backtest.demo import run_demo
    from core.backtest.fx_ticks import BadTickFile
    from core.cli.progress import progress

    try:
        with progress() as show:
            return run_demo(config, open_core, show)
    except (BadTickFile, FileNotFoundError, load("core.live.supervisor", "WorkerLost")) as error:
        raise BadInput(str(error)) from error


def _binance(folder: Path | None) -> dict[str, Any] | None:
    """Spot and perpetual through a core of their own, or None where they aren't recorded."""
    from core.cli.progress import progress

    if folder is None or not all((folder / name).is_file() for name in BINANCE):
        return None
    paths = [folder / name for name in BINANCE]
    total = 2 * sum(path.stat().st_size for path in paths)
    done = 0
    with progress() as show:
        show("binance", 0, total)

        def advance(size: int) -> None:
            nonlocal done
            done += size
            show("binance", done, total)

        options = load("core.data.recording", "Options")()
        report: dict[str, Any] = load("core.data.replay", "replay")(paths, options, None, advance)
    return report


def _write(result: DemoResult, binance: dict[str, Any] | None, output: str) -> None:
    from core.cli import demo_report

    if output == "json":
        write_json(demo_report.as_json(result) | ({} if binance is None else {"binance": binance}))
    else:
        demo_report.print_tables(result, binance)
