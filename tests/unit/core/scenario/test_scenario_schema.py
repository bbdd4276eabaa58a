"""The table says what SCENARIOS' "In" says: types, keys, defaults, enums."""

from collections.abc import Callable

import pytest

from core.scenario.numbers import Number
from core.scenario.reader import Line, ScenarioError
from core.scenario.schema import CHECK_WORDS, CHECKS, MONEY_CHECKS, TYPES, Form, SameAs

type Read = Callable[..., Line]

# docs/scenarios.md's "In", retyped by a person: what must be given | what may be left out.
PAGE = """
instrument symbol kind price_precision qty_precision tick lot currency | multiplier min_qty sector settle_currency base_currency inverse margin_bps
venue venue mode symbols | taker_fee_bps maker_fee_bps fee_precision latency_us latency_jitter_us latency_seed matching queue queue_power fee_tiers
account account currency | cash
open_position account symbol qty avg_cost |
limit check value | account strategy symbol venue session sector each window_s currency soft action by
override check by until value | account strategy symbol venue session sector
fx pair rate |
quote venue symbol bid_px bid_qty ask_px ask_qty |
trade venue symbol px qty | aggressor
depth venue symbol side px qty |
mark symbol px |
reference symbol px |
order cl_ord_id account symbol side order_qty ord_type | price stop_px time_in_force venue policy algo params max_floor peg peg_offset trail trail_unit trigger post_only reduce_only expire_at strategy session list_id contingency
replace orig_cl_ord_id cl_ord_id | order_qty price stop_px
cancel orig_cl_ord_id cl_ord_id |
cancel_all by | account symbol session strategy
algo cl_ord_id action |
report venue child_id exec_type | exec_id exec_ref_id last_qty last_px liquidity fee order_qty price text
venue_state venue state | symbol
venue_fault venue fault | count exec_type delay_us
venue_latency venue send_us report_us |
book_order venue symbol action | order_id side px qty
venue_facts venue | symbol taker_fee_bps maker_fee_bps latency_us fill_ratio reject_ratio markout_bps stale_ms silence_ms max_sends window_ms
venue_queue venue symbol side outflow unfilled_bps |
kill scope by | key flatten flatten_bps
rearm scope by | key
disconnect session |
connect session | cancel_on_disconnect
funding symbol rate |
dividend symbol amount |
split symbol num den |
settlement symbol px |
day date |
time at |
"""  # noqa: E501

DEFAULTS = {
    "instrument": {"multiplier": "1", "inverse": False, "margin_bps": "10000", "min_qty": SameAs("lot"),
                   "settle_currency": SameAs("currency")},
    "venue": {"taker_fee_bps": "0", "maker_fee_bps": "0", "fee_precision": 8, "latency_us": "0",
              "latency_jitter_us": "0", "latency_seed": 0, "matching": "price_time", "queue": "risk_averse",
              "queue_power": 3, "fee_tiers": ()},
    "venue_fault": {"count": 1, "delay_us": "0"},
    "account": {"cash": "0"},
    "limit": {"window_s": "1", "soft": False, "action": "halted"},
    "order": {"time_in_force": "day", "policy": "sweep", "peg_offset": "0", "trigger": "last",
              "post_only": False, "reduce_only": False, "session": "desk"},
    "report": {"liquidity": "taker"},
    "kill": {"flatten": False, "flatten_bps": "50"},
    "connect": {"cancel_on_disconnect": True},
}  # fmt: skip


def page_rows() -> list[tuple[str, list[str], list[str]]]:
    rows = []
    for row in PAGE.strip().splitlines():
        given, left_out = row.split("|")
        line_type, *required = given.split()
        rows.append((line_type, required, left_out.split()))
    return rows


def test_types_are_those_of_the_page() -> None:
    assert list(TYPES) == [line_type for line_type, _required, _optional in page_rows()]


@pytest.mark.parametrize(("line_type", "required", "optional"), page_rows())
def test_keys_are_those_of_the_page(line_type: str, required: list[str], optional: list[str]) -> None:
    keys = TYPES[line_type]
    assert sorted(name for name, key in keys.items() if key.required) == sorted(required)
    assert sorted(name for name, key in keys.items() if not key.required) == sorted(optional)


@pytest.mark.parametrize("line_type", TYPES)
def test_defaults_are_those_of_the_page(line_type: str) -> None:
    found = {name: key.default for name, key in TYPES[line_type].items() if key.default is not None}
    assert found == DEFAULTS.get(line_type, {})


def test_checks_by_name() -> None:
    assert len(CHECKS) == len(set(CHECKS))
    assert set(CHECKS) > MONEY_CHECKS
    assert set(CHECK_WORDS) < set(CHECKS)


@pytest.mark.parametrize("line_type", TYPES)
def test_samples_read(read_sample: Read, line_type: str) -> None:
    result = read_sample(line_type)
    assert result.type == line_type
    assert set(result.data) == set(TYPES[line_type]) - {"at"}


def enum_cases() -> list[tuple[str, str, str]]:
    return [
        (line_type, name, choice)
        for line_type, keys in TYPES.items()
        for name, key in keys.items()
        if key.kind.form is Form.ENUM
        for choice in (*key.kind.choices, *key.kind.aliases)
    ]


def needs(line_type: str, name: str, choice: str) -> dict[str, str | None]:
    """The other keys that a choice asks for."""
    if name == "check" and line_type == "limit":
        return {"value": CHECK_WORDS.get(choice, ("1",))[0], "currency": "USD"}
    if name == "check":
        return {"value": CHECK_WORDS.get(choice, ("1",))[0]}
    if name == "scope":
        return {"key": {"all": "", "account": "A1", "symbol": "AAPL"}.get(choice, "V")}
    if name == "exec_type" and line_type == "report":
        return {"exec_id": "e2", "exec_ref_id": "e1", "last_qty": "1", "last_px": "190.02"}
    return {}


