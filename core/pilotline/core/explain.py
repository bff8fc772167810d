"""Why: which rows were tried on an event, which guard said no, and what that guard looked at.

Theory of operation
    `step` decides and this looks on: the same step runs with an observer in the place of `react`, which sees the state
    and the event of every round and what each instance took. For an instance only what did not come to pass is
    found here: which guard kept each row in front from being taken, or why silence is right (`ignores`).

    What a guard looked at is found by asking it again with its record and its slice behind glass, which notes each
    field that is read. Guards are pure, so they say the same.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from msgspec import Struct, convert

from pilotline.core.answering import BY_REQUEST
from pilotline.core.draft import Taken
from pilotline.core.effects import Effect, SendError, SendResult
from pilotline.core.events import BadCallReceived, CallReceived, Event, External
from pilotline.core.machines import connector as status
from pilotline.core.reading import slice_function
from pilotline.core.state import Instant, Memory, State
from pilotline.core.statechart import Machine, guard_name
from pilotline.core.step import Reaction, react, step
from pilotline.core.subscriptions import listeners
from pilotline.spec.types import ChargePointStatus


class Tried(NamedTuple):
    """A row that was tried, and what its guards looked at: fields of the slice, and of the record as ``own.…``."""

    row: str
    """The name of the binding, as in a trace; or of the row of a decision table."""
    target: str | None
    """The state it leads to; None: none, or none other."""
    guards: tuple[str, ...]
    refused_by: str | None
    """The first guard that said no; None: the row was taken."""
    looked_at: tuple[tuple[str, object], ...]


class Heard(Struct, frozen=True):
    """What one instance made of one event."""

    machine: str
    key: object
    own: Any
    """Its record at the start of the round."""
    reads: Any
    """Its slice of the station at the start of the round."""
    tried: tuple[Tried, ...]
    """In the order of the table, up to the row that was taken."""
    taken: str | None
    because: str | None
    """Why the event changes nothing here, in the words of the table; None: a row was taken, or it has ended."""


class Round(Struct, frozen=True):
    """An event and everybody who heard it."""

    event: Event
    heard: tuple[Heard, ...]


class Decided(Struct, frozen=True):
    """How a CALL was answered: the rows of its decision table up to the one that holds, and the reply.

    No row is taken when the CALL did not come to its table: refused before, a repeat, or not heard at all (§4.2).
    """

    table: str
    tried: tuple[Tried, ...]
    taken: str | None
    reply: SendResult | SendError | None
    """None: there is none, or a machine answers later."""


class Explanation(Struct, frozen=True):
    """One step, row by row."""

    event: External
    now: Instant
    decided: Decided | None
    """Of a CALL."""
    rounds: tuple[Round, ...]
    trace: tuple[Taken, ...]


class StatusExplanation(Struct, frozen=True):
    """Why a connector has its status, and what would lead on."""

    connector: int
    status: str
    since: Instant
    implied: ChargePointStatus
    """The status that the conditions imply (§4.9)."""
    conditions: Any
    """The slice of the status machine: fault, availability, session, supply, EV, cable, reservations."""
    ways: tuple[Round, ...]
    """For each event that has rows in this status: the row it would take now, or who would say no."""


def explain(state: State | Memory | None, event: External, now: Instant) -> Explanation:
    """What `step` decides about this event, and why. Nothing happens."""
    rounds: list[Round] = []

    def observed(state: State, event: Event, now: Instant) -> tuple[Reaction, ...]:
        reactions = react(state, event, now)
        rounds.append(Round(event, tuple(_heard(state, event, reactions))))
        return reactions

    decided = step(state, event, now, observed)
    return Explanation(
        event, now, _decided(state, event, now, decided.effects, decided.trace), tuple(rounds), decided.trace
    )


def explain_status(state: State, connector: int) -> StatusExplanation:
    """Why this connector (0: the main controller) has its status."""
    machine = status.CONNECTOR_STATUS if connector else status.CONNECTOR_0
    own, reads = state.moment.connectors[connector], _CONDITIONS(state, connector)
    ways = []
    for kind, cells in machine.cells.items():
        if cells[own.state]:
            event = convert({"connector": connector}, kind)
            taken = machine.pick(own, reads, event)
            heard = _looked_into(machine, connector, own, reads, event, taken.name if taken else None)
            ways.append(Round(event, (heard,)))
    return StatusExplanation(connector, own.state, own.since, status.implied(own, reads), reads, tuple(ways))


_CONDITIONS: Final = slice_function(status.Reads)


def _heard(state: State, event: Event, reactions: Iterable[Reaction]) -> Iterator[Heard]:
    """Every instance that the event is for."""
    taken = {(reaction.machine.name, reaction.key): reaction.taken.binding for reaction in reactions}
    for machine, meant, _, slice_of in listeners(event):
        for key, own in meant(state, event):
            reads = slice_of(state, key)
            yield _looked_into(machine, key, own, reads, event, taken.get((machine.name, key)))


def _looked_into(
    machine: Machine[Any, Any], key: object, own: Any, reads: Any, event: Any, taken: str | None
) -> Heard:
    tried: list[Tried] = []
    for binding in machine.cells[type(event)][own.state]:
        tried.append(_tried(binding.name, binding.target, binding.guards, _Glasses(own, reads), event))
        if binding.name == taken:
            break
    because = machine.ignores(own.state, type(event)) if taken is None else None
    return Heard(machine.name, key, own, reads, tuple(tried), taken, because)


def _decided(
    state: State | Memory | None,
    event: External,
    now: Instant,
    effects: Iterable[Effect],
    trace: tuple[Taken, ...],
) -> Decided | None:
    if not isinstance(state, State) or not isinstance(event, CallReceived | BadCallReceived):
        return None
    replies = (effect for effect in effects if isinstance(effect, SendResult | SendError))
    reply = next((reply for reply in replies if reply.message_id == event.message_id), None)
    if isinstance(event, BadCallReceived):
        return Decided(event.code, (), None, reply)
    name = type(event.request).__name__
    if not trace or trace[0].machine != name:
        return Decided(name, (), None, reply)
    table, slice_of = BY_REQUEST[type(event.request)]
    reads, tried = slice_of(state, None, now), list[Tried]()
    for row in table.rows:
        tried.append(_tried(row.name, None, row.guards, _Glasses(None, reads), event.request))
        if row.name == trace[0].binding:
            break
    return Decided(name, tuple(tried), trace[0].binding, reply)


# --- what a guard looks at -----------------------------------------------------------------------------------


class _Glass:
    """Stands for a record and notes which of its fields are read."""

    def __init__(self, record: object, prefix: str, seen: dict[str, object]) -> None:
        self._record, self._prefix, self._seen = record, prefix, seen

    def __getattr__(self, name: str) -> object:
        value = getattr(self._record, name)
        self._seen[self._prefix + name] = value
        return value


class _Glasses:
    """What a guard is given besides the event: its own record, if there is one, and its slice."""

    def __init__(self, own: object, reads: object) -> None:
        self.seen: dict[str, object] = {}
        through = _Glass(reads, "", self.seen)
        self.arguments = (through,) if own is None else (_Glass(own, "own.", self.seen), through)


def _tried(
    row: str, target: str | None, guards: tuple[Callable[..., bool], ...], glasses: _Glasses, event: object
) -> Tried:
    """Who was the first to say no, and what all that were asked have looked at."""
    refusing = (guard_name(guard) for guard in guards if not guard(*glasses.arguments, event))
    refused_by = next(refusing, None)
    return Tried(row, target, tuple(map(guard_name, guards)), refused_by, tuple(glasses.seen.items()))
