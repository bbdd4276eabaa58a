"""The risk engine over a journal, against sums of its own in plain Python."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from core.build import SCHEMA_VERSION, build_id
from core_ext.journal import JournalWriter
from periphery.risk.engine import RiskEngine
from periphery.service.config import BadConfig, Config
from periphery.service.runner import Runner
from periphery.service.state import read_said
from tests.support import Run, declared, order, quote

SECOND_NS = 1_000_000_000
MIDS = [10000 + (i * 37) % 60 - 30 for i in range(60)]  # cents
PARAMS = {"period_s": 1, "least": 5, "confidence": 0.9, "draws": 500}


def day(path: Path, mids: list[int], **lines: Any) -> Run:
    """A quote a second; 100 are bought at the first, 40 sold at the 20th."""
    with JournalWriter(path, schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        run = declared(journal=journal)
        for i, mid in enumerate(mids):
            bid, ask = f"{(mid - 1) / 100:.2f}", f"{(mid + 1) / 100:.2f}"
            run.feed(quote("XNAS", bid, ask, "1000", at=(i + 1) * SECOND_NS // 1))
            if i in (0, 20):
                run.feed(order(f"o{i}", "sell" if i else "buy", "40" if i else "100"))
    return run


def said(journal: Path, place: Path, **params: Any) -> list[dict[str, Any]]:
    config = Config(journal=str(journal), state=str(place), params=PARAMS | params)
    runner = Runner(RiskEngine, config).catch_up()
    runner.save()
    runner.close()
    return [{"time_ns": time_ns, **values} for _, time_ns, _, values in read_said(place / "outputs")]


def test_history_is_that_of_the_mids(tmp_path: Path) -> None:
    day(tmp_path / "journal", MIDS)
    found = said(tmp_path / "journal", tmp_path / "risk")
    last = found[-1]
    i = last["time_ns"] // SECOND_NS - 1  # the quote that began the period
    prices = [mid / 100 for mid in MIDS[:i]]
    exposure = 60 * prices[-1]
    returns = [b / a - 1 for a, b in pairwise(prices)]
    losses = sorted((-exposure * r for r in returns), reverse=True)
    tail = 0.1 * len(losses)
    assert last["periods"] == len(returns)
    assert last["exposures"] == {"AAPL": pytest.approx(exposure)}
    assert last["historical"]["var"] == pytest.approx(losses[int(tail + 1e-9)])
    sigma = exposure * (sum(r * r for r in returns) / len(returns)) ** 0.5
    assert last["normal"]["var"] == pytest.approx(1.2815515655446004 * sigma)
    assert last["component"]["AAPL"] == pytest.approx(last["normal"]["var"])
    assert last["stresses"]["all -10 %"] == pytest.approx(0.1 * exposure)


def test_exceptions_are_losses_beyond_what_was_said_before(tmp_path: Path) -> None:
    day(tmp_path / "journal", MIDS)
    found = said(tmp_path / "journal", tmp_path / "risk")
    count = 0
    for before, after in pairwise(found):
        if "historical" in before:
            i = after["time_ns"] // SECOND_NS - 1
            loss = -before["exposures"]["AAPL"] * (MIDS[i - 1] / MIDS[i - 2] - 1)
            count += loss > before["historical"]["var"]
    assert found[-1]["held"]["exceptions"] == count > 0


def test_nothing_later_changes_what_was_said(tmp_path: Path) -> None:
    day(tmp_path / "journal", MIDS)
    other = MIDS[:50] + [mid + 500 for mid in MIDS[50:]]
    day(tmp_path / "other", other)
    one = said(tmp_path / "journal", tmp_path / "one")
    two = said(tmp_path / "other", tmp_path / "two")
    until = 51 * SECOND_NS
    assert [x for x in one if x["time_ns"] <= until] == [x for x in two if x["time_ns"] <= until]
    assert one != two


def test_with_too_few_periods_it_says_so(tmp_path: Path) -> None:
    day(tmp_path / "journal", MIDS[:10])
    (last,) = said(tmp_path / "journal", tmp_path / "risk", least=30)[-1:]
    assert last["too_few"] == 30
    assert "historical" not in last


def test_what_has_no_rate_is_named(tmp_path: Path) -> None:
    with JournalWriter(tmp_path / "journal", schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        run = declared(journal=journal)
        run.feed({"type": "account", "account": "A2", "currency": "EUR", "cash": "1000"})
        held = {"account": "A2", "symbol": "AAPL", "qty": "10", "avg_cost": "99.50"}
        run.feed({"type": "open_position", **held})
        run.feed(*(quote(at=(i + 1) * SECOND_NS) for i in range(4)))
    last = said(tmp_path / "journal", tmp_path / "risk")[-1]
    assert (last["account"], last["unpriced"], last["exposures"]) == ("A2", ["AAPL"], {})


def test_two_parts_say_what_the_whole_says(tmp_path: Path) -> None:
    """Four accounts, dealt out over two engines."""
    with JournalWriter(tmp_path / "journal", schema_version=SCHEMA_VERSION, build_id=build_id()) as journal:
        run = declared(journal=journal)
        for name in ("B", "C", "D"):
            run.feed({"type": "account", "account": name, "currency": "USD", "cash": "1000000"})
            run.feed(
                {"type": "open_position", "account": name, "symbol": "AAPL", "qty": "7", "avg_cost": "99.5"}
            )
        for i, mid in enumerate(MIDS):
            run.feed(
                quote("XNAS", f"{mid / 100 - 0.01:.2f}", f"{mid / 100 + 0.01:.2f}", at=(i + 1) * SECOND_NS)
            )

    def outputs(part: str) -> list[tuple[int, str, dict[str, Any]]]:
        place = tmp_path / f"risk{part.replace('/', '-')}"
        config = Config(journal=str(tmp_path / "journal"), state=str(place), params=PARAMS, part=part)
        runner = Runner(RiskEngine, config).catch_up()
        runner.save()
        runner.close()
        return [(seq, values["account"], values) for seq, _, _, values in read_said(place / "outputs")]

    parts = [outputs("1/2"), outputs("2/2")]
    assert all(parts)
    assert sorted([*parts[0], *parts[1]], key=lambda each: each[:2]) == sorted(
        outputs(""), key=lambda e: e[:2]
    )
    with pytest.raises(BadConfig, match="3/2"):
        outputs("3/2")


def test_above_its_budget_an_account_gets_a_limit_at_which_it_would_be_within(tmp_path: Path) -> None:
    day(tmp_path / "journal", MIDS)
    free = said(tmp_path / "journal", tmp_path / "free")
    account = free[-1]["account"]
    budget = 0.5 * max(row["historical"]["var"] for row in free if "historical" in row)
    found = said(tmp_path / "journal", tmp_path / "held", budgets={account: budget})
    assert [row for row in found if "check" not in row] == free
    limits = [row for row in found if "check" in row]
    least = None
    for row in free:
        if "historical" in row and row["historical"]["var"] > budget:
            within = sum(map(abs, row["exposures"].values())) * budget / row["historical"]["var"]
            if least is None or int(within * 100) / 100 < least:
                least = int(within * 100) / 100
                limit = limits.pop(0)
                assert limit == {
                    "time_ns": row["time_ns"], "check": "gross_exposure", "account": account,
                    "value": f"{least:.2f}",
                }  # fmt: skip
    assert least is not None
    assert limits == []
