"""Orders of a NautilusTrader 1.231 node through a core's risk and router."""

from __future__ import annotations

import asyncio
from typing import Any

from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.core.datetime import unix_nanos_to_dt
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
from nautilus_trader.live.execution_client import LiveExecutionClient

from periphery.client.errors import ClientError
from periphery.nautilus_trader import reports as plain
from periphery.nautilus_trader.events import Events, money
from periphery.nautilus_trader.instruments import NacreInstrumentProvider
from periphery.nautilus_trader.link import Link
from periphery.nautilus_trader.made import Maker
from periphery.nautilus_trader.names import venue_of
from periphery.nautilus_trader.orders import Read, name_of
from periphery.nautilus_trader.shim import BALANCE_EVERY_S, Shim, concerns, is_asked
from periphery.nautilus_trader.theirs import (
    AccountBalance,
    AccountId,
    AccountType,
    ClientId,
    ExecutionMassStatus,
    FillReport,
    OmsType,
    OrderSide,
    OrderStatusReport,
    PositionStatusReport,
    Venue,
    currency_of,
)
from periphery.nautilus_trader.v1.config import NacreExecClientConfig, address_of


class NacreExecutionClient(Shim, LiveExecutionClient):
    """Commands are taken by the sync methods, which spares a task for each."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, name: str, config: NacreExecClientConfig, msgbus: MessageBus,
        cache: Cache, clock: LiveClock,
    ) -> None:  # fmt: skip
        venue = Venue(config.venue)
        self._provider = NacreInstrumentProvider(venue)
        LiveExecutionClient.__init__(
            self, loop, ClientId(name), venue, OmsType.NETTING, AccountType[config.account_type], None,
            self._provider, msgbus, cache, clock,
        )  # fmt: skip
        self._nacre = config
        self._venue_of = venue_of(config.venue)
        self._link = Link.of(address_of(config))
        self._events = Events(self, self._provider)
        self._balance_due = False

    def _now_ns(self) -> int:
        return self._clock.timestamp_ns()

    def _warn(self, text: str) -> None:
        self._log.warning(text)

    def _read(self, order: Any) -> Read:
        return Read(order)

    def _trades_for(self, account: str) -> None:
        self._set_account_id(AccountId(f"{self.id.value}-{account}"))

    async def _connect(self) -> None:
        await self._link.use(self, self._nacre.connect_timeout_s)
        cached = self._cache.orders_open(venue=self.venue) + self._cache.orders_inflight(venue=self.venue)
        self.adopt(cached, await self._link.executions(0))
        await self._tell_balances()
        await self._await_account_registered(log_registered=False)

    async def _disconnect(self) -> None:
        await self._link.leave(self)

    # ---- commands ------------------------------------------------------------------------------------------

    def submit_order(self, command: SubmitOrder) -> None:
        self.submit_one(command.order, command.params)

    def submit_order_list(self, command: SubmitOrderList) -> None:
        list_id = f"{command.strategy_id}-{command.order_list.id}"[-31:]
        self.submit_many(command.order_list.orders, list_id, command.params)

    def modify_order(self, command: ModifyOrder) -> None:
        self.modify_one(command)

    def cancel_order(self, command: CancelOrder) -> None:
        self.cancel_one(command)

    def cancel_all_orders(self, command: CancelAllOrders) -> None:
        side = None
        if command.order_side != OrderSide.NO_ORDER_SIDE:
            side = name_of(command.order_side).lower()
        self.cancel_many(command.instrument_id.symbol.value, side, command.strategy_id.value)

    def batch_cancel_orders(self, command: BatchCancelOrders) -> None:
        for cancel in command.cancels:
            self.cancel_one(cancel)

    def query_account(self, command: QueryAccount) -> None:
        self.create_task(self._tell_balances(), "query_account")

    # ---- the account ---------------------------------------------------------------------------------------

    def _later_balances(self) -> None:
        if not self._balance_due:
            self._balance_due = True
            self.create_task(self._tell_soon(), "balances")

    async def _tell_soon(self) -> None:
        await asyncio.sleep(BALANCE_EVERY_S)
        self._balance_due = False
        try:
            await self._tell_balances()
        except ClientError as wrong:
            self._warn(f"Balances are not known: {wrong}")

    async def _tell_balances(self) -> None:
        assert self._body is not None
        told = await self._link.ask("positions")
        balances = []
        for each in plain.balance_records(told["accounts"], self._body.account):
            currency = currency_of(each.currency)
            total = money(each.total, currency)
            balances.append(AccountBalance(total, money(each.total * 0, currency), total))
        self.generate_account_state(balances, [], True, self._now_ns())

    # ---- reports -------------------------------------------------------------------------------------------

    def _make(self) -> Maker:
        return Maker(self.account_id, self._provider, self._now_ns(), UUID4, unix_nanos_to_dt)

    async def generate_order_status_report(
        self, command: GenerateOrderStatusReport
    ) -> OrderStatusReport | None:
        make, held = self._make(), await self.held()
        return next((make.order(order) for order in held.orders if is_asked(command, order)), None)

    async def generate_order_status_reports(
        self, command: GenerateOrderStatusReports
    ) -> list[OrderStatusReport]:
        make, held = self._make(), await self.held()
        wanted = [each for each in held.orders if concerns(command, each.symbol) and make.knows(each.symbol)]
        return [make.order(each) for each in wanted if each.is_open or not command.open_only]

    async def generate_fill_reports(self, command: GenerateFillReports) -> list[FillReport]:
        make, held = self._make(), await self.held()
        wanted = [each for each in held.fills if concerns(command, each.symbol) and make.knows(each.symbol)]
        order_id = None if command.venue_order_id is None else command.venue_order_id.value
        return [make.fill(each) for each in wanted if order_id in (None, each.order_id)]

    async def generate_position_status_reports(
        self, command: GeneratePositionStatusReports
    ) -> list[PositionStatusReport]:
        make, held = self._make(), await self.held()
        wanted = [p for p in held.positions if concerns(command, p.symbol) and make.knows(p.symbol)]
        return [make.position(each) for each in wanted]

    async def generate_mass_status(self, lookback_mins: int | None = None) -> ExecutionMassStatus | None:
        make, held = self._make(), await self.held()
        status = ExecutionMassStatus(self.id, self.account_id, self.venue, UUID4(), self._now_ns())
        status.add_order_reports([make.order(each) for each in held.orders if make.knows(each.symbol)])
        status.add_fill_reports([make.fill(each) for each in held.fills if make.knows(each.symbol)])
        status.add_position_reports([make.position(p) for p in held.positions if make.knows(p.symbol)])
        return status
