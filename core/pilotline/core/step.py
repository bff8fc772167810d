"""The one function: ``step(state, event, now) -> Step(state', effects, changes, trace)``.

The contract
    1. An event opens a round: every machine that lists it picks at most one binding against the state at the start of
       the round; then the picked bindings act in declared order, connectors ascending, each replacing only its own
       record. What they order (Put, Drop, timers, keys) is applied when the round ends.
    2. Raised events form one first-in-first-out queue; each is a round. The step returns when the queue is empty.
       Effects keep the order of emission; levels follow.
    3. Nothing is awaited. A frame of a connection that is gone is dropped.
    4. `trace` lists the bindings taken.
    5. Frames are read and written by pure functions (`pilotline.core.frames`); typed events enter here.

`step` raises nothing for whatever the world may tell; an assertion of ours that fails is a bug, and the caller's old
state still stands.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import levels
from pilotline.core.boot import fresh_moment, initial_memory
from pilotline.core.declared import MACHINES, OPERATIONS
from pilotline.core.effects import (
    Arm,
    ArmUtc,
    Change,
    Configure,
    Disarm,
    Drop,
    Effect,
    Put,
    SendError,
    SendResult,
)
from pilotline.core.events import (
    BadCallReceived,
    CallReceived,
    CommitFailed,
    ConfigurationChanged,
    DeadlinePassed,
    Event,
    External,
    Internal,
    PoweredUp,
    Restored,
)
from pilotline.core.state import Instant, Memory, State, TimerKey
from pilotline.core.statechart import Binding, DecisionTable, Machine
from pilotline.spec.configuration_keys import Refusal, canonical_text

ROUNDS_MAX: Final = 1000  # a step that goes on for longer is a bug, not a workload


class Taken(NamedTuple):
    """One binding that was taken, and by which instance."""

    machine: str
    key: object
    binding: str


class Step(Struct, frozen=True):
    """What a step decided. Commit `changes`, then hand over `effects`; those that make safe go first."""

    state: State
    effects: tuple[Effect, ...]
    changes: tuple[Change, ...]
    trace: tuple[Taken, ...]


class _Round(NamedTuple):
    machine: Machine[Any, Any]
    key: object
    own: Any
    reads: Any
    binding: Binding[Any, Any]


# --- the tables, compiled ------------------------------------------------------------------------------------

SliceOf = Callable[[State, Any], Any]


def _slice_of(reads: type, sources: Iterable[Callable[[Any, Any], Any]]) -> SliceOf:
    getters = tuple(sources)
    return lambda state, key: reads(*[get(state, key) for get in getters])


class _Compiled:
    """A machine as the reducer uses it."""

    __slots__ = ("addressed", "cells", "family", "holder", "machine", "slice", "slot", "timers")

    def __init__(self, machine: Machine[Any, Any]) -> None:
        self.machine = machine
        self.cells = machine.cells
        self.family = machine.family.name
        self.slot = machine.slot
        self.holder = machine.home
        self.slice = _slice_of(machine.reads, [source.get for source in machine.sources.values()])
        self.timers = {timer.name: timer for timer in machine.timers}
        key_field = machine.family.key_field
        self.addressed = {
            event: ("by" if "by" in fields else key_field if key_field in fields else None)
            for event in machine.alphabet
            for fields in [event.__struct_fields__]
        }


_MACHINES: Final = tuple(_Compiled(machine) for machine in MACHINES)
_BY_EVENT: Final[dict[type, tuple[_Compiled, ...]]] = {
    event: tuple(m for m in _MACHINES if event in m.cells)
    for event in {event for machine in MACHINES for event in machine.alphabet}
}
_BY_NAME: Final = {m.machine.name: m for m in _MACHINES}
_OPERATIONS: Final[dict[type, DecisionTable[Any, Any]]] = {table.request: table for table in OPERATIONS}
_OPERATION_SLICES: Final = {
    table.request: _slice_of(table.reads, [source.get for source in table.sources.values()]) for table in OPERATIONS
}


# --- the step ------------------------------------------------------------------------------------------------


def step(state: State | Memory | None, event: External, now: Instant) -> Step:
    """One event in; what it decides out.

    `state` is the station's state; for `PoweredUp` only its Memory counts, and there may be none yet.
    `now` is the monotonic clock in ms. The Central System's mistakes become effects; nothing is raised.
    """
    before: State | None = None
    changes: list[Change] = []
    queue: deque[Event] = deque()
    if isinstance(event, PoweredUp):
        memory = state.memory if isinstance(state, State) else state
        memory, stored = initial_memory(memory, event)
        changes.extend(stored)
        current = State(event.product, memory, fresh_moment(memory, event))
        queue.extend((event, Restored()))
    else:
        assert isinstance(state, State), "a station that is off hears nothing but PoweredUp"  # noqa: S101
        before = current = state
        queue.append(event)
    effects: list[Effect] = []
    trace: list[Taken] = []
    for _ in range(ROUNDS_MAX):
        if not queue:
            break
        current = _round(current, queue.popleft(), now, queue, effects, changes, trace)
    assert not queue, f"{type(event).__name__}: the rounds do not end"  # noqa: S101
    effects.extend(levels.commands(before, current))
    return Step(current, tuple(effects), tuple(changes), tuple(trace))


def next_deadline(state: State) -> Instant | None:
    """When `DeadlinePassed` is due: the earliest timer, dates mapped through the clock; None: nothing is awaited."""
    earliest = _earliest(state)
    return None if earliest is None else earliest[0]


def _earliest(state: State) -> tuple[Instant, TimerKey] | None:
    moment = state.moment
    due: list[tuple[Instant, int, str, TimerKey]] = [
        (at, _timer_place(timer), repr(timer.key), timer) for timer, at in moment.timers.items()
    ]
    epoch = moment.clock.epoch
    if epoch is not None:
        due.extend(
            (Instant(at - epoch), _timer_place(timer), repr(timer.key), timer) for timer, at in moment.dates.items()
        )
    if not due:
        return None
    first = min(due)
    return first[0], first[3]


_TIMER_PLACES: Final = {
    (machine.name, timer.name): place
    for place, (machine, timer) in enumerate((m, t) for m in MACHINES for t in m.timers)
}


def _timer_place(timer: TimerKey) -> int:
    return _TIMER_PLACES[timer.machine, timer.timer]


def _round(
    state: State,
    event: Event,
    now: Instant,
    queue: deque[Event],
    effects: list[Effect],
    changes: list[Change],
    trace: list[Taken],
) -> State:
    kind = type(event)
    special = _SPECIAL.get(kind)
    if special is not None:
        return special(state, event, now, queue, effects, changes, trace)
    picked: list[_Round] = []
    for compiled in _BY_EVENT.get(kind, ()):
        _pick(compiled, state, event, picked)
    if not picked:
        return state
    return _act(state, event, now, picked, queue, effects, changes, trace)


def _pick(compiled: _Compiled, state: State, event: Event, picked: list[_Round]) -> None:
    machine = compiled.machine
    for key, own in _instances(compiled, state, event):
        cell = compiled.cells[type(event)][own.state]
        if not cell:
            continue
        reads = compiled.slice(state, key)
        for binding in cell:
            for guard in binding.guards:
                if not guard(own, reads, event):
                    break
            else:
                picked.append(_Round(machine, key, own, reads, binding))
                break


def _instances(compiled: _Compiled, state: State, event: Event) -> Iterable[tuple[object, Any]]:
    """The instances an event is for: the one it names, or all in ascending order."""
    records = getattr(state.memory if compiled.holder == "memory" else state.moment, compiled.slot)
    field = compiled.addressed[type(event)]
    family = compiled.family
    if field == "by":
        address = event.by  # type: ignore[union-attr]  # the compiled table knows that it has one
        if address.machine != compiled.machine.name:
            return ()
        key: Any = address.key
    elif field is not None:
        key = getattr(event, field)
    elif family == "station":
        return ((None, records),)
    elif isinstance(records, Map):
        return sorted(records.items())
    elif family == "main controller":
        return ((0, records[0]),)
    else:
        return tuple(enumerate(records))[0 if family == "point" else 1 :]
    return _instance(compiled, records, key)


def _instance(compiled: _Compiled, records: Any, key: Any) -> tuple[tuple[object, Any], ...]:
    family = compiled.family
    if family == "station":
        return ((None, records),)
    if isinstance(records, Map):
        own = records.get(key)
        if own is None:
            return () if key is None else ((key, compiled.machine.blank),)
        return ((key, own),)
    first = 0 if family in ("point", "main controller") else 1
    last = 0 if family == "main controller" else len(records) - 1
    return ((key, records[key]),) if first <= key <= last else ()


def _act(
    state: State,
    event: Event,
    now: Instant,
    picked: list[_Round],
    queue: deque[Event],
    effects: list[Effect],
    changes: list[Change],
    trace: list[Taken],
) -> State:
    for machine, key, own, reads, binding in picked:
        trace.append(Taken(machine.name, key, binding.name))
        outputs: tuple[Any, ...] = ()
        record = own
        if binding.action is not None:
            outcome = binding.action(own, reads, event, now)
            if type(outcome) is tuple:
                record, outputs = outcome
            else:
                record = outcome
        target = binding.target
        if target is not None and record.state != target:
            record = replace(record, state=target)
        if record != own:
            state = _replaced(state, machine, key, record, changes)
        if target is not None and target != own.state and (state.moment.timers or state.moment.dates):
            state = _disarmed(state, machine, key, target)
        for output in outputs:
            if isinstance(output, Effect):
                effects.append(output)
            elif isinstance(output, Internal | External):
                queue.append(output)
            else:
                state = _ordered(state, machine, key, output, changes, queue)
    return state


# --- orders --------------------------------------------------------------------------------------------------


def _replaced(state: State, machine: Machine[Any, Any], key: Any, record: Any, changes: list[Change]) -> State:
    """The state with one record of one machine replaced; what lives in Memory is listed for the commit."""
    slot = machine.slot
    holder = state.memory if machine.home == "memory" else state.moment
    records = getattr(holder, slot)
    change: Change = Put(slot, key, record)
    if isinstance(records, Map):
        if record.state in machine.final:
            records = records.delete(key) if key in records else records
            change = Drop(slot, key)
        else:
            records = records.set(key, record)
    elif isinstance(records, tuple):
        records = (*records[:key], record, *records[key + 1 :])
    else:
        records = record
    return _with_slot(state, machine.home == "memory", slot, records, change, changes)


def _with_slot(
    state: State, in_memory: bool, slot: str, value: object, change: Change, changes: list[Change]
) -> State:
    if in_memory:
        changes.append(change)
        return State(state.product, replace(state.memory, **{slot: value}), state.moment)
    return State(state.product, state.memory, replace(state.moment, **{slot: value}))


def _disarmed(state: State, machine: Machine[Any, Any], key: object, target: str) -> State:
    """Leaving the states a timer may run in disarms it."""
    for timer in machine.timers:
        if target not in timer.runs_in:
            state = _without_timer(state, TimerKey(machine.name, timer.name, key))
    return state


def _without_timer(state: State, timer: TimerKey) -> State:
    moment = state.moment
    if timer in moment.timers:
        moment = replace(moment, timers=moment.timers.delete(timer))
    if timer in moment.dates:
        moment = replace(moment, dates=moment.dates.delete(timer))
    return state if moment is state.moment else State(state.product, state.memory, moment)


def _ordered(
    state: State, machine: Machine[Any, Any], key: object, order: Any, changes: list[Change], queue: deque[Event]
) -> State:
    match order:
        case Arm():
            state = _without_timer(state, TimerKey(machine.name, order.timer, key))
            timers = state.moment.timers.set(TimerKey(machine.name, order.timer, key), order.at)
            return State(state.product, state.memory, replace(state.moment, timers=timers))
        case ArmUtc():
            state = _without_timer(state, TimerKey(machine.name, order.timer, key))
            dates = state.moment.dates.set(TimerKey(machine.name, order.timer, key), order.at)
            return State(state.product, state.memory, replace(state.moment, dates=dates))
        case Disarm():
            return _without_timer(state, TimerKey(machine.name, order.timer, key))
        case Put() | Drop():
            return _stored(state, order, changes)
        case Configure():
            return _configured(state, order, changes, queue)
        case _:
            raise AssertionError(f"{machine.name} ordered {order!r}")


def _stored(state: State, change: Change, changes: list[Change]) -> State:
    records = getattr(state.memory, change.collection)
    if not isinstance(records, Map):
        assert isinstance(change, Put)  # noqa: S101  (a record of its own is never dropped)
        value: object = change.record
    elif isinstance(change, Put):
        value = records.set(change.key, change.record)
    else:
        value = records.delete(change.key)
    return _with_slot(state, True, change.collection, value, change, changes)


def _configured(state: State, order: Configure, changes: list[Change], queue: deque[Event]) -> State:
    """A value that the key does not take leaves it as it was: the row that ordered it has checked, or does not mind."""
    configuration = state.memory.configuration
    key, changed = configuration.key(order.key), configuration.with_value(order.key, order.text)
    if key is None or isinstance(changed, Refusal) or changed is configuration:
        return state
    queue.append(ConfigurationChanged(key.name))
    change = Put("configuration", key.name, canonical_text(changed.values[key.name.lower()]))
    return _with_slot(state, True, "configuration", changed, change, changes)


# --- events that are not for machines ------------------------------------------------------------------------


def _fire(
    state: State, event: DeadlinePassed, now: Instant, queue: deque[Event], *_rest: object
) -> State:
    """Turn the earliest timer that is due into its event; none is due: nothing happens."""
    earliest = _earliest(state)
    if earliest is None or earliest[0] > now:
        return state
    timer = earliest[1]
    compiled = _BY_NAME[timer.machine]
    declared = compiled.timers[timer.timer].event
    queue.append(declared() if compiled.family == "station" else declared(timer.key))
    return _without_timer(state, timer)


def _operate(
    state: State,
    event: CallReceived,
    now: Instant,
    queue: deque[Event],
    effects: list[Effect],
    changes: list[Change],
    trace: list[Taken],
) -> State:
    """Answer a CALL by its decision table; a Rejected station answers nothing (§4.2)."""
    moment = state.moment
    if moment.link.connection != event.connection or moment.link.state != "up":
        return state
    if moment.registration.standing == "Rejected":
        return state
    table = _OPERATIONS.get(type(event.request))
    if table is None:
        effects.append(
            SendError(event.connection, event.message_id, "NotSupported", "this station does not offer the action")
        )
        return state
    reads = _OPERATION_SLICES[table.request](state, None)
    row = table.pick(reads, event.request)
    trace.append(Taken(table.name, None, row.name))
    outcome = row.answer(reads, event.request)
    confirmation, outputs = outcome if type(outcome) is tuple else (outcome, ())
    effects.append(SendResult(event.connection, event.message_id, confirmation))
    for output in outputs:
        if isinstance(output, Internal):
            queue.append(output)
        elif isinstance(output, Effect):
            effects.append(output)
        elif isinstance(output, Configure):
            state = _configured(state, output, changes, queue)
        else:
            state = _stored(state, output, changes)
    return state


def _refuse(
    state: State, event: BadCallReceived, now: Instant, queue: deque[Event], effects: list[Effect], *_rest: object
) -> State:
    moment = state.moment
    ours = moment.link.connection == event.connection and moment.link.state == "up"
    if ours and moment.registration.standing != "Rejected":
        effects.append(SendError(event.connection, event.message_id, event.code, event.description))
    return state


def _could_not_store(
    state: State, event: CommitFailed, now: Instant, queue: deque[Event], effects: list[Effect], *_rest: object
) -> State:
    """The CALL at hand gets InternalError; what the event would have begun has not begun (§3.7)."""
    failed = event.event
    if isinstance(failed, CallReceived):
        effects.append(
            SendError(failed.connection, failed.message_id, "InternalError", "the station cannot store this now")
        )
    return state


_SPECIAL: Final[dict[type, Callable[..., State]]] = {
    DeadlinePassed: _fire,
    CallReceived: _operate,
    BadCallReceived: _refuse,
    CommitFailed: _could_not_store,
}
