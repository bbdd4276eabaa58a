"""Rare branches, by name. A long run that never came to one of them has tested less than it says."""

from __future__ import annotations

MARKS: tuple[str, ...] = (
    "desk_full",
    "feed_full",
    "session_ring_full",
    "reports_full",
    "sends_full",
    "loopback_full",
    "spine_full",
    "spill_used",
    "session_lapped",
    "worker_died",
    "sequencer_died",
    "resolve_died",
    "risk_died",
    "orders_died",
    "router_died",
    "execution_died",
    "positions_died",
    "journal_died",
    "egress_died",
    "gateways_died",
    "venues_died",
    "died_before_cursor",
    "died_before_release",
    "redo",
    "repeated_dropped",
    "intent_unknown",
    "intent_asked_before_written",
    "outside_died",
    "outside_died_in_write",
    "core_died",
    "machine_died",
    "torn_tail_cut",
    "segment_rolled",
    "snapshot_written",
    "snapshot_used",
    "kill_on_page",
    "kill_raced_an_order",
    "send_suppressed",
    "rearmed",
    "denied_killed",
    "report_dropped",
    "report_repeated",
    "report_overtaken",
    "late_fill_after_cancel",
    "lost_report_told_on_status",
    "unknown_order_told",
    "venue_down",
    "cancel_rejected",
    "replaced",
    "rejected",
    "session_left",
    "stalled",
    "clock_stepped_back",
    "market_mishap",
    "replaced_dropped",
    "market_late_fill",
    "denied_journal_full",
    "stopped_journal_full",
    "table_full",
    "session_began_late",
    "break_unknown",
    "break_conflict",
    "break_overfill",
    "venue_halted",
    "venue_armed",
    "denied_halted",
    "request_came_to_nothing",
)
"""Each with its place in the simulator's counters."""
PLACE = {name: i for i, name in enumerate(MARKS)}

TOO_RARE = frozenset({"sends_full", "session_began_late"})
"""Counted, and not asked for: the spine mostly ends first; few sit down after much was said to them."""


def missed(counts: dict[str, int]) -> list[str]:
    """Those that a run never came to."""
    return [name for name in MARKS if name not in TOO_RARE and not counts.get(name)]
