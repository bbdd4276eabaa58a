"""Binance spot on this machine: its REST and websocket interfaces as their public description has them, over
recorded prices. It keeps its own records, and can go away, keep silent, or answer that it doesn't know.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

SYMBOL, BASE, QUOTE = "BTCUSDT", "BTC", "USDT"
FEE = Decimal("0.001")
RECORDED: dict[str, Any] = {
    # as `GET /api/v3/exchangeInfo` told it: eight digits, whatever the tick is
    "symbol": SYMBOL, "status": "TRADING", "baseAsset": BASE, "baseAssetPrecision": 8, "quoteAsset": QUOTE,
    "quotePrecision": 8, "quoteAssetPrecision": 8,
    "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"],
    "icebergAllowed": True, "ocoAllowed": True, "quoteOrderQtyMarketAllowed": True, "allowTrailingStop": True,
    "isSpotTradingAllowed": True, "isMarginTradingAllowed": True, "permissions": [],
    "filters": [
        {"filterType": "PRICE_FILTER", "minPrice": "0.01000000", "maxPrice": "1000000.00000000",
         "tickSize": "0.01000000"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001000", "maxQty": "9000.00000000",
         "stepSize": "0.00001000"},
        {"filterType": "NOTIONAL", "minNotional": "5.00000000", "applyMinToMarket": True,
         "maxNotional": "9000000.00000000", "applyMaxToMarket": False, "avgPriceMins": 5},
    ],
}  # fmt: skip
BOOK = {
    "bids": {"60000.00000000": "1.50000000", "59999.99000000": "2.00000000"},
    "asks": {"60000.01000000": "1.00001000", "60000.02000000": "3.00000000"},
}
TOUCH = {"BUY": Decimal("60000.01"), "SELL": Decimal("60000")}


@dataclass
class Order:
    id: int
    client_id: str
    side: str
    kind: str
    tif: str
    qty: Decimal
    px: Decimal
    status: str = "NEW"
    trades: list[dict[str, Any]] = field(default_factory=list)

    @property
    def filled(self) -> Decimal:
        return sum((Decimal(each["qty"]) for each in self.trades), Decimal(0))

    @property
    def worth(self) -> Decimal:
        return sum((Decimal(each["quoteQty"]) for each in self.trades), Decimal(0))


class Refusal(Exception):
    """An answer of the exchange's: its status and its code."""

    def __init__(self, status: int, code: int, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code


class Exchange:
    """news: how often each client order id reached it. Its methods are called on its own thread's loop."""

    def __init__(self) -> None:
        self.orders: dict[str, Order] = {}
        self.news: Counter[str] = Counter()
        self.held = {BASE: Decimal(2), QUOTE: Decimal(500000)}
        self.tickers: list[tuple[WebSocket, list[str]]] = []
        self.users: list[WebSocket] = []
        self.away = False
        """Connections are refused, as where its host is restarted."""
        self.doubts: Counter[str] = Counter()
        """`after`: the next new orders are taken and answered by 503; `before`: refused by 503 untaken."""
        self.book = {side: dict(levels) for side, levels in BOOK.items()}
        self._ids = 1000
        self._update = 100

    # ---- orders --------------------------------------------------------------------------------------------

    def new(self, said: dict[str, str]) -> Order:
        client_id = said["newClientOrderId"]
        self.news[client_id] += 1
        if self.doubts["before"]:
            self.doubts["before"] -= 1
            raise Refusal(503, -1008, "Request throttled by system-level protection.")
        px = Decimal(said.get("price", "0"))
        if said["type"] == "LIMIT_MAKER" and px >= TOUCH["BUY"] and said["side"] == "BUY":
            raise Refusal(400, -2010, "Order would immediately match and take.")
        self._ids += 1
        order = Order(
            self._ids, client_id, said["side"], said["type"], said.get("timeInForce", "GTC"),
            Decimal(said["quantity"]), px,
        )  # fmt: skip
        self.orders[client_id] = order
        self.tell(order, "NEW")
        touch = TOUCH[order.side]
        if order.kind == "MARKET" or (px >= touch if order.side == "BUY" else px <= touch):
            self.fill(client_id, order.qty, touch)
        elif order.tif in ("IOC", "FOK"):
            order.status = "EXPIRED"
            self.tell(order, "EXPIRED")
        if self.doubts["after"]:
            self.doubts["after"] -= 1
            raise Refusal(503, -1007, "Timeout waiting for response from backend server.")
        return order

    def cancel(self, client_id: str) -> Order:
        order = self.orders.get(client_id)
        if order is None or order.status not in ("NEW", "PARTIALLY_FILLED"):
            raise Refusal(400, -2011, "Unknown order sent.")
        order.status = "CANCELED"
        self.tell(order, "CANCELED")
        return order

    def fill(self, client_id: str, qty: Decimal, px: Decimal | None = None) -> None:
        """The fee of what is bought is in the base asset, as there."""
        order = self.orders[client_id]
        px = order.px if px is None else px
        self._ids += 1
        buys = order.side == "BUY"
        fee = qty * FEE if buys else qty * px * FEE
        trade = {
            "symbol": SYMBOL, "id": self._ids, "orderId": order.id, "orderListId": -1, "price": f"{px:.8f}",
            "qty": f"{qty:.8f}", "quoteQty": f"{qty * px:.8f}", "commission": f"{fee:.8f}",
            "commissionAsset": BASE if buys else QUOTE, "time": now_ms(), "isBuyer": buys, "isMaker": False,
            "isBestMatch": True,
        }  # fmt: skip
        order.trades.append(trade)
        order.status = "FILLED" if order.filled == order.qty else "PARTIALLY_FILLED"
        sign = 1 if buys else -1
        self.held[BASE] += sign * qty - (fee if buys else 0)
        self.held[QUOTE] -= sign * qty * px + (0 if buys else fee)
        self.tell(order, "TRADE", trade)
        self.push(
            {"e": "outboundAccountPosition", "E": now_ms(), "u": now_ms(),
             "B": [{"a": each, "f": f"{total:.8f}", "l": "0.00000000"} for each, total in self.held.items()]}
        )  # fmt: skip

    def tell(self, order: Order, what: str, trade: dict[str, Any] | None = None) -> None:
        last = trade or {"qty": "0.00000000", "price": "0.00000000", "quoteQty": "0.00000000", "id": -1}
        cancel = what == "CANCELED"
        self.push(
            {"e": "executionReport", "E": now_ms(), "s": SYMBOL,
             "c": f"c-{order.id}" if cancel else order.client_id, "C": order.client_id if cancel else "",
             "S": order.side, "o": order.kind, "f": order.tif, "q": f"{order.qty:.8f}",
             "p": f"{order.px:.8f}", "P": "0.00000000",
             "F": "0.00000000", "g": -1, "x": what, "X": order.status, "r": "NONE",
             "i": order.id, "l": last["qty"], "z": f"{order.filled:.8f}", "L": last["price"],
             "n": last.get("commission", "0"), "N": last.get("commissionAsset"), "T": now_ms(),
             "t": last["id"], "I": 1, "w": order.status == "NEW", "m": False, "M": False, "O": now_ms(),
             "Z": f"{order.worth:.8f}", "Y": last["quoteQty"], "Q": "0.00000000"}
        )  # fmt: skip

    def push(self, event: dict[str, Any]) -> None:
        for user in list(self.users):
            send(user, {"subscriptionId": 0, "event": event})

    # ---- the market ----------------------------------------------------------------------------------------

    def quote(self, bid: str, bid_qty: str, ask: str, ask_qty: str) -> None:
        self._update += 1
        row = {"u": self._update, "s": SYMBOL, "b": bid, "B": bid_qty, "a": ask, "A": ask_qty}
        self._stream("bookTicker", row)

    def trade(self, px: str, qty: str) -> None:
        self._ids += 1
        row = {"e": "trade", "E": now_ms(), "s": SYMBOL, "t": self._ids, "p": px, "q": qty, "T": now_ms(),
               "m": False, "M": True}  # fmt: skip
        self._stream("trade", row)

    def depth(self, bids: list[list[str]], asks: list[list[str]]) -> None:
        self._update += 1
        for side, rows in (("bids", bids), ("asks", asks)):
            for px, qty in rows:
                self.book[side].pop(px, None)
                if Decimal(qty):
                    self.book[side][px] = qty
        row = {"e": "depthUpdate", "E": now_ms(), "s": SYMBOL, "U": self._update, "u": self._update,
               "b": bids, "a": asks}  # fmt: skip
        self._stream("depth@100ms", row)

    def _stream(self, name: str, data: dict[str, Any]) -> None:
        stream = f"{SYMBOL.lower()}@{name}"
        for socket, streams in list(self.tickers):
            if stream in streams:
                send(socket, {"stream": stream, "data": data})

    @property
    def streams(self) -> set[str]:
        return {stream.partition("@")[2] for _, streams in self.tickers for stream in streams}

    def snapshot(self) -> dict[str, Any]:
        sides = {side: [list(each) for each in levels.items()] for side, levels in self.book.items()}
        return {"lastUpdateId": self._update, **sides}

    def row(self, order: Order) -> dict[str, Any]:
        """As `GET /api/v3/order` tells it."""
        return {
            "symbol": SYMBOL, "orderId": order.id, "orderListId": -1, "clientOrderId": order.client_id,
            "price": f"{order.px:.8f}", "origQty": f"{order.qty:.8f}", "executedQty": f"{order.filled:.8f}",
            "cummulativeQuoteQty": f"{order.worth:.8f}", "status": order.status, "timeInForce": order.tif,
            "type": order.kind, "side": order.side, "stopPrice": "0.00000000", "icebergQty": "0.00000000",
            "time": now_ms(), "updateTime": now_ms(), "transactTime": now_ms(), "isWorking": True,
            "workingTime": now_ms(), "origQuoteOrderQty": "0.00000000", "selfTradePreventionMode": "NONE",
        }  # fmt: skip


_tasks: set[asyncio.Task[None]] = set()


def send(socket: WebSocket, message: dict[str, Any]) -> None:
    async def say() -> None:
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.send_text(json.dumps(message))

    task = asyncio.get_running_loop().create_task(say())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Server:
    """The exchange at a port of 127.0.0.1, on a thread of its own."""

    def __init__(self) -> None:
        self.exchange = Exchange()
        routes: list[Any] = [Route(path, self._rest, methods=["GET", "POST", "DELETE"]) for path in PATHS]
        routes += [WebSocketRoute("/ws-api", self._user), WebSocketRoute("/stream", self._market)]
        config = uvicorn.Config(
            Starlette(routes=routes), host="127.0.0.1", port=0, log_level="error", lifespan="off",
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="binance")

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve())

    def start(self) -> int:
        """Its port."""
        self._thread.start()
        end = time.monotonic() + 60
        while not self._server.started:
            if time.monotonic() > end:
                raise AssertionError("the replay server doesn't start")
            time.sleep(0.01)
        return int(self._server.servers[0].sockets[0].getsockname()[1])

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def do(self, what: str, *said: Any) -> Any:
        """A method of the exchange, on its thread."""

        async def run() -> Any:
            return getattr(self.exchange, what)(*said)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(60)

    def leave(self) -> None:
        """All connections are cut, and none is taken until `come`."""

        async def cut() -> None:
            self.exchange.away = True
            for socket in [*self.exchange.users, *(each for each, _ in self.exchange.tickers)]:
                with contextlib.suppress(RuntimeError):
                    await socket.close(1012)

        asyncio.run_coroutine_threadsafe(cut(), self._loop).result(60)

    def come(self) -> None:
        self.exchange.away = False

    # ---- REST ----------------------------------------------------------------------------------------------

    async def _rest(self, request: Request) -> JSONResponse:
        if self.exchange.away:
            return JSONResponse({"code": -1001, "msg": "Internal error; unable to process."}, 503)
        said = dict(request.query_params)
        try:
            return JSONResponse(self._answer(request.method, request.url.path, said))
        except Refusal as why:
            return JSONResponse({"code": why.code, "msg": str(why)}, why.status)

    def _answer(self, method: str, path: str, said: dict[str, str]) -> Any:
        exchange = self.exchange
        if path.endswith("/order"):
            if method == "POST":
                return exchange.row(exchange.new(said))
            if method == "DELETE":
                return exchange.row(exchange.cancel(self._named(said).client_id))
            return exchange.row(self._named(said))
        name = path.rpartition("/")[2]
        return getattr(self, f"_{name}")(said)

    def _named(self, said: dict[str, str]) -> Order:
        for order in self.exchange.orders.values():
            if said.get("origClientOrderId") == order.client_id or said.get("orderId") == str(order.id):
                return order
        raise Refusal(400, -2013, "Order does not exist.")

    def _time(self, said: dict[str, str]) -> Any:
        return {"serverTime": now_ms()}

    def _exchangeInfo(self, said: dict[str, str]) -> Any:
        return {"timezone": "UTC", "serverTime": now_ms(), "rateLimits": [], "exchangeFilters": [],
                "symbols": [RECORDED]}  # fmt: skip

    def _tradeFee(self, said: dict[str, str]) -> Any:
        return [{"symbol": SYMBOL, "makerCommission": "0.001", "takerCommission": "0.001"}]

    def _account(self, said: dict[str, str]) -> Any:
        balances = [
            {"asset": name, "free": f"{total:.8f}", "locked": "0.00000000"}
            for name, total in self.exchange.held.items()
        ]
        return {"makerCommission": 10, "takerCommission": 10, "buyerCommission": 0, "sellerCommission": 0,
                "canTrade": True, "canWithdraw": True, "canDeposit": True, "updateTime": now_ms(),
                "accountType": "SPOT", "balances": balances, "permissions": ["SPOT"]}  # fmt: skip

    def _depth(self, said: dict[str, str]) -> Any:
        return self.exchange.snapshot()

    def _openOrders(self, said: dict[str, str]) -> Any:
        works = ("NEW", "PARTIALLY_FILLED")
        return [self.exchange.row(each) for each in self.exchange.orders.values() if each.status in works]

    def _allOrders(self, said: dict[str, str]) -> Any:
        return [self.exchange.row(each) for each in self.exchange.orders.values()]

    def _myTrades(self, said: dict[str, str]) -> Any:
        of = said.get("orderId")
        return [
            trade
            for order in self.exchange.orders.values()
            for trade in order.trades
            if of in (None, str(order.id))
        ]

    # ---- websockets ----------------------------------------------------------------------------------------

    async def _user(self, socket: WebSocket) -> None:
        """Requests, and what happens to the user's orders once `userDataStream.subscribe` came."""
        if self.exchange.away:
            await socket.close(1013)
            return
        await socket.accept()
        try:
            while True:
                said = json.loads(await socket.receive_text())
                result: dict[str, Any] = {}
                if said["method"] == "userDataStream.subscribe":
                    self.exchange.users.append(socket)
                    result = {"subscriptionId": 0}
                send(socket, {"id": said["id"], "status": 200, "result": result})
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            if socket in self.exchange.users:
                self.exchange.users.remove(socket)

    async def _market(self, socket: WebSocket) -> None:
        if self.exchange.away:
            await socket.close(1013)
            return
        await socket.accept()
        streams = socket.query_params.get("streams", "").split("/")
        entry = (socket, streams)
        self.exchange.tickers.append(entry)
        try:
            while True:
                said = json.loads(await socket.receive_text())
                if said["method"] == "SUBSCRIBE":
                    streams += [each for each in said["params"] if each not in streams]
                send(socket, {"result": None, "id": said["id"]})
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self.exchange.tickers.remove(entry)


PATHS = [
    *(f"/api/v3/{each}" for each in ("time", "exchangeInfo", "account", "depth", "order", "openOrders",
      "allOrders", "myTrades")),
    "/sapi/v1/asset/tradeFee",
]  # fmt: skip
