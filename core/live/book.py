"""What a running core knows by name: directory, limits and rates, from declarations or from a journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from core import messages as m
from core.live.intake import SOURCE_DESK
from core.scenario import schema
from core.scenario.declared import Declared, Precision, Venue
from core.scenario.directory import Account, Directory, Symbol
from core.scenario.encoder import CHECKS, Encoder, Event
from core.scenario.money import Rates
from core.scenario.numbers import format_ratio
from core.scenario.reader import Line
from core.scenario.values import convert
from core_ext.journal import JournalReader

CHECK_NAMES = {int(reason): name for name, reason in CHECKS.items()}
KIND_AT = int(m.HEADER.fields["kind"][1]) if m.HEADER.fields is not None else 0
SOURCE_AT = int(m.HEADER.fields["source"][1]) if m.HEADER.fields is not None else 0
SESSION_AT = int(m.HEADER.fields["session"][1]) if m.HEADER.fields is not None else 0
SCOPE_KEYS = {int(m.Scope.GROUP): "account"}
"""Where a scope's key stands that isn't called like the scope."""
SCOPE_SPACES = {"strategy": m.Space.STRATEGY, "session": m.Space.SESSION, "sector": m.Space.SECTOR}


class Book:
    """Names both ways, and how lines become events. `note` sees every event that isn't a declaration."""

    def __init__(self, file: str = "core") -> None:
        self.directory = Directory()
        self.encoder: Encoder | None = None
        self.file = file
        self.declared = Declared()
        self.rates = Rates()
        self.limits: dict[int, bytes] = {}
        self.states: dict[tuple[int, int], int] = {}
        self.gateways: dict[int, int] = {}
        """Venue: the session that speaks for it. When that ends, the venue is down."""
        self.connected: set[int] = set()
        self.kills: set[int] = set()
        self.rearmed: dict[tuple[int, int], int] = {}
        self.closed_by: str | None = None
        self.date: int | None = None
        self.declarations: list[Event] = []
        self._restored: dict[int, Callable[[np.void], None]] = {
            m.Kind.NAME: self._name,
            m.Kind.INSTRUMENT: self._instrument,
            m.Kind.VENUE: self._venue,
            m.Kind.LISTING: self._listing,
            m.Kind.ACCOUNT: self._account,
        }
        self._noted: dict[int, Callable[[bytes], None]] = {
            m.Kind.LIMIT: self._limit,
            m.Kind.GROUP: self._group,
            m.Kind.FX: self._fx,
            m.Kind.VENUE_STATE: self._venue_state,
            m.Kind.CONNECT: self._connect,
            m.Kind.DISCONNECT: self._disconnect,
            m.Kind.KILL: self._kill,
            m.Kind.REARM: self._rearm,
            m.Kind.HALT: self._halt,
            m.Kind.DAY: self._day,
        }

    # ---- from lines ----------------------------------------------------------------------------------------

    def begin(self) -> Encoder:
        """The encoder; before the first call the directory may still be restored."""
        if self.encoder is None:
            self.encoder = Encoder(self.file, self.directory, live=True)
        return self.encoder

    def events(self, line: Line) -> list[Event]:
        """The line's events. ScenarioError: it can't be carried."""
        events = self.begin().encode(line)
        self.declared.add(line.type, line.data)
        return events

    def question(self, line: Line) -> Event:
        """An order that is asked about: nothing is remembered of it. ValueError: a name that nobody used
        yet."""
        encoder = self.begin()
        for what in ("strategy", "session"):
            name, known = line.data[what], self.directory.spaces[SCOPE_SPACES[what]]
            if name is not None and name not in known:
                raise ValueError(f"{what} {name!r}: nobody used it yet; one of {', '.join(known) or 'none'}")
        event = encoder.encode(line)[-1]
        encoder.forget(line.data["cl_ord_id"])
        return event

    def groups(self, groups: Mapping[str, tuple[str, ...]]) -> list[Event]:
        """Groups of accounts, as events."""
        out: list[Event] = []
        encoder = self.begin()
        for name, accounts in groups.items():
            index, events = encoder.name(m.Space.GROUP, name)
            self.directory.groups.setdefault(name, index)
            out += events
            for account in accounts:
                row = np.zeros((), m.GROUP_EVENT)
                row["account"], row["group"] = self.directory.accounts[account].index, index
                out.append(Event(int(m.Kind.GROUP), 0, row.tobytes()))
        return out

    def line(self, values: object, types: tuple[str, ...]) -> Line:
        """A line that somebody sent, checked against what is declared. ValueError says what is wrong."""
        if not isinstance(values, dict):
            raise ValueError("line: must be a map, as a line of a scenario file")
        line_type, _, data = convert(values)
        if line_type not in types:
            raise ValueError(f"type: {line_type!r} isn't taken here: one of {', '.join(types)}")
        self.declared.check(line_type, data)
        return Line(0, 0, line_type, data)

    # ---- from a journal ------------------------------------------------------------------------------------

    def restore(self, reader: JournalReader) -> None:
        """All names and settings of a journal, from its beginning."""
        size = m.HEADER.itemsize
        wanted = {int(kind) for kind in (*self._restored, *self._noted)} | {int(m.Kind.OPEN_POSITION)}
        declaring, following = True, 2  # the first is the configuration
        for sequence, body in reader.picked(KIND_AT, sum(1 << kind for kind in wanted)):
            kind = int.from_bytes(body[KIND_AT : KIND_AT + 2], "little")
            request = body[size:]
            declaring = declaring and sequence <= following and kind in DECLARING
            following = sequence + 1
            if declaring:
                self.declarations.append(Event(kind, 0, request))
            session = int.from_bytes(body[SESSION_AT : SESSION_AT + 4], "little")
            self.take(kind, request, body[SOURCE_AT], session)
        self.begin()
        for request in self.limits.values():
            self.begin().take_limit(request)

    def take(self, kind: int, request: bytes, source: int = 0, session: int = 0) -> None:
        """An event of a journal."""
        if kind in self._restored:
            self._restored[kind](np.frombuffer(request, DECLARING[kind], 1)[0])
        else:
            self.note(kind, request, source, session)

    def _text(self, row: np.void) -> str:
        return self.directory.text(row["text"].tobytes())

    def _name(self, row: np.void) -> None:
        self.directory.intern(m.Space(int(row["space"])), self._text(row))

    def _currency(self, index: int) -> str:
        return self.directory.space_lists[m.Space.CURRENCY][index]

    def _instrument(self, row: np.void) -> None:
        symbol = Symbol(
            self._text(row),
            int(row["symbol"]),
            schema.INSTRUMENT_KINDS[int(row["kind"])],
            int(row["price_precision"]),
            int(row["qty_precision"]),
            int(row["multiplier"]),
            int(row["multiplier_precision"]),
            bool(row["inverse"]),
            self._currency(int(row["currency"])),
            self._currency(int(row["settle_currency"])),
            margin=int(row["margin"]),
        )
        self.directory.symbols[symbol.name] = symbol
        self.directory.symbol_list.append(symbol)
        self.declared.instruments[symbol.name] = Precision(symbol.price_precision, symbol.qty_precision)

    def _venue(self, row: np.void) -> None:
        name = self._text(row)
        self.directory.venues[name] = int(row["venue"])
        self.directory.venue_list.append(name)
        self.declared.venues[name] = Venue(schema.VENUE_MODES[int(row["mode"])], frozenset())

    def _listing(self, row: np.void) -> None:
        symbol = self.directory.symbol_list[int(row["symbol"])]
        venue = self.directory.venue_list[int(row["venue"])]
        symbol.venues.append(venue)
        known = self.declared.venues[venue]
        self.declared.venues[venue] = known._replace(symbols=known.symbols | {symbol.name})

    def _account(self, row: np.void) -> None:
        name = self._text(row)
        cash = (int(np.int64(row["cash_hi"])) << 64) | int(row["cash_lo"])
        account = Account(name, int(row["account"]), self._currency(int(row["currency"])), cash)
        self.directory.accounts[name] = account
        self.directory.account_list.append(account)
        self.declared.accounts.add(name)

    # ---- what changes while it runs ------------------------------------------------------------------------

    def note(self, kind: int, request: bytes, source: int = 0, session: int = 0) -> None:
        """An event that was sequenced: settings and market as they are now.

        A state that the core itself gave a venue, to ask it, is none of the venue's: the core may die before
        it gives it back.
        """
        noted = self._noted.get(kind)
        if noted is not None and (kind != m.Kind.VENUE_STATE or source != SOURCE_DESK):
            noted(request)
            if kind == m.Kind.VENUE_STATE and session:
                self._speaks(request, session)

    def _limit(self, request: bytes) -> None:
        row = np.frombuffer(request, m.LIMIT_EVENT, 1)[0]
        if row["check"] != m.Reason.NO_LIMIT:
            self.limits[int(row["index"])] = request

    def _group(self, request: bytes) -> None:
        row = np.frombuffer(request, m.GROUP_EVENT, 1)[0]
        name = self.directory.space_lists[m.Space.GROUP][int(row["group"])]
        self.directory.groups.setdefault(name, int(row["group"]))

    def _fx(self, request: bytes) -> None:
        row = np.frombuffer(request, m.FX_EVENT, 1)[0]
        pair = f"{self._currency(int(row['base']))}/{self._currency(int(row['quote']))}"
        self.rates.set(pair, Fraction(int(row["rate"]), 10 ** int(row["digits"])))

    def _venue_state(self, request: bytes) -> None:
        row = np.frombuffer(request, m.VENUE_STATE_EVENT, 1)[0]
        key = int(row["venue"]), int(row["symbol"])
        if key[1] == m.NONE:
            self.states = {known: state for known, state in self.states.items() if known[0] != key[0]}
        self.states[key] = int(row["state"])

    def _speaks(self, request: bytes, session: int) -> None:
        """A venue's gateway has said how it is: while it isn't down, it is the session's."""
        row = np.frombuffer(request, m.VENUE_STATE_EVENT, 1)[0]
        venue = int(row["venue"])
        if row["state"] != m.VenueState.DOWN:
            self.gateways[venue] = session
        elif self.gateways.get(venue) == session:
            del self.gateways[venue]

    def spoken_for(self, session: int) -> list[int]:
        """Venues whose gateway is that session."""
        return [venue for venue, speaker in self.gateways.items() if speaker == session]

    def _connect(self, request: bytes) -> None:
        self.connected.add(_filter(request)["session"])

    def _disconnect(self, request: bytes) -> None:
        self.connected.discard(_filter(request)["session"])

    def _kill(self, request: bytes) -> None:
        self.kills.add(int(np.frombuffer(request, m.FILTER_EVENT, 1)[0]["epoch"]))

    def _rearm(self, request: bytes) -> None:
        """Which epoch of a scope was the last to be cleared."""
        row = np.frombuffer(request, m.FILTER_EVENT, 1)[0]
        kind = int(row["kind"])
        key = int(row["scope"][SCOPE_KEYS.get(kind) or m.Scope(kind).name.lower()]) if kind else 0
        self.kills.add(int(row["epoch"]))
        if kind == m.Scope.ALL:
            self.closed_by = None
        self.rearmed[kind, key] = int(row["epoch"])

    def _halt(self, request: bytes) -> None:
        """Of all by a person, trading is closed; what the core itself halts is no such thing."""
        row = np.frombuffer(request, m.HALT_EVENT, 1)[0]
        if row["kind"] == m.Scope.ALL and row["by"] != m.NONE:
            self.closed_by = self.directory.space_lists[m.Space.PERSON][int(row["by"])]

    def _day(self, request: bytes) -> None:
        self.date = int(np.frombuffer(request, m.DAY_EVENT, 1)[0]["date"])

    # ---- as people read it ---------------------------------------------------------------------------------

    def name_of(self, what: str, index: int) -> str | None:
        """The name with that index; None where there is none."""
        d = self.directory
        if index >= m.UNKNOWN16 and what == "venue":
            return None
        names: list[Any] = {
            "account": [account.name for account in d.account_list],
            "symbol": [symbol.name for symbol in d.symbol_list],
            "venue": d.venue_list,
        }.get(what) or d.space_lists[SCOPE_SPACES.get(what, m.Space.PERSON)]
        return names[index] if index < len(names) else None

    def names(self) -> dict[str, list[str]]:
        """Every name by what it names, in the order of index: for a kill while the core can't answer."""
        d = self.directory
        return {
            "account": [account.name for account in d.account_list],
            "symbol": [symbol.name for symbol in d.symbol_list],
            "venue": list(d.venue_list),
            "strategy": list(d.space_lists[m.Space.STRATEGY]),
            "session": list(d.space_lists[m.Space.SESSION]),
        }

    def told(self) -> dict[str, Any]:
        """The directory as a session gets it."""
        d = self.directory
        return {
            "symbols": [self._symbol(symbol) for symbol in d.symbol_list],
            "venues": list(d.venue_list),
            "accounts": [{"name": a.name, "currency": a.currency} for a in d.account_list],
            "strategies": list(d.space_lists[m.Space.STRATEGY]),
        }

    def _symbol(self, symbol: Symbol) -> dict[str, Any]:
        tick, lot = self._steps[symbol.index]
        return {
            "name": symbol.name,
            "kind": symbol.kind,
            "price_precision": symbol.price_precision,
            "qty_precision": symbol.qty_precision,
            "tick": tick,
            "lot": lot,
            "multiplier": symbol.multiplier,
            "multiplier_precision": symbol.multiplier_precision,
            "inverse": symbol.inverse,
            "currency": symbol.currency,
            "settle_currency": symbol.settle_currency,
            "venues": list(symbol.venues),
        }

    @property
    def _steps(self) -> dict[int, tuple[int, int]]:
        out = {}
        for event in self.declarations:
            if event.kind == m.Kind.INSTRUMENT:
                row = np.frombuffer(event.request, m.INSTRUMENT_EVENT, 1)[0]
                out[int(row["symbol"])] = int(row["tick"]), int(row["lot"])
        return out

    def limit_lines(self) -> list[dict[str, Any]]:
        """The declared limits as lines of a scenario file."""
        return [self.limit_line(request) for _, request in sorted(self.limits.items())]

    def limit_line(self, request: bytes) -> dict[str, Any]:
        row = np.frombuffer(request, m.LIMIT_EVENT, 1)[0]
        check = CHECK_NAMES.get(int(row["check"]), str(row["check"]))
        value = (int(np.int64(row["value_hi"])) << 64) | int(row["value_lo"])
        line: dict[str, Any] = {"check": check, "value": limit_text(check, value)}
        if row["off"]:
            line["value"] = "off"
        for what in ("account", "strategy", "symbol", "venue", "session", "sector"):
            index = int(row["scope"][what])
            if what == "account" and m.ACCOUNT_GROUP <= index < m.UNKNOWN:
                line["group"] = self.directory.space_lists[m.Space.GROUP][index - m.ACCOUNT_GROUP]
            elif index != m.NONE:
                line[what] = self.name_of(what, index)
        if row["each"]:
            line["each"] = m.Scope(int(row["each"])).name.lower()
        if int(row["currency"]) != m.NONE16:
            line["currency"] = self._currency(int(row["currency"]))
        if check in schema.WINDOW_CHECKS:
            line["window_s"] = _plain(int(row["window_ns"]), 9)
        if row["soft"]:
            line["soft"] = True
        if row["action"] == m.RiskState.REDUCING:
            line["action"] = "reducing"
        return line


