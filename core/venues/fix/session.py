"""One FIX session as a state machine: whole messages and the time in, messages to be written out.

Acceptor and initiator are the same machine; `Settings.initiator` says who logs on first. It knows no socket,
no clock, no file but its store: who owns those calls

    connected · received · tick · disconnected · send · logout           and then takes
    take() -> bytes to write, written() -> they are, closing -> hang up once they are

A message is in the store before `take` gives it away. What a message means is the application's: see `App`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from core.venues.fix import logon
from core.venues.fix.agreement import (
    ADMIN,
    BUSINESS_REJECT,
    HEARTBEAT,
    LOGON,
    LOGOUT,
    NS,
    REJECT,
    RESEND_REQUEST,
    SEQUENCE_RESET,
    TEST_REQUEST,
    App,
    BusinessReject,
    Field,
    Settings,
)
from core.venues.fix.codec import Garbled, Message, parse, parse_utc_timestamp
from core.venues.fix.dictionary import Dictionary
from core.venues.fix.gap import Gap
from core.venues.fix.outbox import Outbox
from core.venues.fix.refusals import business_fields, reject_fields, reversed_route
from core.venues.fix.store import Store
from core.venues.fix.throttle import Throttle
from core.venues.fix.validation import TEXTS, Invalid, Problem, Reason, check, missing


class Session:
    """See the module. `said` is what happened, for a log; `is_up` whether both are logged on."""

    def __init__(self, settings: Settings, dictionary: Dictionary, store: Store, app: App) -> None:
        self.settings = settings
        self.dictionary = dictionary
        self.store = store
        self.app = app
        self.outbox = Outbox(settings, dictionary, store)
        self.said: deque[str] = deque(maxlen=256)
        self.garbled = self.throttled = 0
        self.now_ns = store.began_ns
        self.is_connected = False
        self._gate = logon.Gate(settings)
        self._begin()
        self._admin: dict[bytes, Callable[[Message], None]] = {
            LOGON: self._on_logon,
            LOGOUT: self._on_logout,
            HEARTBEAT: self._on_heartbeat,
            TEST_REQUEST: self._on_test_request,
            RESEND_REQUEST: self._on_resend_request,
            REJECT: self._on_reject,
            SEQUENCE_RESET: self._on_sequence_reset,
        }

    def _begin(self) -> None:
        """Of one connection."""
        self.heartbeat_s = self.settings.heartbeat_s
        self.closing = self.is_up = False
        self._logon_sent = self._logon_heard = self._reset_sent = self._logout_sent = False
        self._last_heard_ns = self.now_ns
        self.outbox.begin(self.now_ns)
        self._tests = 0
        self._gap = Gap()
        self._throttle = Throttle(self.settings.throttle_per_s)

    # ---- what happens to it --------------------------------------------------------------------------------

    def connected(self, now_ns: int) -> None:
        """A connection is there; an initiator logs on."""
        self.now_ns = now_ns
        self.roll(now_ns)
        self.is_connected = True
        self._begin()
        if self.settings.schedule.period(now_ns) is None:
            self._close("the session is closed at this time")
        elif self.settings.initiator:
            if self.settings.reset_on_logon:
                self._reset()
            self._send_logon(self.settings.heartbeat_s, self.settings.reset_on_logon)

    def disconnected(self, now_ns: int) -> None:
        """The connection is gone."""
        self.now_ns = now_ns
        was_up, self.is_up, self.is_connected = self.is_up, False, False
        self.outbox.begin(now_ns)
        if was_up:
            self.app.on_logout(now_ns)
        if self.settings.reset_on_disconnect:
            self._reset()

    def received(self, frame: bytes, now_ns: int) -> None:
        """A whole message as it came."""
        self.now_ns = now_ns
        if self.closing:
            return
        try:
            message = parse(frame, self.dictionary.data_fields)
        except Garbled as wrong:
            self.garbled += 1
            self._say(f"garbled, ignored: {wrong}")
            if not self._logon_heard:
                self._close("the first message is garbled")
            return
        self._next(message)
        self._drain()

    def tick(self, now_ns: int) -> None:
        """Time has moved on: to be called some times a second."""
        self.now_ns = now_ns
        if not self.is_connected:
            self.roll(now_ns)
        elif not self.closing:
            self._watch()

    def roll(self, now_ns: int) -> None:
        """Numbers begin anew where those that are there are of another stretch of the schedule."""
        moved = self.store.next_out != 1 or self.store.next_in != 1
        if moved and not self.settings.schedule.same(self.store.began_ns, now_ns):
            self.now_ns = now_ns
            self._reset()

    def send(self, msg_type: bytes, body: Iterable[Field], now_ns: int, header: Iterable[Field] = ()) -> int:
        """Store a message and give it away, or let the peer ask for it at its next logon; its number."""
        self.now_ns = now_ns
        return self._send(msg_type, list(body), header)

    def logout(self, text: str, now_ns: int) -> None:
        """Say goodbye; the connection closes when the peer has answered, or soon after."""
        self.now_ns = now_ns
        if self.is_connected and not self.closing:
            if self._logon_heard:
                self._send_logout(text)
            else:
                self._close(text)

    def take(self) -> bytes:
        """What is to be written now; then call `written`."""
        return self.outbox.take()

    def written(self) -> None:
        """All that `take` gave is with the peer's host."""
        self.outbox.written()

    # ---- one message ---------------------------------------------------------------------------------------

    def _next(self, message: Message) -> None:
        try:
            self._judge(message)
        except Invalid as wrong:
            self._reject(message, wrong.problem)
        except BusinessReject as wrong:
            self._business_reject(message, wrong)

    def _drain(self) -> None:
        """What waited behind a gap, in order."""
        while not self.closing and (message := self._gap.take(self.store.next_in)) is not None:
            if message.msg_type in (LOGON, RESEND_REQUEST):  # was answered when it came
                self._expect_next()
            else:
                self._next(message)

    def _judge(self, message: Message) -> None:
        number = message.get(34)
        if number is None or not number.isdigit() or len(number) > 18:
            self._fatal("MsgSeqNum (34) is missing or no number")
            return
        absent = missing(message, (49, 56))
        if absent:
            raise Invalid(Reason.REQUIRED_TAG_MISSING, absent)
        if message.begin != self.settings.begin:
            self._wrong_version(message)
            return
        problem = check(message, self.dictionary, self.settings.user_fields)
        if problem is not None:
            raise Invalid(*problem)
        handler = self._admin.get(message.msg_type)
        if handler is not None:
            handler(message)
        elif self._verify(message):
            self._deliver(message)

    def _deliver(self, message: Message) -> None:
        if not self._throttle.lets(message.msg_type, self.now_ns):
            self.throttled += 1
            raise BusinessReject(0, f"more than {self.settings.throttle_per_s} messages in a second")
        self.app.on_message(message, self.now_ns)
        self._expect_next()

    def _verify(self, message: Message, too_high: bool = True, too_low: bool = True) -> bool:
        """Whether it may be acted on now; what is to be done where not has been done."""
        if not self._fits_state(message.msg_type):
            self._close(f"{message.msg_type.decode('latin-1')} before or after its time")
            return False
        if not self.settings.is_near(message, self.now_ns):
            self._refuse(message, Reason.SENDING_TIME)
            return False
        if not self.settings.is_peer(message):
            self._refuse(message, Reason.COMP_ID)
            return False
        number = message.number(34)
        if too_high and number > self.store.next_in:
            self._too_high(message, number)
            return False
        if too_low and number < self.store.next_in:
            self._too_low(message, number)
            return False
        self._last_heard_ns = self.now_ns
        self._tests = 0
        return True

    def _fits_state(self, msg_type: bytes) -> bool:
        if msg_type == LOGON:
            return True
        return self._logon_heard or (msg_type in (LOGOUT, REJECT, SEQUENCE_RESET) and self._logon_sent)

    def _too_high(self, message: Message, number: int) -> None:
        self._gap.keep(number, message)
        if not self._gap.is_asked_for(number):
            self._ask_for_gap(number)

    def _ask_for_gap(self, number: int) -> None:
        self._gap.asked(self.store.next_in, number - 1, self.now_ns)
        self._send(RESEND_REQUEST, [(7, b"%d" % self.store.next_in), (16, b"0")])

    def _too_low(self, message: Message, number: int) -> None:
        if message.get(43) != b"Y":
            self._fatal(f"MsgSeqNum too low, expecting {self.store.next_in} but received {number}")
            return
        if message.msg_type == SEQUENCE_RESET:
            return
        original = message.get(122)
        if original is None:
            raise Invalid(Reason.REQUIRED_TAG_MISSING, 122)
        if parse_utc_timestamp(original) > parse_utc_timestamp(message.get(52) or b""):
            self._refuse(message, Reason.SENDING_TIME)

    def _wrong_version(self, message: Message) -> None:
        if message.msg_type == LOGOUT:
            self._on_logout(message)
        elif not self._logon_heard:
            self._close("Incorrect BeginString")
        else:
            self._send_logout("Incorrect BeginString")
            self._expect_next()

    # ---- refusals ------------------------------------------------------------------------------------------

    def _reject(self, message: Message, problem: Problem) -> None:
        self._say(f"rejected {message!r}: {TEXTS[problem.reason]} ({problem.tag})")
        if not self._logon_heard:
            self._close("what came isn't a Logon that can be answered")
            return
        if problem.reason == Reason.REQUIRED_TAG_MISSING and message.msg_type == LOGON:
            self._close("a Logon without what it must have")
            return
        if message.msg_type not in (LOGON, SEQUENCE_RESET) and message.number(34) == self.store.next_in:
            self._expect_next()
        self._send(REJECT, reject_fields(message, problem, self.dictionary), reversed_route(message))

    def _business_reject(self, message: Message, wrong: BusinessReject) -> None:
        self._expect_next()
        self._send(BUSINESS_REJECT, business_fields(message, wrong), reversed_route(message))

    def _refuse(self, message: Message, reason: Reason) -> None:
        """What no session goes on after: a reject and a logout."""
        self._reject(message, Problem(reason))
        if not self.closing:
            self._send_logout("")

    def _fatal(self, text: str) -> None:
        """A logout that waits for no answer."""
        self._send_logout(text)
        self._close(text)

    def _close(self, text: str) -> None:
        self._say(text)
        self.closing = True

    # ---- the session's own messages ------------------------------------------------------------------------

    def _on_logon(self, message: Message) -> None:
        settings = self.settings
        resets = message.get(141) == b"Y"
        fault = logon.fault(message, settings, self._logon_heard and not resets, self.now_ns)
        if fault:
            self._close(fault)
            return
        if not self._is_admitted(message):
            return
        if (resets and not self._reset_sent) or (not settings.initiator and settings.reset_on_logon):
            self._reset()
        if not self._verify(message, too_high=False):
            return
        self._answer_logon(message, resets)

    def _is_admitted(self, message: Message) -> bool:
        lets = self._gate.lets(message, self.now_ns)
        if lets is None:
            self._close("a Logon too soon after one with a wrong password")
        elif not lets:
            self._fatal(logon.REFUSED)
        return bool(lets)

    def _answer_logon(self, message: Message, resets: bool) -> None:
        self._logon_heard = True
        if not self.settings.initiator or (resets and not self._reset_sent):
            self.heartbeat_s = message.number(108)
            self._send_logon(self.heartbeat_s, resets)
        self._reset_sent = False
        number = message.number(34)
        if number > self.store.next_in:
            self._too_high(message, number)
        else:
            self._expect_next()
        if not self.is_up:
            self.is_up = True
            self.outbox.release(self.now_ns)
            self._say("logged on")
            self.app.on_logon(self.now_ns)

    def _on_logout(self, message: Message) -> None:
        if message.begin == self.settings.begin and not self._verify(message, False, False):
            return
        if not self._logout_sent:
            self._send_logout("")
        if message.number(34) == self.store.next_in:
            self._expect_next()
        self._close(f"logged out: {message.text(58)}")
        if self.settings.reset_on_logout:
            self._reset()

    def _on_heartbeat(self, message: Message) -> None:
        if self._verify(message):
            self._expect_next()

    def _on_reject(self, message: Message) -> None:
        if self._verify(message):
            self._say(f"the peer rejected {message.text(45)}: {message.text(58)}")
            self.app.on_message(message, self.now_ns)
            self._expect_next()

    def _on_test_request(self, message: Message) -> None:
        if self._verify(message):
            self._send(HEARTBEAT, [(112, message.get(112) or b"")])
            self._expect_next()

    def _on_sequence_reset(self, message: Message) -> None:
        is_fill = message.get(123) == b"Y"
        if not self._verify(message, is_fill, is_fill):
            return
        number = message.number(36)
        if number < self.store.next_in:
            raise Invalid(Reason.VALUE_INCORRECT)
        if number > self.store.next_in:
            self._expect(number)

    def _on_resend_request(self, message: Message) -> None:
        if not self._verify(message, False, False):
            return
        first, last = message.number(7), message.number(16)
        self.outbox.resend(max(first, 1), last, self.app.may_resend, self.now_ns)
        number = message.number(34)
        if number == self.store.next_in:
            self._expect_next()
        elif number > self.store.next_in:
            self._too_high(message, number)

    # ---- time ----------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        settings = self.settings
        if self._logout_sent:
            if self._passed(self.outbox.last_sent_ns, settings.logout_timeout_s):
                self._close("no answer to the logout")
        elif not self._logon_heard:
            if self._passed(self.outbox.last_sent_ns, settings.logon_timeout_s):
                self._close("no logon in time")
        elif settings.schedule.period(self.now_ns) is None:
            self._send_logout("the session ends")
        elif self.heartbeat_s:
            self._watch_peer()

    def _watch_peer(self) -> None:
        if self._passed(self._last_heard_ns, 2.4 * self.heartbeat_s):
            self._close("the peer is silent")
        elif self._passed(self._last_heard_ns, 1.2 * (self._tests + 1) * self.heartbeat_s):
            self._tests += 1
            self._send(TEST_REQUEST, [(112, b"TEST")])
        elif self._tests == 0 and self._passed(self.outbox.last_sent_ns, self.heartbeat_s):
            self._send(HEARTBEAT, [])
        elif self._gap.range is not None and self._passed(self._gap.asked_ns, self.heartbeat_s):
            if self._gap.is_given_up():
                self._send_logout(f"messages from {self.store.next_in} on were not resent")
            else:
                self._ask_for_gap(self._gap.range[1] + 1)

    def _passed(self, since_ns: int, seconds: float) -> bool:
        return self.now_ns - since_ns >= seconds * NS

    # ---- out -----------------------------------------------------------------------------------------------

    def _send_logon(self, heartbeat_s: int, resets: bool) -> None:
        self._logon_sent = True
        self._reset_sent = self.settings.initiator and resets
        flag = [(141, b"Y")] if resets else []
        self._send(LOGON, [(98, b"0"), (108, b"%d" % heartbeat_s), *flag, *self.settings.credentials])

    def _send_logout(self, text: str) -> None:
        self._logout_sent = True
        self._send(LOGOUT, [(58, text.encode())] if text else [])

    def _send(self, msg_type: bytes, body: list[Field], header: Iterable[Field] = ()) -> int:
        goes = self.is_connected and (msg_type in ADMIN or self.is_up or msg_type == BUSINESS_REJECT)
        waits = self.is_connected and self._logon_sent
        return self.outbox.send(msg_type, body, header, self.now_ns, goes, waits)

    def _expect(self, number: int) -> None:
        self.store.expect(number)
        self._gap.reached(number)

    def _expect_next(self) -> None:
        self._expect(self.store.next_in + 1)

    def _reset(self) -> None:
        self.store.reset(self.now_ns)
        self.outbox.forget()
        self._gap = Gap()
        self._say("sequence numbers are 1")

    def _say(self, text: str) -> None:
        if text:
            self.said.append(text)
