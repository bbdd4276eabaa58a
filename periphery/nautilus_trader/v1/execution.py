"""Orders of a NautilusTrader 1.231 node through a core's risk and router."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.core.uuid import UUID4
from nautilus_trader.execution.messages import (
    BatchCancelOrders,
    CancelAllOrders,
    CancelOrder,
    GenerateFillReports,
    GenerateOrderStatusReport,
    GenerateOrderStatusReports,
    GeneratePositionStatusReports,
    ModifyOrder,
    QueryAccount,
    SubmitOrder,
    SubmitOrderList,
)
from nautilus_trader.execution.reports import (
    ExecutionMassStatus,
    FillReport,
    OrderStatusReport,
    PositionStatusReport,
)
from nautilus_trader.live.execution_client import LiveExecutionClient
from nautilus_trader.model.enums import AccountType, OmsType, OrderSide, order_side_to_str
from nautilus_trader.model.identifiers import AccountId, ClientId, Venue
from nautilus_trader.model.objects import AccountBalance, Money

from periphery.client import Client, DenyEvent, Gap, OrderEvent
from periphery.client.codec import MarketRow
from periphery.client.errors import ClientError
from periphery.nautilus_trader import reports as plain
from periphery.nautilus_trader.body import Body
from periphery.nautilus_trader.link import Link, fee_of
from periphery.nautilus_trader.names import venue_for, venue_of
from periphery.nautilus_trader.requests import Submit, Unsayable
from periphery.nautilus_trader.v1 import reports as theirs
from periphery.nautilus_trader.v1.config import NacreExecClientConfig, address_of
from periphery.nautilus_trader.v1.events import Events
from periphery.nautilus_trader.v1.instruments import NacreInstrumentProvider, currency_of
from periphery.nautilus_trader.v1.orders import submit_of

BALANCE_EVERY_S = 0.25


class NacreExecutionClient(LiveExecutionClient):
    """A `Listener` of the link; what its body tells goes out as `Events`."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, name: str, config: NacreExecClientConfig, msgbus: MessageBus,
        cache: Cache, clock: LiveClock,
    ) -> None:  # fmt: skip
        venue = Venue(config.venue)
        self._provider = NacreInstrumentProvider(venue)
        super().__init__(
            loop, ClientId(name), venue, OmsType.NETTING, AccountType[config.account_type], None, self._provider,
            msgbus, cache, clock,
        )  # fmt: skip
        self._nacre = config
        self._venue_of = venue_of(config.venue)
        self._link = Link.of(address_of(config))
        self._events = Events(self, self._provider)
        self._body: Body | None = None
        self._session = -1
        self._balance_due = False

    # ---- coming and going ----------------------------------------------------------------------------------

    async def _connect(self) -> None:
        client = await self._link.use(self, self._nacre.connect_timeout_s)
        assert self._body is not None
        self._adopt(await self._link.executions(0))
        await self._tell_balances()
        await self._await_account_registered(log_registered=False)
        self._log.info(f"Trading {self._body.account} of core {client.session}")

    async def _disconnect(self) -> None:
        await self._link.leave(self)

    def up(self, client: Client, told: Mapping[str, Any]) -> None:
        now_ns = self._clock.timestamp_ns()
        self._provider.load_directory(client.directory, self._venue_of, now_ns)
        self._session = client.session
        if self._body is None:
            account = self._nacre.account or client.directory.only_account()
            client.directory.account(account)
            self._body = Body(self._events, account, self._clock.timestamp_ns)
            self._set_account_id(AccountId(f"{self.id.value}-{account}"))
        self._body.attach(client, told)
        self._later_balances()

    def down(self, why: str) -> None:
        if self._body is not None:
            self._body.detach(why)
        self._log.warning(f"The core is gone: {why}")

    def row(self, row: MarketRow) -> None:
        fee = fee_of(row, self._session)
        if fee is not None and self._body is not None:
            self._body.fee(row.event, fee)

    def answer(self, event: OrderEvent | DenyEvent) -> None:
        if self._body is not None:
            self._body.flush()
            self._body.hear(event)
            if isinstance(event, OrderEvent) and event.exec_type == "trade":
                self._later_balances()

    def gap(self, gap: Gap, told: Mapping[str, Any] | None) -> None:
        if told is not None and self._body is not None:
            self._log.warning(f"{gap.missed} answers were missed: made up for from the core's books")
            self._body.recover(told)

    def _adopt(self, told: Mapping[str, Any]) -> None:
        """Orders in the node's cache that work still: of an earlier run of the node."""
        assert self._body is not None
        rows = {row["first_cl_ord_id"]: row for row in told["orders"]}
        for order in self._cache.orders_open(venue=self.venue) + self._cache.orders_inflight(
            venue=self.venue
        ):
            row = rows.get(order.client_order_id.value)
            if row is None or order.client_order_id.value in self._body.orders:
                continue
            try:
                said = submit_of(order, self._nacre.trigger, None, {}, self._venue_of)
            except Unsayable:
                continue
            self._body.adopt(said, order, int(row["order"]), row["cl_ord_id"])

    # ---- commands: the sync methods, which spare a task each -----------------------------------------------

    def submit_order(self, command: SubmitOrder) -> None:
        self._submit(command.order, None, command.params)

    def submit_order_list(self, command: SubmitOrderList) -> None:
        orders = command.order_list.orders
        list_id = f"{command.strategy_id}-{command.order_list.id}"[-31:]
        said = []
        for order in orders:
            try:
                said.append((self._said(order, list_id, command.params), order))
            except Unsayable as wrong:
                for each in orders:
                    self._events.denied_order(each, f"{order.client_order_id} of its list: {wrong}")
                return
        if self._has_body(orders):
            assert self._body is not None
            self._body.submit_list(said)
            self._link.expect()

    def modify_order(self, command: ModifyOrder) -> None:
        qty, price, stop = (
            None if each is None else each.as_decimal()
            for each in (command.quantity, command.price, command.trigger_price)
        )
        done = self._body is not None and self._body.modify(command.client_order_id.value, qty, price, stop)
        self._link.expect()
        if not done:
            self._events.unknown(command, "modify")

    def cancel_order(self, command: CancelOrder) -> None:
        done = self._body is not None and self._body.cancel(command.client_order_id.value)
        self._link.expect()
        if not done:
            self._events.unknown(command, "cancel")

    def cancel_all_orders(self, command: CancelAllOrders) -> None:
        side = (
            None
            if command.order_side == OrderSide.NO_ORDER_SIDE
            else order_side_to_str(command.order_side).lower()
        )
        if self._body is not None:
            self._body.cancel_all(command.instrument_id.symbol.value, side, command.strategy_id.value)
            self._link.expect()

    def batch_cancel_orders(self, command: BatchCancelOrders) -> None:
        for cancel in command.cancels:
            self.cancel_order(cancel)

    def query_account(self, command: QueryAccount) -> None:
        self.create_task(self._tell_balances(), "query_account")

    def _submit(self, order: Any, list_id: str | None, params: dict[str, Any] | None) -> None:
        try:
            said = self._said(order, list_id, params)
        except Unsayable as wrong:
            self._events.denied_order(order, str(wrong))
            return
        if self._has_body([order]):
            assert self._body is not None
            self._body.submit(said, order)
            self._link.expect()

    def _said(self, order: Any, list_id: str | None, params: dict[str, Any] | None) -> Submit:
        name, client = order.instrument_id.symbol.value, self._link.client
        if client is None:
            raise Unsayable(f"the core is not there: {self._link.why}")
        if name not in self._provider.numbers:
            raise Unsayable(f"{order.instrument_id} is not an instrument of this core's")
        venue = venue_for(client.directory.symbol(name), self._venue_of, post_only=order.is_post_only)
        return submit_of(order, self._nacre.trigger, list_id, params or {}, venue)

    def _has_body(self, orders: list[Any]) -> bool:
        if self._body is None:
            for order in orders:
                self._events.denied_order(order, f"the core is not there: {self._link.why}")
        return self._body is not None

    # ---- the account ---------------------------------------------------------------------------------------

    def _later_balances(self) -> None:
        """Once for all fills of a moment."""
        if not self._balance_due:
            self._balance_due = True
            self.create_task(self._tell_soon(), "balances")

    async def _tell_soon(self) -> None:
        await asyncio.sleep(BALANCE_EVERY_S)
        self._balance_due = False
        try:
            await self._tell_balances()
        except ClientError as wrong:
            self._log.warning(f"Balances are not known: {wrong}")

    async def _tell_balances(self) -> None:
        assert self._body is not None
        told = await self._link.ask("positions")
        balances = []
        for each in plain.balance_records(told["accounts"], self._body.account):
            money = Money(each.total, currency_of(each.currency))
            balances.append(AccountBalance(money, Money(0, money.currency), money))
        self.generate_account_state(balances, [], True, self._clock.timestamp_ns())

    # ---- reports -------------------------------------------------------------------------------------------

    async def _held(self) -> plain.Held:
        assert self._body is not None
        told, money = await self._link.executions(0), await self._link.ask("positions")
        if told["orders_left_out"] or told["fills_left_out"]:
            self._log.warning("Reports have the newest 10,000 orders and fills: older ones are left out")
        return plain.held(told, money, self._body.account, self._clock.timestamp_ns())

    def _make(self) -> theirs.Maker:
        return theirs.Maker(self.account_id, self._provider, self._clock.timestamp_ns())

    async def generate_order_status_report(
        self, command: GenerateOrderStatusReport
    ) -> OrderStatusReport | None:
        make, held = self._make(), await self._held()
        for order in held.orders:
            if theirs.is_asked(command, order):
                return make.order(order)
        return None

    async def generate_order_status_reports(
        self, command: GenerateOrderStatusReports
    ) -> list[OrderStatusReport]:
        make, held = self._make(), await self._held()
        return [
            make.order(order)
            for order in held.orders
            if theirs.concerns(command, order.symbol) and (order.is_open or not command.open_only)
            and make.knows(order.symbol)
        ]  # fmt: skip

    async def generate_fill_reports(self, command: GenerateFillReports) -> list[FillReport]:
        make, held = self._make(), await self._held()
        wanted = None if command.venue_order_id is None else command.venue_order_id.value
        return [
            make.fill(fill)
            for fill in held.fills
            if theirs.concerns(command, fill.symbol) and wanted in (None, fill.order_id)
            and make.knows(fill.symbol)
        ]  # fmt: skip

    async def generate_position_status_reports(
        self, command: GeneratePositionStatusReports
    ) -> list[PositionStatusReport]:
        make, held = self._make(), await self._held()
        return [
            make.position(position)
            for position in held.positions
            if theirs.concerns(command, position.symbol) and make.knows(position.symbol)
        ]

    async def generate_mass_status(self, lookback_mins: int | None = None) -> ExecutionMassStatus | None:
        """All of the journal, whatever `lookback_mins`: a position without the fills that made it would be made
        up.
        """
        make, held = self._make(), await self._held()
        status = ExecutionMassStatus(
            self.id, self.account_id, self.venue, UUID4(), self._clock.timestamp_ns()
        )
        status.add_order_reports([make.order(each) for each in held.orders if make.knows(each.symbol)])
        status.add_fill_reports([make.fill(each) for each in held.fills if make.knows(each.symbol)])
        status.add_position_reports([make.position(p) for p in held.positions if make.knows(p.symbol)])
        return status
