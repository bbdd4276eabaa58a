"""A gateway's questions to its venue, and what follows from each answer.

A child is asked about when the core wants its status, when the client tells a rejection (which it also does
where it never heard from the venue), and again and again while the node itself wouldn't hear of it. Until
the venue answers a child is unknown: nothing is told of it, and nothing is sent again.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from periphery.nautilus_trader.depth import short
from periphery.nautilus_trader.theirs import ClientOrderId
from periphery.nautilus_trader.v1.venue import Standing, Unsure

if TYPE_CHECKING:
    from periphery.nautilus_trader.v1.gateway import Gateway

AGAIN_S = 1.0
SURE_AFTER = 3
"""So often must a venue say that it has no such order before that counts: a request that it took, of this
node or of one that died, may be a moment away from its books.
"""
_ENDS = {"CANCELED": "canceled", "EXPIRED": "expired", "REJECTED": "rejected", "DENIED": "rejected"}


class Asking:
    """live: the symbol of each child that may work at the venue. waiting: those whose answer is to come."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.live: dict[str, str] = {}
        self.waiting: dict[str, str | None] = {}
        """The reason of each rejection that is in doubt; None: the core wants to know."""
        self.owed: set[str] = set()
        """Children whose cancel or replace has no answer that the core had."""
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def ask(self, child_id: str, symbol: str, rejected: str | None = None, *, is_owed: bool = False) -> None:
        """is_owed: the core waits for the answer to a cancel or replace."""
        self.live[child_id] = symbol
        if is_owed:
            self.owed.add(child_id)
        self.waiting[child_id] = rejected or self.waiting.get(child_id)
        if child_id not in self._tasks:
            task = asyncio.get_running_loop().create_task(self._ask(child_id), name=f"status {child_id}")
            self._tasks[child_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(child_id, None))

    def cancel(self, child_id: str, symbol: str) -> None:
        """Of an order that the node has not, or thinks over: the venue is asked, then what became of it."""

        async def cancel() -> None:
            try:
                await self.gateway.venue.cancel(self.gateway.ids[symbol], child_id)
            except Unsure as wrong:
                self.gateway.log.warning(f"{child_id}: its cancel may have come or not: {wrong}")
            self.ask(child_id, symbol)

        name = f"cancel {child_id}"
        task = asyncio.get_running_loop().create_task(cancel(), name=name)
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    def over(self, child_id: str) -> None:
        self.live.pop(child_id, None)

    def stop(self) -> None:
        for task in list(self._tasks.values()):
            task.cancel()

    async def _ask(self, child_id: str) -> None:
        """Until it is told, and as long as the node would not hear what becomes of it."""
        nones = 0
        while (symbol := self.live.get(child_id)) is not None:
            try:
                standing = await self.gateway.venue.standing(self.gateway.ids[symbol], child_id)
            except Unsure as wrong:
                self.gateway.log.warning(f"{child_id} is unknown: {wrong}")
                await asyncio.sleep(AGAIN_S)
                continue
            nones = nones + 1 if standing is None else 0
            if standing is None and (nones < SURE_AFTER or self._is_sending(child_id)):
                await asyncio.sleep(AGAIN_S / SURE_AFTER)
                continue
            if self._tell(child_id, symbol, standing, self.waiting.get(child_id)):
                self.waiting.pop(child_id, None)
                if child_id not in self.live or self._hears(child_id):
                    return
            await asyncio.sleep(AGAIN_S)
        self.waiting.pop(child_id, None)

    def _is_sending(self, child_id: str) -> bool:
        """Whether the node waits for an answer itself."""
        order = self.gateway.cache.order(ClientOrderId(child_id))
        return order is not None and (order.is_inflight or order.is_active_local)

    def _hears(self, child_id: str) -> bool:
        """Whether the node tells the gateway what becomes of the order."""
        order = self.gateway.cache.order(ClientOrderId(child_id))
        return order is not None and not order.is_closed and order.strategy_id == self.gateway.id

    def _tell(self, child_id: str, symbol: str, standing: Standing | None, reason: str | None) -> bool:
        """False: the core doesn't have it."""
        report = self.gateway.sends.report
        if standing is None:
            self.over(child_id)
            return report(
                child_id, symbol, "unknown_order" if reason is None else "rejected", text=reason or ""
            )
        end = _ENDS.get(standing.status)
        if end != "rejected" and not report(child_id, symbol, "new"):
            return False
        if not all(self.gateway.tell_trade(child_id, symbol, each) for each in standing.trades):
            return False
        if sum(each.qty for each in standing.trades) < standing.filled:
            return False
        if end is not None:
            self.over(child_id)
            return report(child_id, symbol, end, text=reason or "")
        if standing.status == "FILLED":
            return self._is_filled(child_id, symbol)
        return self._works(child_id, symbol, standing)

    def _is_filled(self, child_id: str, symbol: str) -> bool:
        """What was asked since can't be done any more."""
        if child_id in self.owed and not self.gateway.sends.report(
            child_id, symbol, "cancel_rejected", text="it was filled"
        ):
            return False
        self.owed.discard(child_id)
        self.over(child_id)
        return True

    def _works(self, child_id: str, symbol: str, standing: Standing) -> bool:
        """It stands there; a request that the node isn't at any more never came."""
        price = "" if standing.price is None else short(standing.price)
        report = self.gateway.sends.report
        done = report(child_id, symbol, "restated", order_qty=short(standing.qty), price=price)
        if not self._is_asked(child_id):
            done &= report(child_id, symbol, "cancel_rejected", text="it works there, nothing was asked")
        return done

    def _is_asked(self, child_id: str) -> bool:
        """Whether a request about it is on its way."""
        order = self.gateway.cache.order(ClientOrderId(child_id))
        own = order is not None and (order.is_pending_cancel or order.is_pending_update or order.is_inflight)
        return own or f"cancel {child_id}" in self._tasks
