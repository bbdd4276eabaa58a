"""Which accounts a session may trade: for cancels, replaces and cancel_all, from its connect on."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from core import messages as m
from core.live.seating import rights_events
from core.topology import LIVE_STAGES

support = import_module("tests.unit.core.live.conftest")
ACCOUNTS = 2 * m.RIGHTS_STEP + 8
SCOPE = dict.fromkeys(("account", "strategy", "symbol", "venue", "session", "sector"), m.NONE)
FAR = ACCOUNTS - 3
PINNED = tuple((stage,) for stage in LIVE_STAGES if stage != "venues")


@pytest.fixture
def crowd(tmp_path: Path) -> Any:
    """A core with more accounts than one event of rights tells of; the owner of all has an order in three."""
    sizes = support.sizes(replace(support.SMALL, accounts=ACCOUNTS))
    bench = support.Bench(tmp_path, *PINNED, capacity=sizes)
    for i in range(2, ACCOUNTS):
        bench.line({"type": "account", "account": f"C{i}", "currency": "USD"})
    bench.tell()
    bench.sit(0, "owner")
    for account in (0, 5, FAR):
        bench.order(0, f"o{account}", account=account)
    bench.run()
    yield bench
    bench.chain.close()


def only(*accounts: int) -> bytes:
    return bytes(i in accounts for i in range(ACCOUNTS))


def cancel(bench: Any, seat: int, orig: str, name: str) -> None:
    bench.push(seat, m.Kind.CANCEL, m.CANCEL_EVENT, cl_ord_id=name, orig_cl_ord_id=orig)
    bench.run()


def test_rights_of_many_accounts_take_several_events() -> None:
    events = rights_events(3, only(0, FAR))
    assert len(events) == 3
    assert rights_events(3, None) == []
    assert [event.session for event in rights_events(3, b"")] == [3]  # none is not the same as all


def test_another_account_s_order_is_unknown(crowd: Any) -> None:
    crowd.sit(1, "guest", only(5, FAR))
    for account in (0, 5, FAR):
        cancel(crowd, 1, f"o{account}", f"c{account}")
    assert crowd.told(1) == [("c0", "unknown_order")]
    canceled = [name for name, status in crowd.told(0) if status == "canceled"]
    assert canceled == ["c5", f"c{FAR}"]
    assert crowd.same_as_its_journal()


def test_a_replace_of_another_account_s_order_is_unknown(crowd: Any) -> None:
    crowd.sit(1, "guest", only(5))
    for account in (0, 5):
        values = {"qty": 20, "flags": m.OrderFlag.HAS_QTY, "cl_ord_id": f"r{account}"}
        crowd.push(1, m.Kind.REPLACE, m.REPLACE_EVENT, orig_cl_ord_id=f"o{account}", **values)
    crowd.run()
    assert crowd.told(1) == [("r0", "unknown_order")]
    assert ("r5", "new") in crowd.told(0) or ("r5", "replaced") in crowd.told(0)


def test_cancel_all_takes_what_one_may_trade(crowd: Any) -> None:
    crowd.sit(1, "guest", only(5))
    crowd.push(1, m.Kind.CANCEL_ALL, m.FILTER_EVENT, scope=tuple(SCOPE.values()))
    crowd.run()
    assert crowd.open_orders() == 2
    assert crowd.open_orders(int(m.Scope.ACCOUNT), 5) == 0
    crowd.sit(2, "none", only())
    crowd.push(2, m.Kind.CANCEL_ALL, m.FILTER_EVENT, scope=tuple(SCOPE.values()))
    crowd.run()
    assert crowd.open_orders() == 2
    crowd.push(0, m.Kind.CANCEL_ALL, m.FILTER_EVENT, scope=tuple(SCOPE.values()))
    crowd.run()
    assert crowd.open_orders() == 0
    assert crowd.same_as_its_journal()


def test_a_new_connect_forgets_them(crowd: Any) -> None:
    crowd.sit(1, "guest", only(5))
    crowd.line({"type": "disconnect", "session": "guest"})
    crowd.sent.pop(1, None)
    del crowd.bases[1]
    crowd.sit(1, "guest", None)  # this time without bounds
    cancel(crowd, 1, "o0", "c0")
    assert crowd.told(1) == []
    assert ("c0", "canceled") in crowd.told(0)


def test_they_are_known_to_who_comes_back(crowd: Any) -> None:
    crowd.sit(1, "guest", only(5))
    crowd.restart("risk")
    cancel(crowd, 1, "o0", "c0")
    cancel(crowd, 1, "o5", "c5")
    assert crowd.told(1) == [("c0", "unknown_order")]
    assert ("c5", "canceled") in crowd.told(0)