@pytest.mark.parametrize(("line_type", "name", "choice"), enum_cases())
def test_every_enum_value_reads(read_sample: Read, line_type: str, name: str, choice: str) -> None:
    result = read_sample(line_type, **{name: choice}, **needs(line_type, name, choice))
    assert result.data[name] == {"bid": "buy", "ask": "sell"}.get(choice, choice)


BUILT = [
    ("order", {"peg_offset": "0.00", "trigger": "last", "policy": "sweep", "reduce_only": False}),
    ("order", {"post_only": True, "time_in_force": "gtd", "expire_at": "2014-05-02T09:30:00Z"}),
    (
        "limit",
        {"soft": False, "action": "halted", "check": "order_rate", "window_s": "0.5", "each": "session"},
    ),
    ("kill", {"flatten": False, "flatten_bps": "25"}),
    ("venue_state", {"venue": "V", "state": "auction"}),
    ("venue_state", {"venue": "M", "state": "auction"}),
    ("venue", {"fee_tiers": [{"from": "1000", "taker_fee_bps": "0.2", "maker_fee_bps": "-0.1"}]}),
    ("venue_fault", {"fault": "late_report", "exec_type": "trade", "delay_us": "250", "count": 3}),
    ("book_order", {"action": "clear"}),
    ("report", {"exec_type": "restated", "order_qty": "50", "price": "190.00"}),
    ("report", {"exec_type": "done_for_day"}),
    (
        "report",
        {"exec_type": "trade_cancel", "exec_id": "e", "exec_ref_id": "d", "last_qty": "1", "last_px": "1"},
    ),
]


@pytest.mark.parametrize(("line_type", "more"), BUILT)
def test_what_is_built_is_read(read_sample: Read, line_type: str, more: dict[str, object]) -> None:
    assert read_sample(line_type, **more).type == line_type


@pytest.mark.parametrize("line_type", TYPES)
def test_each_required_key_is_missed(read_sample: Read, line_type: str) -> None:
    for name, key in TYPES[line_type].items():
        if key.required:
            with pytest.raises(ScenarioError, match=rf":\d+: {line_type} without {name}$"):
                read_sample(line_type, name)


@pytest.mark.parametrize("line_type", TYPES)
def test_unknown_key_is_refused(read_sample: Read, line_type: str) -> None:
    with pytest.raises(ScenarioError, match=f'unknown key "frob" of {line_type}'):
        read_sample(line_type, frob="1")


@pytest.mark.parametrize("line_type", TYPES)
def test_each_key_refuses_a_value_of_another_kind(read_sample: Read, line_type: str) -> None:
    for name in TYPES[line_type]:
        wrong: object
        for wrong in (1.5, None, [[]]):
            with pytest.raises(ScenarioError, match=f": {name}: "):
                read_sample(line_type, **{name: wrong})


@pytest.mark.parametrize("line_type", TYPES)
def test_each_number_must_be_a_decimal_string(read_sample: Read, line_type: str) -> None:
    for name, key in TYPES[line_type].items():
        if key.kind.form is Form.NUMBER:
            for wrong in ("1e3", "+1", "", "1.", "off", 1):
                with pytest.raises(ScenarioError, match=f": {name}: .*isn't a number"):
                    read_sample(line_type, **{name: wrong})


def test_defaults_are_filled_in(read_sample: Read) -> None:
    line = read_sample("instrument", symbol="NEW", lot="5")
    assert line.data["min_qty"] == line.data["lot"] == Number(5, 0)
    assert line.data["settle_currency"] == "USD"
    assert line.data["multiplier"] == Number(1, 0)
    assert line.data["sector"] is None
    assert line.data["inverse"] is False


TIER = {"from": "1000", "taker_fee_bps": "0.2", "maker_fee_bps": "0.1"}
REFUSED = [
    ("venue", {"fee_tiers": [TIER, TIER]}, "each above the one before"),
    ("venue", {"fee_tiers": [TIER | {"from": "0"}]}, "above 0"),
    ("venue", {"fee_tiers": [TIER | {"from": "0.5"}]}, "whole numbers"),
    ("venue", {"fee_tiers": [{"from": "1"}]}, "isn't an object with from, taker_fee_bps, maker_fee_bps"),
    ("venue", {"fee_tiers": [TIER | {"from": str(n)} for n in range(1, 6)]}, "5 tiers: at most 4"),
    ("venue_fault", {"venue": "V"}, "only simulated venues"),
    ("venue_latency", {"venue": "V"}, "only simulated venues"),
    ("book_order", {"venue": "V"}, "only simulated venues"),
    ("book_order", {"order_id": 2**58}, "isn't within 0 to"),
    ("book_order", {"px": "190.001"}, "px: "),
]


@pytest.mark.parametrize(("line_type", "more", "what"), REFUSED)
def test_what_no_simulated_venue_can_do_is_refused(
    read_sample: Read, line_type: str, more: dict[str, object], what: str
) -> None:
    with pytest.raises(ScenarioError, match=what):
        read_sample(line_type, **more)


@pytest.mark.parametrize("key", ["order_id", "side", "px", "qty"])
def test_an_order_of_the_market_needs_what_its_action_says(read_sample: Read, key: str) -> None:
    with pytest.raises(ScenarioError, match=f"book_order add without {key}"):
        read_sample("book_order", key)
