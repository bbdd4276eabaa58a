"""The client that waits by itself: connect, submit, iterate."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from time import monotonic
from types import TracebackType
from typing import Any, Self

from core.enums import SignalWhat
from periphery.client import control
from periphery.client.codec import MarketRow
from periphery.client.control import Control
from periphery.client.directory import NONE
from periphery.client.errors import ClientError
from periphery.client.events import Event, Gap, QuoteEvent
from periphery.client.face import Face, given, payload
from periphery.client.merged import Merged, event_of
from periphery.client.session import Session
from periphery.client.stream import Deadline, Pacer
from periphery.client.units import Number


def connect(
    address: str | os.PathLike[str] | None = None,
    token: str | None = None,
    name: str = "client",
    cancel_on_disconnect: bool = True,
    timeout: float = control.TIMEOUT_S,
    hears_all: bool = False,
    key: str | None = None,
    server_key: str | None = None,
) -> Client:
    """Open a session with the core on this host.

    address: its socket, else NACRE_SOCKET, else the socket of this user's core; tcp://HOST:PORT is a bridge.
    token: else NACRE_TOKEN, else the file `.token` beside the socket.
    name: for the desk's eyes, and the start of each cl_ord_id.
    cancel_on_disconnect: whether the core cancels this session's orders when it ends.
    timeout: seconds that an answer on the socket is waited for.
    hears_all: trades, depth, signals and positions too, by `hear`, instead of `quotes`.
    key, server_key: files, where a bridge wants keys: NAME.secret, its server.public; else NACRE_KEY and
    NACRE_SERVER_KEY. A key stands for the token.

    Raises NoCore, WrongToken, VersionMismatch, NoAnswer, HangUp, Refused; ValueError: a key is no good.
    """
    keys = (key, server_key)
    link, session = open_session(address, token, name, cancel_on_disconnect, timeout, hears_all, keys)
    return Client(link, session)


def open_session(
    address: str | os.PathLike[str] | None,
    token: str | None,
    name: str,
    cancel_on_disconnect: bool,
    timeout: float,
    hears_all: bool = False,
    keys: tuple[str | None, str | None] = (None, None),
) -> tuple[Control, Session]:
    """The connection and the session of `connect`; both are the caller's to close."""
    if isinstance(address, str) and address.startswith(("tcp://", "ipc://")):
        return _open_over_bridge(address, token, name, cancel_on_disconnect, timeout, hears_all, keys)
    path = control.socket_path(address)
    link = Control(control.dial(path, timeout), path, timeout)
    try:
        token = control.read_token(token, path)
        told, fds = control.hello(link, token, name, cancel_on_disconnect, hears_all)
        return link, Session(told, _attach(fds), name)
    except BaseException:
        link.close()
        raise


def _open_over_bridge(
    address: str, token: str | None, name: str, cancel_on_disconnect: bool, timeout: float, hears_all: bool,
    keys: tuple[str | None, str | None],
) -> tuple[Any, Session]:  # fmt: skip
    from periphery.client.over_bridge import BridgeLink, BridgeRings  # only this way needs ZeroMQ
    from periphery.stream.keys import client_keys

    key, server_key = keys
    known = client_keys(
        key or os.environ.get("NACRE_KEY", ""), server_key or os.environ.get("NACRE_SERVER_KEY", "")
    )
    link = BridgeLink(address, timeout, known)
    try:
        token = token or os.environ.get("NACRE_TOKEN") or control.left_token()
        told = link.hello(token, name, cancel_on_disconnect, hears_all)
        return link, Session(told, BridgeRings(link), name)
    except BaseException:
        link.close()
        raise


def _attach(fds: Any) -> Any:
    try:
        from periphery.client import shared_memory
    except ModuleNotFoundError as error:
        raise ClientError(f"{error.name} is not built here: run `make` in the project's folder") from error
    return shared_memory.attach(fds)


