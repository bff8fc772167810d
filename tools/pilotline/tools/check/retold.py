"""A way through the explorer's graph as it would happen to a station from power-on: real times, real numbers.

Theory of operation: a search stands every state back to time 0 and renumbers what is in it. So the story is taken twice
at once, as the search took it and as a station would; each number of an event is replaced by the number in the same
place of the station's own state. After every move both have to be the same but for time and numbers.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from msgspec.structs import replace
from pydantic import BaseModel

from pilotline.adapters.happenings import Happening
from pilotline.core.events import (
    CallReceived,
    CommitFailed,
    DataTransferAnswered,
    ErrorReceived,
    External,
    MeterRead,
    PoweredUp,
    ResultReceived,
)
from pilotline.core.machines.outbox import message_id_of
from pilotline.core.state import Clock, Counter, HeldCall, Instant, State, UtcTime
from pilotline.core.step import Step, step
from pilotline.spec.products import Product, adjusted
from pilotline.tools.check.canonical import Canonical
from pilotline.tools.check.explorer import left_out
from pilotline.tools.check.interned import Interned
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.stepping import Stepper
from pilotline.tools.check.story import Move

NEVER_S: Final = 1_000_000
"""Longer than any story."""
_JOBS: Final = {
    "FirmwareDownloaded": "firmware",
    "DownloadFailed": "firmware",
    "FirmwareInstalled": "firmware",
    "InstallationFailed": "firmware",
    "DiagnosticsUploaded": "diagnostics",
    "UploadFailed": "diagnostics",
}


class Told(NamedTuple):
    """One event of the story."""

    move: int
    """Which move of the story it is of, from 1."""
    passed_ms: int
    """Since the event before it."""
    before: State | None
    event: External
    at: Instant
    step: Step | None
    """None: it failed."""

    @property
    def happening(self) -> Happening:
        """As those see it who watch a station."""
        trace, effects = (self.step.trace, self.step.effects) if self.step else ((), ())
        return Happening(self.at, self.event, trace, effects, self.before)


class Retold(NamedTuple):
    """A story as it happens to a station of this product."""

    product: Product
    told: tuple[Told, ...]
    parted: str | None
    """Where the station holds something else than the search did, since the scope leaves something out; None: never."""


def patient(scope: Scope) -> Product:
    """The product of a scope, with times so long that the timers which never fire there never do."""
    inert, product = {f"{machine} {timer}" for machine, timer in scope.inert}, scope.product
    keys = {"heartbeat silence": "HeartbeatInterval", "session connection_time_out": "ConnectionTimeOut"}
    unknown = inert - {*keys, "status_report settle"}
    assert not unknown, f"no time of a product makes these wait: {', '.join(sorted(unknown))}"
    configuration: dict[str, str | None] = {
        key: str(NEVER_S) for timer, key in keys.items() if timer in inert
    }
    facts = {"status_delay_ms": NEVER_S * 1000} if "status_report settle" in inert else {}
    return adjusted(product, configuration, **facts) if inert else product


def retold(story: tuple[Move, ...], scope: Scope, stepper: Stepper = step) -> Retold:
    """The story as it happens to a station."""
    retelling = _Retelling(scope, stepper)
    told = tuple(retelling.tell(story))
    return Retold(retelling.product, told, retelling.parted)


class _Retelling:
    """Both stations, move by move."""

    def __init__(self, scope: Scope, stepper: Stepper) -> None:
        self.product, self._step = patient(scope), stepper
        self.parted: str | None = None
        self._canonical = Canonical(Interned(self.product), left_out(scope))
        self._searched: State | None = None
        self._real: State | None = None
        self._at = Instant(0)
        self._later_ms = 0  # how much later it is on the real station's wall clock
        self._calls = 0

    def tell(self, story: tuple[Move, ...]) -> Iterator[Told]:
        """Each event in its turn, until a step fails."""
        since_ms = 0
        for number, move in enumerate(story, start=1):
            passed = Instant(move.after_ms)
            since_ms += passed
            self._at = Instant(self._at + passed)
            for event in () if move.event is None else (move.event, *move.at_once):
                as_it_is = self._as_it_is(event, passed)
                if as_it_is is not None:
                    if isinstance(as_it_is, PoweredUp):
                        self._at = Instant(0)  # each boot has a clock of its own
                    taken = self._taken(self._real, as_it_is, self._at)
                    told = Told(number, since_ms, self._real, as_it_is, self._at, taken)
                    yield told
                    since_ms = 0
                    if told.step is None:
                        return
                    self._real = told.step.state
                searched = self._taken(self._searched, self._of_product(event), passed)
                if searched is None:
                    self.parted = self.parted or f"in move {number}, which fails only as the search took it"
                    return
                self._searched = searched.state
            if self.parted is None:
                self._compare(number, passed)
            self._searched = self._canonical.of(self._known(self._searched), passed)

    def _as_it_is(self, event: External, passed: Instant) -> External | None:
        """The event as it happens to the station; None: it answers what this station has not asked."""
        searched, real = self._searched, self._real
        if searched is None or real is None:
            return self._of_product(event)
        here, there = searched.moment.clock.epoch, real.moment.clock.epoch
        if here is not None and there is not None:
            self._later_ms = there + self._at - here - passed
        return self._translated(self._of_product(event), searched, real)

    def _taken(self, state: State | None, event: External, now: Instant) -> Step | None:
        try:
            return self._step(state, event, now)
        except Exception:  # noqa: BLE001  (that it fails is what the story tells)
            return None

    def _compare(self, number: int, passed: Instant) -> None:
        """The states after a move have one representative."""
        real = self._canonical.of(_dated(self._known(self._real), self._later_ms - self._at), self._at)
        searched = self._canonical.of(_dated(self._known(self._searched), -passed), passed)
        slots = [
            slot
            for one, other in ((real.memory, searched.memory), (real.moment, searched.moment))
            for slot in one.__struct_fields__
            if getattr(one, slot) != getattr(other, slot)
        ]
        if slots:
            self.parted = f"after move {number} in {', '.join(slots)}"

    @staticmethod
    def _known(state: State | None) -> State:
        assert state is not None, "a story begins with power-on"
        return state

    # --- the numbers of an event ---

    def _of_product(self, event: External) -> External:
        return replace(event, product=self.product) if isinstance(event, PoweredUp) else event

    def _translated(self, event: External, searched: State, real: State) -> External | None:
        """The event with the real station's numbers; None: it answers what this station has not asked."""
        changes: dict[str, Any] = {}
        if "connection" in event.__struct_fields__:
            changes["connection"] = _beside(
                event.connection,  # type: ignore[attr-defined]
                searched.moment.link.connection,
                real.moment.link.connection,
            )
        job = _JOBS.get(type(event).__name__)
        if job is not None:
            known, there = getattr(searched.memory, job).job, getattr(real.memory, job).job
            changes["job"] = _beside(event.job, known, there)  # type: ignore[attr-defined]
        match event:
            case CommitFailed(failed):
                inner = self._translated(failed, searched, real)
                return None if inner is None else CommitFailed(inner)
            case PoweredUp(utc=utc) if utc is not None:
                changes["utc"] = UtcTime(utc + self._later_ms)
            case MeterRead(transaction=transaction) if transaction is not None:
                changes["transaction"] = _in_the_same_place(transaction, searched, real)
            case DataTransferAnswered(call):
                held = call == searched.moment.vendor.call
                changes["call"] = real.moment.vendor.call if held else HeldCall(Counter(0), call.message_id)
            case CallReceived():
                changes["message_id"] = self._call_id(event, searched, real)
                changes["request"] = self._later(event.request)
            case ResultReceived() | ErrorReceived():
                message_id = _answered_id(event, searched, real)
                if message_id is None:
                    return None
                changes["message_id"] = message_id
                if isinstance(event, ResultReceived):
                    changes["confirmation"] = self._later(event.confirmation)
            case _:
                pass
        return replace(event, **changes) if changes else event

    def _call_id(self, event: CallReceived, searched: State, real: State) -> str:
        """A repeat has the id of what it repeats, every other call one of its own."""
        answered, known = real.moment.answered, searched.moment.answered
        if answered is not None and known is not None and known.message_id == event.message_id:
            return answered.message_id
        self._calls += 1
        return f"call-{self._calls}"

    def _later(self, message: Any) -> Any:  # Any: a message, or what a field of one holds
        """The same with every date as much later as it is here."""
        match message:
            case datetime():
                return message + timedelta(milliseconds=self._later_ms)
            case BaseModel():
                fields = {
                    name: self._later(value) for name, value in message if name in message.model_fields_set
                }
                return message.model_copy(update=fields)
            case tuple() | list():
                return type(message)(self._later(part) for part in message)
            case _:
                return message


def _beside(number: int, known: int, there: int) -> Counter:
    """As far from the number that counts there as it is from the one that counts here."""
    return Counter(there + number - known)


def _in_the_same_place(transaction: int, searched: State, real: State) -> Counter:
    """The transaction that is in the same place among those there are; one that is gone stays unknown."""
    known, there = sorted(searched.memory.transactions), sorted(real.memory.transactions)
    place = known.index(Counter(transaction)) if transaction in known else len(there)
    return there[place] if place < len(there) else Counter(0)


def _answered_id(event: ResultReceived | ErrorReceived, searched: State, real: State) -> str | None:
    """Which CALL is answered: the open one, or the head of the queue, which has timed out."""
    known, there = searched.moment.call.open, real.moment.call.open
    if known is not None and known.message_id == event.message_id:
        return there.message_id if there is not None and there.action == known.action else None
    head = real.memory.outbox.get(real.moment.queue.head)
    return None if head is None else message_id_of(head, real.memory.boot)


def _dated(state: State, epoch: int) -> State:
    """The state with a clock, so that what is dated can be compared where none is known yet."""
    if state.moment.clock.epoch is not None:
        return state
    return State(state.product, state.memory, replace(state.moment, clock=Clock("known", UtcTime(epoch))))
