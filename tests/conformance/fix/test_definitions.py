"""QuickFIX's definitions, in their FIX 4.4 form and in 4.2's where it has the same messages."""

from __future__ import annotations

import pytest

from tests.conformance.fix.definitions import Definition, definitions
from tests.conformance.fix.runner import Failed, InProcess, Player
from tests.conformance.fix.server import OverTcp, Server
from tests.support_fix import FIX_DATA, dictionary_of

LEFT_OUT: dict[str, str] = {}
"""A definition that isn't kept, and the feature that is absent by design."""
OTHER_IN_42 = {
    "14g_HeaderBodyTrailerFieldsOutOfOrder": "SessionRejectReason (373) ends at 11 in 4.2: it is left out",
    "14h_RepeatedTag": "SessionRejectReason (373) ends at 11 in 4.2: it is left out",
    "14i_RepeatingGroupCountNotEqual": "SessionRejectReason (373) ends at 11 in 4.2: it is left out",
    "21_RepeatingGroupSpecifierWithValueOfZero": "SecurityDefinition has other fields in 4.2",
    "2r_UnregisteredMsgType": "ExecutionReport must have ExecTransType (20) in 4.2",
}
"""Definitions whose messages FIX 4.2 hasn't in this form, and why."""


def all_definitions(begin: bytes) -> list[Definition]:
    return list(definitions(FIX_DATA / "quickfix_at_fix44_defs.tgz", begin))


def play(definition: Definition, begin: bytes) -> None:
    name = f"{begin.decode().replace('.', '')}.xml.gz"
    Player(InProcess(begin, FIX_DATA / name)).play(definition)


def test_there_are_59_and_at_most_five_are_left_out() -> None:
    names = {each.name for each in all_definitions(b"FIX.4.4")}
    assert len(names) == 59
    assert set(LEFT_OUT) <= names
    assert len(LEFT_OUT) <= 5


@pytest.mark.parametrize("definition", all_definitions(b"FIX.4.4"), ids=lambda each: each.name)
def test_44(definition: Definition) -> None:
    _kept_or_listed(definition, b"FIX.4.4", LEFT_OUT)


@pytest.mark.parametrize("definition", all_definitions(b"FIX.4.2"), ids=lambda each: each.name)
def test_42(definition: Definition) -> None:
    _kept_or_listed(definition, b"FIX.4.2", OTHER_IN_42)


def _kept_or_listed(definition: Definition, begin: bytes, listed: dict[str, str]) -> None:
    """One that is listed must fail: else it has no place on the list."""
    if definition.name not in listed:
        play(definition, begin)
        return
    with pytest.raises(Failed):
        play(definition, begin)


SLOW = ("4a_", "6_", "2i_")
"""Those that wait for a timeout: in their own time they take none, over TCP they take it."""


def test_over_tcp_too() -> None:
    server = Server(b"FIX.4.4", dictionary_of("FIX.4.4"))
    wires = OverTcp(server.address, server.turn)
    try:
        for each in all_definitions(b"FIX.4.4"):
            if not each.name.startswith(SLOW):
                Player(wires).play(each)
    finally:
        wires.close()
        server.close()
