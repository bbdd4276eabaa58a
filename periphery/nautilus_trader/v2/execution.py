"""Orders of a NautilusTrader 2.0 node through a core's risk and router."""

from __future__ import annotations

import asyncio
from typing import Any

from nautilus_trader.core import UUID4
from nautilus_trader.live.clients import ExecutionClient

from periphery.client.errors import ClientError
from periphery.nautilus_trader import reports as plain
from periphery.nautilus_trader.events import money
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
    ExecutionMassStatus,
    FillReport,
    OmsType,
    OrderStatusReport,
    PositionStatusReport,
    Venue,
    currency_of,
)
from periphery.nautilus_trader.v2.config import NacreExecClientConfig, address_of
from periphery.nautilus_trader.v2.data import warn
from periphery.nautilus_trader.v2.events import EventsOf2


class NacreExecutionClient(Shim, ExecutionClient):
    """Nothing is opened before `_connect`. Commands come by a queue of the node's, in their order."""

    def __init__(
        self, *, name: str, config: NacreExecClientConfig, cache: Any, clock: Any, trader_id: Any
    ) -> None:
        venue = Venue(config.venue)
        self._provider = NacreInstrumentProvider(venue)
        ExecutionClient.__init__(
            self, name=name, config=config, cache=cache, clock=clock, trader_id=trader_id, venue=venue,
            account_id=AccountId(f"{name}-{config.account}"), account_type=getattr(AccountType,
            config.account_type),
            oms_type=OmsType.NETTING, instrument_provider=self._provider,
        )  # fmt: skip
        self._nacre = config
        self._venue_of = venue_of(config.venue)
        self._events = EventsOf2(self, self._provider)
        self._balance_due = False

    def _now_ns(self) -> int:
        return self.clock.timestamp_ns()

    def _warn(self, text: str) -> None:
        warn(text)

    def _read(self, order: Any) -> Read:
        return Read(order)

    def _trades_for(self, account: str) -> None:
        """Its name was said."""

    async def _connect(self) -> None:
        self._link = Link.of(address_of(self._nacre))
        await self._link.use(self, self._nacre.connect_timeout_s)
        for instrument in self._provider.list_all():
            self._handle_instrument(instrument)
        cached = [*self.cache.orders_open(), *self.cache.orders_inflight()]
        self.adopt([o for o in cached if o.instrument_id.venue == self.venue], await self._link.executions(0))
        await self._tell_balances()

    async def _disconnect(self) -> None:
        await self._link.leave(self)

    # ---- commands ------------------------------------------------------------------------------------------

    async def _submit_order(self, command: Any) -> None:
        self.submit_one(command.order, command.params)

    async def _submit_order_list(self, command: Any) -> None:
        orders = [self.cache.order(each) for each in command.order_list.client_order_ids()]
        list_id = f"{command.strategy_id}-{command.order_list.id}"[-31:]
        self.submit_many(orders, list_id, command.params)

    async def _modify_order(self, command: Any) -> None:
        self.modify_one(command)

    async def _cancel_order(self, command: Any) -> None:
        self.cancel_one(command)

    async def _cancel_all_orders(self, command: Any) -> None:
        side = None if command.order_side is None else name_of(command.order_side).lower()
        side = side if side in ("buy", "sell") else None
        self.cancel_many(command.instrument_id.symbol.value, side, command.strategy_id.value)

    async def _query_account(self, command: Any) -> None:
        await self._tell_balances()

    async def _query_order(self, command: Any) -> None:
        report = await self._generate_order_status_report(command)
        if report is not None:
            self._handle_report(report)

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
        return Maker(self.account_id, self._provider, self._now_ns(), UUID4)

    async def _generate_order_status_report(self, command: Any) -> OrderStatusReport | None:
        make, held = self._make(), await self.held()
        return next((make.order(order) for order in held.orders if is_asked(command, order)), None)

    async def _generate_order_status_reports(self, command: Any) -> list[OrderStatusReport]:
        make, held = self._make(), await self.held()
        wanted = [each for each in held.orders if concerns(command, each.symbol) and make.knows(each.symbol)]
        return [make.order(each) for each in wanted if each.is_open or not command.open_only]

    async def _generate_fill_reports(self, command: Any) -> list[FillReport]:
        make, held = self._make(), await self.held()
        wanted = [each for each in held.fills if concerns(command, each.symbol) and make.knows(each.symbol)]
        order_id = None if command.venue_order_id is None else command.venue_order_id.value
        return [make.fill(each) for each in wanted if order_id in (None, each.order_id)]

    async def _generate_position_status_reports(self, command: Any) -> list[PositionStatusReport]:
        make, held = self._make(), await self.held()
        wanted = [p for p in held.positions if concerns(command, p.symbol) and make.knows(p.symbol)]
        return [make.position(each) for each in wanted]

    async def _generate_mass_status(self, lookback_mins: int | None) -> ExecutionMassStatus | None:
        """Of one moment, however far back: three questions would be of three."""
        make, held = self._make(), await self.held()
        status = ExecutionMassStatus(self.client_id, self.account_id, self.venue, self._now_ns())
        status.add_order_reports([make.order(each) for each in held.orders if make.knows(each.symbol)])
        status.add_fill_reports([make.fill(each) for each in held.fills if make.knows(each.symbol)])
        status.add_position_reports([make.position(p) for p in held.positions if make.knows(p.symbol)])
        return status
