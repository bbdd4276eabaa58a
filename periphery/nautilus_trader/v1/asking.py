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
"""So often must a venue say that it has no such order before a rejection without a word of its own counts: a
request that it took may be a moment away from its books.
"""
_ENDS = {"CANCELED": "canceled", "EXPIRED": "expired", "REJECTED": "rejected", "DENIED": "rejected"}


class Asking:
    """live: the symbol of each child that may work at the venue. waiting: those whose answer is to come."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.live: dict[str, str] = {}
        self.waiting: dict[str, str | None] = {}
        """The reason of each rejection that is in doubt; None: the core wants to know."""
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def ask(self, child_id: str, symbol: str, rejected: str | None = None) -> None:
        self.live[child_id] = symbol
        self.waiting[child_id] = rejected
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
        gateway, nones = self.gateway, 0
        while True:
            symbol = self.live.get(child_id)
            if symbol is None:
                self.waiting.pop(child_id, None)
                return
            try:
                standing = await gateway.venue.standing(gateway.ids[symbol], child_id)
            except Unsure as wrong:
                gateway.log.warning(f"{child_id} is unknown: {wrong}")
                await asyncio.sleep(AGAIN_S)
                continue
            nones = nones + 1 if standing is None else 0
            reason = self.waiting.get(child_id)
            if standing is None and reason is not None and nones < SURE_AFTER:
                await asyncio.sleep(AGAIN_S / SURE_AFTER)
                continue
            if self._tell(child_id, symbol, standing, reason):
                self.waiting.pop(child_id, None)
                if child_id not in self.live or self._hears(child_id):
                    return
            await asyncio.sleep(AGAIN_S)

    def _hears(self, child_id: str) -> bool:
        """Whether the node tells the gateway what becomes of the order."""
        order = self.gateway.cache.order(ClientOrderId(child_id))
        return order is not None and not order.is_closed and order.strategy_id == self.gateway.id

    def _tell(self, child_id: str, symbol: str, standing: Standing | None, reason: str | None) -> bool:
        """False: the core doesn't have it."""
        report = self.gateway.sends.report
        if standing is None:
            self.over(child_id)
            return report(child_id, symbol, "unknown_order" if reason is None else "rejected", text=reason or "")
        end = _ENDS.get(standing.status)
        if end != "rejected" and not report(child_id, symbol, "new"):
            return False
        if not all([self.gateway.tell_trade(child_id, symbol, each) for each in standing.trades]):
            return False
        if end is not None:
            self.over(child_id)
            return report(child_id, symbol, end, text=reason or "")
        if standing.status == "FILLED":
            if sum(each.qty for each in standing.trades) < standing.qty:
                return False  # its last trades are not in the venue's list yet
            self.over(child_id)
            return True
        return self._works(child_id, symbol, standing)

    def _works(self, child_id: str, symbol: str, standing: Standing) -> bool:
        """It stands there; a request that the node isn't at any more never came."""
        price = "" if standing.price is None else short(standing.price)
        report = self.gateway.sends.report
        done = report(child_id, symbol, "restated", order_qty=short(standing.qty), price=price)
        order = self.gateway.cache.order(ClientOrderId(child_id))
        if order is None or not (order.is_pending_cancel or order.is_pending_update or order.is_inflight):
            done = report(child_id, symbol, "cancel_rejected", text="it works there, nothing was asked") and done
        return done