DECLARING: dict[int, np.dtype[Any]] = {
    m.Kind.NAME: m.NAME_EVENT,
    m.Kind.INSTRUMENT: m.INSTRUMENT_EVENT,
    m.Kind.VENUE: m.VENUE_EVENT,
    m.Kind.LISTING: m.LISTING_EVENT,
    m.Kind.ACCOUNT: m.ACCOUNT_EVENT,
    m.Kind.OPEN_POSITION: m.OPEN_POSITION_EVENT,
    m.Kind.LIMIT: m.LIMIT_EVENT,
    m.Kind.GROUP: m.GROUP_EVENT,
    m.Kind.FX: m.FX_EVENT,
}


def limit_text(check: str, value: int) -> str:
    """A limit's value as a person writes it."""
    if check in schema.CHECK_WORDS:
        return schema.CHECK_WORDS[check][value]
    return _plain(value, 0 if check in schema.COUNT_CHECKS else 12)


def _filter(request: bytes) -> dict[str, int]:
    scope = np.frombuffer(request, m.FILTER_EVENT, 1)[0]["scope"]
    return {name: int(scope[name]) for name in scope.dtype.names}


def _plain(units: int, digits: int) -> str:
    text = format_ratio(units, 10**digits, digits)
    return text.rstrip("0").rstrip(".") if "." in text else text
