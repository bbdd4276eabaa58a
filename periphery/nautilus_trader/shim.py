"""What the execution clients of both versions have in common: between the link, the body, and the node's
commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from periphery.client import Client, DenyEvent, Gap, OrderEvent
from periphery.client.codec import MarketRow
from periphery.nautilus_trader import reports as plain
from periphery.nautilus_trader.body import Body
from periphery.nautilus_trader.link import Link, fee_of
from periphery.nautilus_trader.names import venue_for
from periphery.nautilus_trader.requests import Submit, Unsayable, submit_of

BALANCE_EVERY_S = 0.25
"""Balances are told once for all fills of so long."""


class Shim:
    """A `Listener` of the link, mixed into a client of NautilusTrader's, which is a `Teller` by its
    `_events`.
    """

    _nacre: Any
    """The client's config."""
    _provider: Any
    _events: Any
    _link: Link
    _venue_of: str | None
    _body: Body | None = None
    _session = -1

    # ---- what a version gives ------------------------------------------------------------------------------

    def _now_ns(self) -> int:
        raise NotImplementedError

    def _warn(self, text: str) -> None:
        raise NotImplementedError

    def _read(self, order: Any) -> Any:
        """An order as a `requests.Read`."""
        raise NotImplementedError

    def _trades_for(self, account: str) -> None:
        """The account's name, once it is known."""
        raise NotImplementedError

    def _later_balances(self) -> None:
        raise NotImplementedError

    # ---- the link ------------------------------------------------------------------------------------------

    def up(self, client: Client, told: Mapping[str, Any]) -> None:
        self._provider.load_directory(client.directory, self._venue_of, self._now_ns())
        self._session = client.session
        if self._body is None:
            account = self._nacre.account or client.directory.only_account()
            client.directory.account(account)
            self._body = Body(self._events, account, self._now_ns)
            self._trades_for(account)
        self._body.attach(client, told)
        self._later_balances()

    def down(self, why: str) -> None:
        if self._body is not None:
            self._body.detach(why)
        self._warn(f"The core is gone: {why}")

    def row(self, row: MarketRow) -> None:
        fee = fee_of(row, self._session)
        if fee is not None and self._body is not None:
            self._body.fee(row.event, fee)

    def answer(self, event: OrderEvent | DenyEvent) -> None:
        if self._body is None:
            return
        self._body.flush()
        self._body.hear(event)
        if isinstance(event, OrderEvent) and event.exec_type == "trade":
            self._later_balances()

    def gap(self, gap: Gap, told: Mapping[str, Any] | None) -> None:
        if told is not None and self._body is not None:
            self._warn(f"{gap.missed} answers were missed: made up for from the core's books")
            self._body.recover(told)

    def adopt(self, orders: list[Any], told: Mapping[str, Any]) -> None:
        """Orders in the node's cache that work still: of an earlier run of the node."""
        assert self._body is not None
        rows = {row["first_cl_ord_id"]: row for row in told["orders"]}
        for order in orders:
            cl_ord_id = order.client_order_id.value
            row = rows.get(cl_ord_id)
            if row is None or cl_ord_id in self._body.orders:
                continue
            try:
                said = submit_of(self._read(order), self._nacre.trigger, None, {}, self._venue_of)
            except Unsayable:
                continue
            self._body.adopt(said, order, int(row["order"]), row["cl_ord_id"])

    # ---- commands ------------------------------------------------------------------------------------------

    def submit_one(self, order: Any, params: Mapping[str, Any] | None) -> None:
        try:
            said = self._said(order, None, params)
        except Exception as wrong:  # whatever it is: no order is left without a word
            self._events.denied_order(order, str(wrong))
            return
        assert self._body is not None
        self._body.submit(said, order)
        self._link.expect()

    def submit_many(self, orders: list[Any], list_id: str, params: Mapping[str, Any] | None) -> None:
        """A list, whole: where one order can't be said, none is sent."""
        said = []
        for order in orders:
            try:
                said.append((self._said(order, list_id, params), order))
            except Exception as wrong:  # as above
                for each in orders:
                    self._events.denied_order(each, f"{order.client_order_id} of its list: {wrong}")
                return
        assert self._body is not None
        self._body.submit_list(said)
        self._link.expect()

    def modify_one(self, command: Any) -> None:
        qty, price, stop = (
            None if each is None else each.as_decimal()
            for each in (command.quantity, command.price, command.trigger_price)
        )
        if self._body is None or not self._body.modify(command.client_order_id.value, qty, price, stop):
            self._events.unknown(command, "modify")
        self._link.expect()

    def cancel_one(self, command: Any) -> None:
        if self._body is None or not self._body.cancel(command.client_order_id.value):
            self._events.unknown(command, "cancel")
        self._link.expect()

    def cancel_many(self, symbol: str, side: str | None, strategy: str) -> None:
        if self._body is not None:
            self._body.cancel_all(symbol, side, strategy)
            self._link.expect()

    def _said(self, order: Any, list_id: str | None, params: Mapping[str, Any] | None) -> Submit:
        name, client = order.instrument_id.symbol.value, self._link.client
        if client is None or self._body is None:
            raise Unsayable(f"the core is not there: {self._link.why}")
        if name not in self._provider.numbers:
            raise Unsayable(f"{order.instrument_id} is not an instrument of this core's")
        read = self._read(order)
        venue = venue_for(client.directory.symbol(name), self._venue_of, post_only=read.post_only)
        return submit_of(read, self._nacre.trigger, list_id, params or {}, venue)

    # ---- reports -------------------------------------------------------------------------------------------

    async def held(self) -> plain.Held:
        """All of the journal, however far a question looks back: a position without the fills that made it
        would be made up.
        """
        assert self._body is not None
        told, money = await self._link.executions(0), await self._link.ask("positions")
        if told["orders_left_out"] or told["fills_left_out"]:
            self._warn("Reports have the newest 10,000 orders and fills: older ones are left out")
        return plain.held(told, money, self._body.account, self._now_ns())


def concerns(command: Any, symbol: str) -> bool:
    """Whether a question is about the instrument."""
    return command.instrument_id is None or command.instrument_id.symbol.value == symbol


def is_asked(command: Any, record: plain.OrderRecord) -> bool:
    """Whether a question about one order is about this one."""
    if command.client_order_id is not None:
        return bool(command.client_order_id.value == record.cl_ord_id)
    return command.venue_order_id is not None and bool(command.venue_order_id.value == record.order_id)