class Client(Face):
    """A session with the core. Not for several threads at a time: give each its own.

    Requests go through shared memory and return at once; what became of them comes by `events()`. Prices and
    quantities are text, Decimal or int; a float is a TypeError. It is a context manager; its end hangs up.
    """

    def __init__(self, link: Control, session: Session) -> None:
        super().__init__(link, session)
        self._hearing = Merged(self.poll, session.market, event_of, event_of)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- requests ------------------------------------------------------------------------------------------

    def submit(
        self,
        symbol: str,
        side: str,
        qty: Number,
        ord_type: str = "market",
        price: Number | None = None,
        account: str | None = None,
        venue: str | None = None,
        time_in_force: str = "day",
        strategy: str | None = None,
        post_only: bool = False,
        cl_ord_id: str | None = None,
        expire_ns: int | None = None,
    ) -> str:
        """Send an order and return its cl_ord_id at once.

        side: buy, sell or sell_short. ord_type: market or limit. account: may be left out where there is
        only one. venue: None is the router's choice. expire_ns: of time_in_force gtd, ns since 1970.
        Raises BadRequest (what can't be said), Busy (the ring is full: nothing was sent), HangUp.
        """
        index = NONE if strategy is None else self._strategy(strategy)
        if monotonic() >= self._control.next_look:
            self._control.check()
        return self._port.order(
            symbol, side, qty, ord_type, price, account, venue, time_in_force, index, post_only, cl_ord_id,
            expire_ns,
        ) or self._session.order(
            symbol, side, qty, ord_type, price, account, venue, time_in_force, index, post_only, cl_ord_id,
            expire_ns,
        )  # fmt: skip

    def replace(
        self,
        orig_cl_ord_id: str,
        qty: Number | None = None,
        price: Number | None = None,
        cl_ord_id: str | None = None,
        stop_px: Number | None = None,
    ) -> str:
        """Ask for another quantity, price or stop price of an order; the cl_ord_id of the request, at
        once.
        """
        if monotonic() >= self._control.next_look:
            self._control.check()
        sent = None if stop_px is not None else self._port.replace(orig_cl_ord_id, qty, price, cl_ord_id)
        if sent is not None:
            return sent
        if not self._session.knows_id(orig_cl_ord_id):
            self._session.learn(self.orders(live_only=False))
        return self._session.replace(orig_cl_ord_id, qty, price, cl_ord_id, stop_px)

    def cancel(self, orig_cl_ord_id: str, cl_ord_id: str | None = None) -> str:
        """Ask to cancel an order; the cl_ord_id of the request, at once."""
        if monotonic() >= self._control.next_look:
            self._control.check()
        sent = self._port.cancel(orig_cl_ord_id, cl_ord_id)
        return sent or self._session.cancel(orig_cl_ord_id, cl_ord_id)

    def cancel_all(
        self, account: str | None = None, symbol: str | None = None, strategy: str | None = None
    ) -> None:
        """Ask to cancel all working orders, of one account, symbol or strategy where given."""
        index = self._strategy(strategy)
        if monotonic() >= self._control.next_look:
            self._control.check()
        self._session.cancel_all(account, symbol, index)

    def signal(
        self,
        name: str,
        value: float | Decimal = 0,
        symbol: str | None = None,
        to: int = NONE,
        at_ns: int = 0,
    ) -> None:
        """Say a value by its name to every strategy, or to the session `to` alone; it is in the journal.

        A float's value is what `repr` says of it. at_ns: what the value is about. BadRequest, Busy.
        """
        index = NONE if symbol is None else self.directory.symbol(symbol).index
        number = Decimal(repr(value)) if isinstance(value, float) else value
        self._session.signal(SignalWhat.VALUE, self.signal_index(name), to, index, number, at_ns)

    def signal_index(self, name: str) -> int:
        """Of a signal's name; the core makes one for a name that it doesn't know."""
        known = self.directory.signals
        if name not in known:
            known[name] = int(self.request("intern", space="signal", name=name)["index"])
        return known[name]

    def signal_name(self, index: int) -> str:
        """The name with that index."""
        names = {known: name for name, known in self.directory.signals.items()}
        if index not in names:
            told = self.request("names", space="signal")["names"]
            self.directory.signals = {name: i for i, name in enumerate(told)}
            names = dict(enumerate(told))
        return names.get(index, "")

    def _strategy(self, name: str | None) -> int:
        """The strategy's index; the core makes one for a name that it doesn't know."""
        index = self._known_strategy(name)
        if name is None or index is not None:
            return NONE if index is None else index
        return self._interned(name, self.request("intern", space="strategy", name=name))

    # ---- what the core knows -------------------------------------------------------------------------------

    def request(self, op: str, **values: Any) -> dict[str, Any]:
        """Any request of the session protocol, and its answer. Refused, HangUp, NoAnswer."""
        self._control.check()
        return self._control.request(op, values)

    def orders(
        self, account: str | None = None, symbol: str | None = None, live_only: bool = True
    ) -> list[dict[str, Any]]:
        """Orders of any session, each with its children; numbers are decimal strings."""
        asked = given(account=account, symbol=symbol, live_only=live_only)
        return list(self.request("orders", **asked)["orders"])

    def positions(self) -> dict[str, Any]:
        """{positions: [...], accounts: [...]}, as at the end of a scenario."""
        return payload(self.request("positions"))

    def limits(self) -> list[dict[str, Any]]:
        """The limits as declared."""
        return list(self.request("limits")["limits"])

    def status(self) -> dict[str, Any]:
        """The core's process, placement, journal, sessions and kill page."""
        return payload(self.request("status"))

    def kill(self, scope: str, key: str = "", by: str = "") -> dict[str, Any]:
        """Stop all trading in a scope, cancel its orders: {orders (a count), epochs}. by: a person."""
        return payload(self.request("kill", scope=scope, key=key, by=by))

    def rearm(self, scope: str, key: str = "", by: str = "", second: str | None = None) -> dict[str, Any]:
        """Let a killed scope trade again: {epochs}. by, second: two persons, where the core asks for both."""
        return payload(self.request("rearm", scope=scope, key=key, by=by, **given(second=second)))

    def send(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Send an order of any kind, as the order line of a scenario says it: {seq, cl_ord_id}.

        Stops, pegs, lists and algos go this way; it asks the core, where `submit` only writes to memory.
        """
        return payload(self.request("order", line=dict(line)))

    def algo(self, cl_ord_id: str, action: str) -> dict[str, Any]:
        """Pause, resume or stop an algo's order: {seq}."""
        return payload(self.request("algo", cl_ord_id=cl_ord_id, action=action))

    def amend(self, what: str, child_id: str, by: str, **told: str) -> dict[str, Any]:
        """What a person says of a child in the venue's place: {seq, exec_id}.

        what: fill (qty, px), bust (exec_id, qty and px of the fill), close; all may have a text.
        """
        return payload(self.request("amend", what=what, child_id=child_id, by=by, **told))

    def risk_set(self, limit: Mapping[str, Any]) -> dict[str, Any]:
        """Declare a limit, as a `limit` line of a scenario says it."""
        return payload(self.request("risk_set", limit=dict(limit)))

    def risk_override(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Lift a soft limit for a while, as an `override` line says it, with `second`: {lifted}."""
        return payload(self.request("risk_override", line=dict(line)))

    def risk_load(
        self, limits: Sequence[Mapping[str, Any]], by: str, second: str | None = None, *, apply: bool = False
    ) -> dict[str, Any]:
        """What limits of a file would change: {new, changed, missing, looser}. apply: sets them, all or
        none."""
        rows = [dict(limit) for limit in limits]
        return payload(self.request("risk_load", limits=rows, by=by, apply=apply, **given(second=second)))

    def risk_status(self) -> dict[str, Any]:
        """{states: scopes that aren't active, limits: how much of each is used}."""
        return payload(self.request("risk_status"))

    def risk_explain(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """What an order (an `order` line) would be denied for, and how much room its limits leave."""
        return payload(self.request("risk_explain", line=dict(line)))

    def day_status(self) -> dict[str, Any]:
        """{open, closed_by, date, day, compared, doubts, working, unknown}."""
        return payload(self.request("day_status"))

    def day_open(self, by: str, second: str | None = None, *, accept: bool = False) -> dict[str, Any]:
        """Let trading begin. accept: whatever is in doubt of the day's files."""
        return payload(self.request("day_open", by=by, accept=accept, **given(second=second)))

    def day_close(self, by: str, *, cancel: bool = False) -> dict[str, Any]:
        """Deny what is new from now on; cancel what works."""
        return payload(self.request("day_close", by=by, cancel=cancel))

    def day_next(self, date: str, by: str) -> dict[str, Any]:
        """A new day of a core that goes on: daily counts and losses begin again."""
        return payload(self.request("day_next", date=date, by=by))

    def day_files(self) -> dict[str, Any]:
        """What tomorrow begins with: {day, accounts, positions, limits, restricted}, lines of a scenario."""
        return payload(self.request("day_files"))

    def market(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """Feed one market line of a scenario (quote, trade, depth, mark, reference, venue_state)."""
        return payload(self.request("market", line=dict(line)))

    def adjust(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """What happens to all positions of an instrument: a funding, dividend, split or settlement line."""
        return payload(self.request("adjust", line=dict(line)))

    def book(self, fill: Mapping[str, str]) -> dict[str, Any]:
        """Book a fill by hand: venue, exec_id, account, symbol, qty (signed), price, fee, by (a person).
        {seq}."""
        return payload(self.request("book", fill=dict(fill)))

    # ---- what happens --------------------------------------------------------------------------------------

    def poll(self) -> Event | None:
        """The next answer if there is one; never waits, but to ask again for answers that were lost."""
        event = self._next()
        while event is None and self._session.needs is not None:
            op, values = self._session.needs
            self._session.helped(self.request(op, **values))
            event = self._next()
        return event

    def hear(self) -> MarketRow | Event | None:
        """What comes next on the core's spine for a session that `hears_all`: answers and market in their
        order.
        """
        return self._hearing.next()

    def poll_quote(self) -> QuoteEvent | Gap | None:
        """The next quote if there is one; never waits."""
        return self._session.quote()

    def events(self, timeout: float | None = None) -> Iterator[Event]:
        """Answers as they come; the end when none came for `timeout` s. HangUp when the core goes.

        It looks 200 times without a pause after each answer, then ever less often, down to once a ms.
        """
        return self._follow(self.poll, timeout)

    def quotes(self, timeout: float | None = None) -> Iterator[QuoteEvent | Gap]:
        """Quotes as they come, otherwise as `events`."""
        return self._follow(self.poll_quote, timeout)

    def _follow[Item](self, poll: Callable[[], Item | None], timeout: float | None) -> Iterator[Item]:
        pacer, deadline, ending = Pacer(), Deadline(timeout), False
        while True:
            item = poll()
            if item is not None:
                yield item
                pacer.reset()
                deadline.renew()
            elif ending:
                raise self._control.hung_up()
            elif deadline.is_over:
                return
            else:
                ending = self._pause(pacer.next_sleep())

    def _pause(self, sleep_s: float) -> bool:
        """Sleep; or, where the core has hung up, True: what it said last may still be there to read."""
        if not sleep_s:
            return False
        if self._control.is_hung_up:
            return True
        time.sleep(sleep_s)
        return False
