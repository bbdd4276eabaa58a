"""Weights to orders, and the file that a second person approves."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from periphery.portfolio.orders import CannotPlan, Contract, limit_price, plan, to_step
from periphery.portfolio.proposal import BadProposal, Content, approve, made, need_approved, read, write

AAPL = Contract("AAPL", "equity", F(1), F("0.01"), F(1), False, F("99.99"), F("100.01"))
MSFT = Contract("MSFT", "equity", F(10), F("0.01"), F(1), False, F("49.98"), F("50.02"))
ES = Contract("ES", "future", F(1), F("0.25"), F(50), False, F(4999), F(5001))
BTC = Contract("BTC", "perpetual", F(1), F("0.5"), F(100) * F(60_000), True, F(59_999), F(60_001))
ALL = {contract.symbol: contract for contract in (AAPL, MSFT, ES, BTC)}


def planned(
    weights: dict[str, str], held: dict[str, int] | None = None, **more: object
) -> list[tuple[str, str, int]]:
    values = {"equity": F(100_000), "cash": F(100_000)} | more
    found = plan(
        {name: F(weight) for name, weight in weights.items()},
        contracts=ALL,
        positions={name: F(qty) for name, qty in (held or {}).items()},
        **values,  # type: ignore[arg-type]
    )
    return [(order.side, order.contract.symbol, int(order.qty)) for order in found]


def test_sales_first_whole_lots_towards_the_target() -> None:
    assert planned({"AAPL": "0.5", "MSFT": "0.25"}, {"MSFT": 617}) == [
        ("sell", "MSFT", 110),  # 500 are wanted: 117 too many, 110 in lots of 10
        ("buy", "AAPL", 500),
    ]
    assert planned({"MSFT": "0.2479"}) == [("buy", "MSFT", 490)]  # 495.8
    assert planned({"AAPL": "0.5"}, {"AAPL": 500}) == []


def test_a_sale_through_zero_is_two_of_a_share_and_one_of_a_future() -> None:
    assert planned({"AAPL": "-0.1"}, {"AAPL": 30}) == [("sell", "AAPL", 30), ("sell_short", "AAPL", 100)]
    assert planned({"ES": "-5"}, {"ES": 1}) == [("sell", "ES", 3)]  # 2.0 contracts of 250,000, and the one


def test_multipliers_and_inverse_contracts() -> None:
    assert planned({"ES": "10"}) == [("buy", "ES", 4)]
    assert planned({"BTC": "1.5"}) == [("buy", "BTC", 1500)]  # of 100 dollars each


def test_buys_that_cash_doesn_t_reach_for_shrink_together() -> None:
    found = planned({"AAPL": "0.5", "MSFT": "0.5"}, cash=F(50_000), commission_bps=F(10))
    assert found == [("buy", "AAPL", 249), ("buy", "MSFT", 490)]
    spent = 249 * F("100.01") + 490 * F("50.02")
    assert spent * F("1.001") <= 50_000
    assert planned({"AAPL": "0.5", "MSFT": "0"}, {"MSFT": 1000}, cash=F(0)) == [
        ("sell", "MSFT", 1000), ("buy", "AAPL", 499),
    ]  # fmt: skip
    assert planned({"ES": "10"}, cash=F(0)) == [("buy", "ES", 4)]


def test_small_orders_are_left_out() -> None:
    assert planned({"AAPL": "0.002", "MSFT": "0.5"}, least_notional=F(500)) == [("buy", "MSFT", 1000)]


def test_cost_is_half_the_spread_and_commission() -> None:
    (order,) = plan({"AAPL": F("0.5")}, F(100_000), ALL, {}, F(100_000), F(2))
    assert order.cost == 500 * F("0.01") + 500 * F("100.01") * F("0.0002")
    assert order.notional == 500 * F("100.01")


def test_limits_are_on_a_tick_that_is_no_worse() -> None:
    buy, sell = plan({"AAPL": F("0.5")}, F(100_000), ALL, {}, F(100_000)) + plan(
        {"MSFT": F(0)}, F(100_000), ALL, {"MSFT": F(100)}, F(0)
    )
    assert limit_price(buy, F(1)) == F("100.02")  # 100.020001
    assert limit_price(sell, F(1)) == F("49.98")  # 49.975002


@given(
    weights=st.lists(st.integers(-20, 20), min_size=2, max_size=2),
    held=st.lists(st.integers(-300, 300), min_size=2, max_size=2),
    cash=st.integers(0, 200_000),
)
@settings(max_examples=200, deadline=None)
def test_no_order_goes_beyond_its_target_nor_beyond_the_cash(
    weights: list[int], held: list[int], cash: int
) -> None:
    wanted = {"AAPL": F(weights[0], 20), "MSFT": F(weights[1], 20)}
    before = {"AAPL": F(held[0]), "MSFT": F(held[1])}
    found = plan(wanted, F(100_000), ALL, before, F(cash), F(5))
    after = dict(before)
    for order in found:
        after[order.contract.symbol] += order.qty if order.side == "buy" else -order.qty
        assert order.qty > 0
        assert order.qty % order.contract.lot == 0
    for name, contract in (("AAPL", AAPL), ("MSFT", MSFT)):
        target = contract.quantity(wanted[name] * 100_000)
        low, high = sorted((before[name], target))
        assert low <= after[name] <= high
    spent = sum(o.notional * F("1.0005") for o in found if o.side == "buy")
    brought = sum(o.notional * F("0.9995") for o in found if o.side != "buy")
    assert spent <= cash + brought


def test_what_is_missing_is_named() -> None:
    with pytest.raises(CannotPlan, match="IBM"):
        planned({"IBM": "1"})
    with pytest.raises(CannotPlan, match="equity -1"):
        planned({"AAPL": "1"}, equity=F(-1))


def test_steps_go_towards_zero() -> None:
    assert [to_step(F(x), F(10)) for x in (19, -19, 0, 20)] == [10, -10, 0, 20]


# ---- the file ----------------------------------------------------------------------------------------------

CONTENT = Content(
    by="Anna", made_ns=0, valid_s=60.0, account="A1", currency="USD", equity="1", cash="1",
    weights={"AAPL": "1"}, prices={}, orders=[{"symbol": "AAPL", "side": "buy", "order_qty": "5"}],
    checks=[{"denied": "", "limits": []}],
    concerns=[], notional="1", turnover="1", cost="0",
)  # fmt: skip


def content(**more: object) -> Content:
    import msgspec

    return msgspec.structs.replace(CONTENT, **({"made_ns": time.time_ns()} | more))


def test_a_second_person_approves_and_only_then_may_it_be_sent(tmp_path: Path) -> None:
    proposal = made(content())
    with pytest.raises(BadProposal, match="nobody but Anna"):
        need_approved(proposal)
    for name in ("Anna", " anna ", "ANNA"):
        with pytest.raises(BadProposal, match="second person"):
            approve(proposal, name)
    with pytest.raises(BadProposal, match="say who"):
        approve(proposal, " ")
    approve(proposal, "Ben")
    write(tmp_path / "p.json", proposal)
    again = read(tmp_path / "p.json")
    need_approved(again)
    assert again.lines == [
        {"cl_ord_id": f"pf-{proposal.id}-1", "symbol": "AAPL", "side": "buy", "order_qty": "5"}
    ]


def test_what_was_changed_is_not_what_was_approved(tmp_path: Path) -> None:
    proposal = made(content())
    approve(proposal, "Ben")
    write(tmp_path / "p.json", proposal)
    raw = json.loads((tmp_path / "p.json").read_text())
    raw["content"]["orders"][0]["order_qty"] = "500"
    (tmp_path / "p.json").write_text(json.dumps(raw))
    with pytest.raises(BadProposal, match="was changed"):
        read(tmp_path / "p.json")
    other = made(content(orders=[{"symbol": "AAPL", "side": "buy", "order_qty": "500"}]))
    other.approvals = proposal.approvals
    with pytest.raises(BadProposal, match="nobody but"):
        need_approved(other)


def test_an_approval_by_who_made_it_counts_for_nothing() -> None:
    proposal = made(content())
    approve(proposal, "Ben")
    proposal.approvals = [type(a)(" ANNA", a.at, a.id) for a in proposal.approvals]
    with pytest.raises(BadProposal, match="nobody but"):
        need_approved(proposal)


def test_it_is_over_after_a_while() -> None:
    old = made(content(made_ns=time.time_ns() - 61 * 10**9))
    with pytest.raises(BadProposal, match="make it again"):
        approve(old, "Ben")
    with pytest.raises(BadProposal, match="make it again"):
        need_approved(old)


def test_nothing_is_no_proposal(tmp_path: Path) -> None:
    with pytest.raises(BadProposal, match="no orders"):
        approve(made(content(orders=[], checks=[])), "Ben")
    (tmp_path / "p.json").write_text("{}")
    with pytest.raises(BadProposal, match=r"p\.json"):
        read(tmp_path / "p.json")
    newer = made(content())
    newer.version = 2
    write(tmp_path / "p.json", newer)
    with pytest.raises(BadProposal, match="version 2"):
        read(tmp_path / "p.json")


def test_one_lot_is_another_contract() -> None:
    assert replace(MSFT, lot=F(100)).quantity(F(12_345)) == 200
