from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from core_ext.ring import Ring
from core_ext.spine import Spine

def answer_of[Kind: Answer](kind: type[Kind], slot: bytes, symbol: Any = None) -> Kind:
    """A response of that class from a slot's bytes. ValueError: they are too few or too many."""

class Answer:
    """A response as it came, in codes and units, with its order's symbol where it is known."""

    _symbol: Any
    @property
    def is_plain(self) -> bool:
        """Of an order whose symbol is known and that has not ended."""
    @property
    def is_denial(self) -> bool: ...
    @property
    def seq(self) -> int: ...
    @property
    def time_ns(self) -> int: ...
    @property
    def cl_ord_id(self) -> str: ...
    @property
    def orig_cl_ord_id(self) -> str | None: ...
    @property
    def exec_code(self) -> int: ...
    @property
    def status_code(self) -> int: ...
    @property
    def reason_code(self) -> int: ...
    @property
    def side_code(self) -> int: ...
    @property
    def order_units(self) -> int: ...
    @property
    def cum_units(self) -> int: ...
    @property
    def leaves_units(self) -> int: ...
    @property
    def last_units(self) -> int: ...
    @property
    def last_px_units(self) -> int: ...
    @property
    def price_units(self) -> int: ...
    @property
    def notional(self) -> int:
        """Of all fills, in units of price times quantity."""
    def __reduce__(self) -> tuple[Any, ...]: ...

class Port[Kind: Answer = Answer]:
    """A client's end of its rings. One thread uses it."""

    def __init__(
        self,
        requests: Ring,
        responses: Spine,
        prefix: str,
        symbols: Iterable[Any],
        accounts: Mapping[str | None, int],
        venues: Mapping[str | None, int],
        answer: type[Kind] = ...,
    ) -> None:
        """prefix: of the cl_ord_ids that it makes up, 1 to 24 ASCII characters.

        symbols: each with name, index, price_precision, qty_precision. accounts, venues: indices by name;
        None stands for what is meant where none is named. answer: the class of what `take` gives.
        ValueError: a prefix, slots or a class that don't fit.
        """
    @property
    def capacity(self) -> int:
        """Requests that there is room for."""
    @property
    def sent(self) -> int: ...
    @property
    def known(self) -> dict[str, Any]:
        """The symbol of each order that was sent, by cl_ord_id."""
    @property
    def lapsed(self) -> bool:
        """The last `take` gave nothing because the response was overwritten, not because it isn't there."""
    next_seq: int
    def new_id(self) -> str:
        """A cl_ord_id that no other session gives."""
    def push(self, slot: bytes) -> bool:
        """Sends a request's bytes, which hold the source_seq `sent` + 1. False: the ring is full."""
    def order(
        self,
        symbol: str,
        side: str,
        qty: str | Decimal | int,
        ord_type: str,
        price: str | Decimal | int | None,
        account: str | None,
        venue: str | None,
        time_in_force: str,
        strategy: int,
        post_only: bool,
        cl_ord_id: str | None,
        expire_ns: int | None,
    ) -> str | None:
        """Sends an order as the caller said it; its cl_ord_id.

        None: it was not sent, since it can't be said, or there is no room, or it takes more than plain
        numbers and names: whoever encodes it with all checks finds out which.
        """
    def trade_for(self, strategy: int, otherwise: Callable[..., str]) -> None:
        """Whose orders `submit` sends. otherwise: takes what `order` takes; it sends that or says what is
        wrong."""
    def submit(
        self,
        symbol: str,
        side: str,
        qty: str | Decimal | int,
        ord_type: str = ...,
        price: str | Decimal | int | None = ...,
        account: str | None = ...,
        venue: str | None = ...,
        time_in_force: str = ...,
        post_only: bool = ...,
        cl_ord_id: str | None = ...,
        expire_ns: int | None = ...,
    ) -> str:
        """`order` for the strategy of `trade_for`, and the other way where it is not to be said so."""
    def cancel(self, orig_cl_ord_id: str, cl_ord_id: str | None) -> str | None:
        """Sends a cancel; otherwise as `order`."""
    def replace(
        self,
        orig_cl_ord_id: str,
        qty: str | Decimal | int | None,
        price: str | Decimal | int | None,
        cl_ord_id: str | None,
    ) -> str | None:
        """Sends a replace of an order that is in `known`; otherwise as `order`."""
    def take(self) -> Kind | None:
        """The next response; None where there is none, or, see `lapsed`, none any more."""
    def oldest(self) -> int | None:
        """None where nothing was lost; else from where to read on: half of the ring behind the writer."""
    def decode(self, slot: bytes) -> Kind:
        """A response's bytes that came another way."""
