"""What can stop a core. Each has a name, says where, what was found, and what to do."""

from __future__ import annotations


class CoreFault(RuntimeError):
    """The core stopped rather than go on with something lost or doubled."""


class SourceGap(CoreFault):
    """An input is missing between its source and the sequencer: a report dropped, or a ring overwritten."""


class JournalFull(CoreFault):
    """Not even the journal's reserve has room. What came before is recorded; this event sent nothing."""


class LoopbackFull(CoreFault):
    """An engine derived more events than its loopback ring holds."""


class OrderRingFull(CoreFault):
    """The ring to the venues was full: a send would have been lost."""


class Nondeterminism(CoreFault):
    """Replay derived something else than the journal has: an engine read more than its event and state."""


class ScheduleFull(CoreFault):
    """More timers and messages are due later than the schedule holds."""


class DoubledSend(CoreFault):
    """A gateway was handed a send that it had sent already."""


class ChildBound(CoreFault):
    """A gateway was handed a child that would make the children of an order exceed it; it wasn't sent."""


class ProcessLost(CoreFault):
    """A process of the core could not be brought back."""
