"""One seed: its core, its sessions and venues, and all that happens to them seldom."""

from __future__ import annotations

import heapq
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from core import messages as m
from core.live.intake import Intake
from core.live.killing import open_page
from core.live.shadow import Shadow
from core.live.teller import Teller
from core.recovery import snapshots
from core.recovery.replay import Replay
from core.scenario.encoder import Event
from core.simulation import state
from core.simulation.errors import Violation
from core.simulation.marks import PLACE
from core.simulation.outside import Outside
from core.simulation.room import Room
from core.simulation.script import ACCOUNTS, arms, config_event, down_and_up, script, with_epoch
from core.simulation.swarm import Swarm
from core.simulation.tail import tear
from core.simulation.traffic import Traffic
from core.simulation.workers import Workers
from core.stage import EngineStage
from core_ext import journal
from core_ext.journal import JournalReader
from core_ext.memory import Memory
from core_ext.ring import Ring
from core_ext.spine import Spine

CALM_TURNS = 20_000
"""Within so many turns of everybody a core without faults comes to rest: several times what any was seen to
need (`most_turns` of a run), so who needs more goes round in circles, or stands still."""
REQUESTS, RESPONSES, QUOTES = 32, 128, 16  # slots of a session's rings


class Play(Room):
    """A core that begins, as its seed's options have it.

    folder: empty.
    """

    def __init__(self, swarm: Swarm, folder: Path) -> None:
        super().__init__(swarm.seed, swarm.capacity, swarm.rates, swarm.tick_ns)
        self.swarm, self.folder = swarm, folder
        self.journal = folder / "journal"
        self.script = script(swarm.symbols, swarm.matching, swarm.outside, swarm.sessions)
        self.clients = swarm.sessions
        self.slow_readers = swarm.slow_readers
        self.later: list[tuple[int, int, Callable[[], None]]] = []
        self.kills: dict[int, tuple[int, int]] = {}  # by epoch, what the page says
        self.kills_told: set[int] = set()
        self.seats: dict[int, tuple[Memory, Spine, Spine]] = {}
        self.arming: set[int] = set()  # halted venues that somebody will arm
        self.bases: dict[int, int] = {}
        self.put = self.run_no = self.set_back_ns = 0
        self.most_turns = 0  # that it took until what was waited for was so
        self._weights = [name for name, weight in swarm.faults.items() for _ in range(weight)]
        self._begin()

    # ---- it begins -----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        s = self.swarm
        self.journal.mkdir()
        self.page = open_page(self.folder / "core.sock", create=True)
        dice, marks = self.addresses()
        self.trade_with(Traffic(dice, marks, s.symbols, s.venues, ACCOUNTS, s.durability == "group"))
        self.outsides = [
            Outside(venue, s.capacity, self.checker, self.traffic, dice, marks)
            for venue in range(s.matching, s.venues)
        ]
        for outside in self.outsides:
            for name, often in s.astray.items():
                setattr(outside, name, often)
        self._raise_core(0, {})
        self.tell(config_event(s.capacity), *self.script.events)
        for i in range(s.sessions):
            self.tell(*self.script.connects[i])
        self.await_taken()
        self._declare()
        for i in range(s.sessions):
            self._seat(i)

    def _declare(self) -> None:
        s = self.swarm
        self.board.declare(s.symbols, s.venues, ACCOUNTS, self.script.strategies)

    def _raise_core(self, start_seq: int, counts: dict[int, int]) -> None:
        """A core on a fresh board, which goes on after that event."""
        self.workers = Workers(self.swarm, self.folder, start_seq)
        self.watch(self.workers.board)
        self.traffic.meet(self.board, counts)
        self.checker.watch(self.board, self.outsides)
        self.checker.sources(counts)
        self.unstall()
        self.firsts = self.workers.build_all()
        for i in range(len(self.firsts)):
            self._watch(i)

    def _watch(self, i: int) -> None:
        """A worker that has just been built."""
        if "gateways" in self.swarm.groups[i]:
            self.checker.use_intents(self.workers.gateways().gateway)
        for stage in self.workers.workers[i].stages.values():
            if isinstance(stage, EngineStage) and stage.relived:
                self.mark(PLACE["redo"])

    def tell(self, *events: Event) -> None:
        """The desk says these, one after the other."""
        for event in events:
            self.traffic.tell(event.kind, event.request, event.session)

    def await_taken(self) -> None:
        """Until the core has taken all that the desk said; who is dead is brought back for it."""
        self.bring_back()
        self._turn_until(self.traffic.is_taken, "the desk's inputs aren't taken")

    def await_told(self) -> None:
        """Until egress is done with all that is sequenced by now."""
        seq = self.board.seq
        told = lambda: self.board.cursors()["egress"] >= seq  # noqa: E731
        self._turn_until(told, f"egress isn't done with event {seq}")

    def _turn_until(self, so: Callable[[], bool], otherwise: str) -> None:
        """Violation: it isn't so within CALM_TURNS."""
        moved = 0
        for turns in range(CALM_TURNS):
            if so():
                self.most_turns = max(self.most_turns, turns)
                return
            moved += self.turn_all() > 0
        raise Violation(f"{otherwise} within {CALM_TURNS} turns; in {moved} of them something moved")

    # ---- sessions ------------------------------------------------------------------------------------------

    def _seat(self, i: int) -> None:
        """A session of which the core knows comes with fresh rings."""
        self.await_told()
        requests = Memory(Ring.bytes_needed(REQUESTS, 304))
        responses = Memory(Spine.bytes_needed(RESPONSES, m.RESPONSE.itemsize, 0))
        quotes = Memory(Spine.bytes_needed(QUOTES, 64, 0))
        Ring.format(requests, REQUESTS, 304)
        told = Spine.format(responses, RESPONSES, m.RESPONSE.itemsize, 0, ())
        shown = Spine.format(quotes, QUOTES, 64, 0, ())
        self.seats[i] = (requests, told, shown)
        self.bases.pop(i, None)
        self._open_requests(i)
        self._open_responses(i)
        self.traffic.open_client(i, self.script.sessions[i], requests, responses, self.slow_readers)

    def _open_requests(self, i: int) -> None:
        intake = self.workers.stage("sequencer")
        assert isinstance(intake, Intake)
        ring = Ring.attach(self.seats[i][0])
        self.bases[i] = intake.open_seat(i, self.script.sessions[i], 0, ring, None, self.bases.get(i))

    def _open_responses(self, i: int) -> None:
        teller = self.workers.stage("egress")
        assert isinstance(teller, Teller)
        teller.open_seat(i, self.script.sessions[i], *self.seats[i][1:])

    def session_leaves(self) -> None:
        """It hangs up; what it had asked for is taken, its end is told, and another one comes by its name."""
        i = self.below(self.swarm.sessions)
        if i not in self.seats:
            return
        self.mark(PLACE["session_left"])
        self.bring_back()
        self.traffic.close_client(i)
        intake = self.workers.stage("sequencer")
        assert isinstance(intake, Intake)
        closed = partial(intake.close_seat, i)
        self._turn_until(closed, f"the requests of session {i}, which left, aren't taken")
        self.tell(*self.script.disconnects[i])
        self.await_taken()
        teller = self.workers.stage("egress")
        assert isinstance(teller, Teller)
        teller.close_seat(i)
        del self.seats[i]
        self.tell(*self.script.connects[i])
        self.await_taken()
        self._seat(i)

    # ---- what was put off ----------------------------------------------------------------------------------

    def put_off(self, steps: int, what: Callable[[], None]) -> None:
        self.put += 1
        heapq.heappush(self.later, (self.step_no + steps, self.put, what))
        self.next_due = self.later[0][0]

    def due(self) -> None:
        while self.later and self.later[0][0] <= self.step_no:
            heapq.heappop(self.later)[2]()
        self.next_due = self.later[0][0] if self.later else 1 << 63

    def strike(self) -> None:
        if self._weights:
            getattr(self, self._weights[self.below(len(self._weights))])()

    # ---- a worker dies -------------------------------------------------------------------------------------

    def worker_dies(self) -> None:
        i = self.below(len(self.firsts))
        if self.firsts[i] is None:
            return
        if self.below(2):
            self._die_inside(i)
        self.lose(i)
        if "journal" in self.swarm.groups[i] and self.below(2):
            self._tear(None)
        self.put_off(1 + self.below(400), self.bring_back)

    def _die_inside(self, i: int) -> None:
        """In the poll of one of its stages: what that did is there, that it is done isn't."""
        stages = self.swarm.groups[i]
        name = stages[self.below(len(stages))]
        stage = self.workers.stage(name)
        if name == "sequencer":
            self.mark(PLACE["died_before_release"]) if self.poll_and_untake(stage) else self.half_claim()
        elif name != "venues":
            at, reports = stage.cursor, self.board.reports.taken + len(self.board.reports)
            before = self.board.spine.get_cursor(at)
            stage.poll_once(1 + self.below(24))
            if name == "gateways":
                self.checker.note_decided()
            if self.board.reports.taken + len(self.board.reports) == reports:
                self.board.spine.move_cursor(at, before)
                self.mark(PLACE["died_before_cursor"])

    def lose(self, i: int) -> None:
        self.firsts[i] = None
        self.workers.lose(i)
        self.mark(PLACE["worker_died"])
        for stage in self.swarm.groups[i]:
            self.mark(PLACE[f"{stage}_died"])

    def bring_back(self) -> None:
        """All that are dead, as the supervisor does."""
        for i, first in enumerate(self.firsts):
            if first is None:
                self._bring_back(i)

    def _bring_back(self, i: int) -> None:
        stages = self.swarm.groups[i]
        self.workers.unknown = 0
        if any(int(path.stem.split("-")[1]) <= self.board.seq for path in snapshots.files(self.journal)):
            self.mark(PLACE["snapshot_used"])
        self.firsts[i] = self.workers.build(i)
        self.checker.note_done()
        self._watch(i)
        for seat in self.seats:
            if "sequencer" in stages:
                self._open_requests(seat)
            if "egress" in stages:
                self._open_responses(seat)
        apart = ("venues",) in self.swarm.groups
        if self.workers.unknown:
            self.mark(PLACE["intent_unknown"])
        if self.workers.unknown or "venues" in stages or ("gateways" in stages and not apart):
            self.put_off(1, self.ask_venues)

    def ask_venues(self) -> None:
        """Down and up again makes the core ask what became of all that is open there."""
        self.mark(PLACE["venue_down"])
        for venue in range(self.swarm.venues):
            outside = self._outside_of(venue)
            if outside is None or not outside.dead:
                self.tell(*down_and_up(venue))
        self.await_taken()
        self.workers.asked()

    def _outside_of(self, venue: int) -> Outside | None:
        return next((each for each in self.outsides if each.venue == venue), None)

    def worker_stalls(self) -> None:
        self.mark(PLACE["stalled"])
        self.stall(self.below(len(self.firsts)), self.step_no + 1 + self.below(3000))

    # ---- the core dies -------------------------------------------------------------------------------------

    def core_dies(self) -> None:
        """All its processes, at once; a record may be half written."""
        self.mark(PLACE["core_died"])
        self.drop_core()
        if self.below(2):
            self._tear(None)
        self.come_back()

    def machine_dies(self) -> None:
        """While the journal is being brought to the disk: of what came since, any part is there."""
        if not self.workers.lives("journal"):
            return
        durable = self.board.recorded
        self.workers.stage("journal").poll_once(64)
        self.mark(PLACE["machine_died"])
        self.drop_core()
        self._tear(durable)
        self.come_back()

    def drop_core(self) -> None:
        self.firsts = [None] * len(self.firsts)
        self.workers.workers.clear()
        for i in list(self.seats):
            self.traffic.hear_all()
            self.traffic.close_client(i)
        self.seats.clear()

    def _tear(self, durable: int | None) -> None:
        if tear(self.journal, durable, self.below):
            self.mark(PLACE["torn_tail_cut"])

    def come_back(self) -> None:
        """From its journal alone. Its sessions are gone, its venues are asked, its sessions come again."""
        self.run_no += 1
        played = Replay(self.swarm.capacity)
        played.play(JournalReader(self.journal))
        for outside in self.outsides:
            outside.meet(self.run_no)
        self._raise_core(played.events, played.core.sequencer.counts())
        self.checker.orders(state.quantities(played))
        killed, armed = state.kills(self.journal)
        self.checker.stream_kills([row for row in killed if not any(arms(each, row) for each in armed)])
        self.checker.halt_venues(state.halted(self.journal))
        self.checker.count_ups(state.ups(self.journal))
        self._mend_page(armed)
        self._declare()
        for outside in self.outsides:
            if not outside.dead:
                outside.come_back()
        self.ask_venues()
        for i in range(self.swarm.sessions):
            self.tell(*self.script.disconnects[i], *self.script.connects[i])
        self.await_taken()
        for i in range(self.swarm.sessions):
            self._seat(i)
        self.take_kills()

    def _mend_page(self, armed: list[tuple[int, int, int]]) -> None:
        """It died between a rearm's event and the page."""
        self.page.clear(
            [
                row["epoch"]
                for row in self.page.rows()
                if any(arms(each, (row["kind"], row["key"], row["epoch"])) for each in armed)
            ]
        )
        self.checker.page_kills(self.page.rows(), False)

    # ---- kills ---------------------------------------------------------------------------------------------

    def kill(self) -> None:
        """On the page, by whoever; the stream has it later."""
        scopes = list(self.script.kills)
        kind, key = scopes[self.below(len(scopes))]
        if len(self.kills_told) > 48:
            return
        self.page.kill(kind, key, "anna")
        self.mark(PLACE["kill_on_page"])
        self.checker.page_kills(self.page.rows(), True)
        self.put_off(1 + self.below(300), self.take_kills)

    def take_kills(self) -> None:
        for row in self.page.rows():
            if row["epoch"] not in self.kills_told:
                self.kills_told.add(row["epoch"])
                for event in self.script.kills[(row["kind"], row["key"])]:
                    self.traffic.tell(event.kind, with_epoch(event, row["epoch"]), event.session)

    def rearm(self) -> None:
        """All kills of the oldest one's scope, once the stream has them: the event first, then the page."""
        self.take_kills()
        rows = self.page.rows()
        if not rows:
            return
        self._arm((rows[0]["kind"], rows[0]["key"]))

    def _arm(self, at: tuple[int, int]) -> None:
        """A scope's kills, and what the core itself has halted of it."""
        epochs = [row["epoch"] for row in self.page.rows() if (row["kind"], row["key"]) == at]
        for event in self.script.rearms[at]:
            self.traffic.tell(event.kind, with_epoch(event, max(epochs, default=0)), event.session)
        self.await_taken()
        self.page.clear(epochs)
        self.mark(PLACE["rearmed"])
        self.checker.page_kills(self.page.rows(), False)

    def arm_venue(self, venue: int) -> None:
        """One that broke with the core, by a person who has cleared it up."""
        self.arming.discard(venue)
        self.take_kills()
        self._arm((int(m.Scope.VENUE), venue))
        self.mark(PLACE["venue_armed"])

    # ---- the others ----------------------------------------------------------------------------------------

    def outside_dies(self) -> None:
        """A venue's gateway; its session hangs up, and the venue is down until it is there again."""
        if self.outsides:
            outside = self.outsides[self.below(len(self.outsides))]
            if not outside.dead:
                outside.die()

    def mind_outsides(self) -> None:
        """Those that died are down, and come back after a while; those that are halted somebody arms."""
        for venue in self.checker.halted_venues():
            if venue not in self.arming:
                self.arming.add(venue)
                self.put_off(1 + self.below(600), partial(self.arm_venue, venue))
        for outside in self.outsides:
            if outside.dead:
                self.mark(PLACE["venue_down"])
                self.tell(down_and_up(outside.venue)[0])
                outside.come_back()
                self.tell(down_and_up(outside.venue)[1])

    def clock_steps(self) -> None:
        ns = self.below(4_000_000_000) - 2_000_000_000
        self.mark(PLACE["clock_stepped_back"]) if ns < 0 else None
        self.set_back_ns = max(self.set_back_ns - ns, 0)
        self.pass_time(ns)

    def catch_up(self) -> None:
        """The clock is where it has been already: what is due by then isn't put off any more."""
        self.pass_time(self.set_back_ns)
        self.set_back_ns = 0

    def burst(self) -> None:
        self.flood(self.below(5))

    def mishap(self) -> None:
        if self.script.mishaps:
            self.mark(PLACE["market_mishap"])
            self.tell(self.script.mishaps[self.below(len(self.script.mishaps))])

    def snapshot(self) -> None:
        """As the server's shadow writes one."""
        shadow = Shadow(self.journal, self.swarm.capacity)
        if shadow.follow() == 0 or not self.workers.lives("journal"):
            return
        snapshots.write(self.journal, shadow)
        self.mark(PLACE["snapshot_written"])

    def segment(self) -> None:
        """The journal's helper makes the next segment."""
        if self.workers.lives("journal"):
            writer = self.workers.workers[self.workers.index("journal")].journal
            assert writer is not None
            writer.prepare()

    def count_at_end(self) -> None:
        """What is counted elsewhere."""
        super().count_at_end()
        epochs = [info.run_epoch for info in journal.info(self.journal) if info.used]
        for _ in range(len(epochs) - len(set(epochs))):
            self.mark(PLACE["segment_rolled"])

    # ---- the end -------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Lets go of the journal, the memory and the clock."""
        self.let_go_of_clock()
        for worker in self.workers.workers.values():
            if worker.journal is not None:
                worker.journal.close()
        self.firsts = []
        self.workers.workers.clear()
        shutil.rmtree(self.folder, ignore_errors=True)
