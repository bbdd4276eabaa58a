"""The backend's session with the core: one thread has it, all others ask that thread.

A core that has gone is looked for again; until it is there, who asks is told so at once.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from core.enums import SignalWhat
from periphery.backend.bars import Bars
from periphery.client import (
    Busy,
    Client,
    ClientError,
    DenyEvent,
    Gap,
    HangUp,
    NoAnswer,
    NoCore,
    OrderEvent,
    QuoteEvent,
    Refused,
    connect,
)
from periphery.client.events import as_dict

NAME = "backend"
WAITING_MOST = 256
ANSWERS_MOST = 10_000
NAP_S = 0.002
AGAIN_S = 0.5
A_TURN = 512

type Ask[T] = Callable[[Client], T]
type Answer = dict[str, Any]
"""The fields of an OrderEvent or a DenyEvent, and `denied`."""


class CoreLink:
    """`start`, `call` from any thread, `close`. answer_s: how long an answer is waited for."""

    def __init__(
        self, address: Path, token: str | None, answer_s: float, say: Callable[..., None], name: str = NAME
    ) -> None:
        self.address = address
        self._token = token
        self._answer_s = answer_s
        self._say = say
        self._name = name
        self._asked: queue.Queue[tuple[Ask[Any], Future[Any]]] = queue.Queue(WAITING_MOST)
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._news = threading.Condition()
        self._ending = threading.Event()
        self._client: Client | None = None
        self._why = "the backend hasn't asked yet"
        self._next_try = 0.0
        self._thread = threading.Thread(target=self._run, name="core", daemon=True)
        self.quotes: dict[tuple[str, str], QuoteEvent] = {}
        self.quote_count = 0
        self.bars = Bars()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def why(self) -> str:
        """Why there is no core; empty: there is one."""
        return "" if self._client is not None else self._why

    # ---- from any thread -----------------------------------------------------------------------------------

    def call[T](self, ask: Ask[T], within_s: float | None = None) -> T:
        """What `ask` gives, on the link's thread. ClientError."""
        future: Future[T] = Future()
        try:
            self._asked.put_nowait((ask, future))
        except queue.Full:
            raise Busy(f"{WAITING_MOST} requests wait for the core already") from None
        wait_s = within_s or 2 * self._answer_s
        try:
            return future.result(wait_s)
        except TimeoutError:
            future.cancel()
            raise NoAnswer(f"the core at {self.address} did not answer within {wait_s:g} s") from None

    def request(self, op: str, **values: Any) -> dict[str, Any]:
        """An op of the core. ClientError."""
        return self.call(lambda client: client.request(op, **values))

    def expect(self, cl_ord_id: str) -> None:
        """From now on the answer to that request is kept."""
        with self._news:
            self._answers.pop(cl_ord_id, None)

    def answer(self, cl_ord_id: str, within_s: float) -> Answer | None:
        """The core's first answer to a request of this session; None: not yet."""
        end = time.monotonic() + within_s
        with self._news:
            while (found := self._answers.get(cl_ord_id)) is None:
                left_s = end - time.monotonic()
                if left_s <= 0:
                    return None
                self._news.wait(left_s)
        return found

    # ---- on the link's own thread --------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ending.is_set():
            self._some_requests()
            if self._client is not None:
                self._listen(self._client)
            elif time.monotonic() >= self._next_try:
                self._connect()
        self._drop("the backend ends")
        while not self._asked.empty():
            self._fail(self._asked.get_nowait()[1])

    def _some_requests(self) -> None:
        try:
            ask, future = self._asked.get(timeout=NAP_S if self._client else 0.05)
        except queue.Empty:
            return
        if not future.set_running_or_notify_cancel():
            return
        if self._client is None:
            self._connect()
        if self._client is None:
            self._fail(future)
            return
        try:
            future.set_result(ask(self._client))
        except HangUp as error:
            self._drop(str(error))
            future.set_exception(error)
        except BaseException as error:
            future.set_exception(error)

    def _fail(self, future: Future[Any]) -> None:
        if not future.done():
            future.set_exception(NoCore(self._why))

    def _connect(self) -> None:
        self._next_try = time.monotonic() + AGAIN_S
        try:
            self._client = connect(
                self.address, self._token, self._name, cancel_on_disconnect=False, timeout=self._answer_s
            )
        except (ClientError, OSError) as error:
            self._why = str(error)
            return
        self._say("connected to the core", core=str(self.address))

    def _drop(self, why: str) -> None:
        self._why = why
        if self._client is not None:
            self._client.close()
            self._client = None
            self._say("the core is gone", why=why)

    def _listen(self, client: Client) -> None:
        """Answers and quotes that have come."""
        try:
            if client._control.is_hung_up:
                raise client._control.hung_up()
            for _ in range(A_TURN):
                event = client.poll()
                if event is None:
                    break
                if not isinstance(event, Gap):
                    self._keep(event)
            for _ in range(A_TURN):
                quote = client.poll_quote()
                if quote is None:
                    break
                if not isinstance(quote, Gap):
                    self.quotes[quote.symbol, quote.venue] = quote
                    self.quote_count += 1
                    self.bars.take(quote)
        except HangUp as error:
            self._drop(str(error))
        except (NoAnswer, Refused):
            return  # it was asked for answers that were lost; it is asked again

    def _keep(self, event: OrderEvent | DenyEvent) -> None:
        """The first answer to each request."""
        told = as_dict(event) | {"denied": isinstance(event, DenyEvent)}
        with self._news:
            self._answers.setdefault(event.cl_ord_id, told)
            while len(self._answers) > ANSWERS_MOST:
                self._answers.popitem(last=False)
            self._news.notify_all()


def session_index(client: Client, session: str) -> int:
    """Of a session by its name. Refused: there is none of it."""
    names = list(client.request("names", space="session")["names"])
    if session not in names:
        raise Refused(f"session {session!r}: there is {', '.join(names)}")
    return names.index(session)


def set_params(client: Client, session: str, params: dict[str, str]) -> None:
    """Tells a strategy its new parameters."""
    to = session_index(client, session)
    for name, value in params.items():
        client._session.signal(SignalWhat.PARAM, client.signal_index(f"{name}={value}"), to)


def stop_strategy(client: Client, session: str) -> None:
    client._session.signal(SignalWhat.STOP, to=session_index(client, session))
