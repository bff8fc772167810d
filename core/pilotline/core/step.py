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
from operator import attrgetter
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
from pilotline.core.state import Answered, Instant, Memory, State, TimerKey
from pilotline.core.statechart import Binding, DecisionTable, Machine, slice_function
from pilotline.spec.configuration_keys import Refusal, canonical_text

STORE_RETRY_MS: Final = 1000  # a timer whose outcome could not be stored comes again after this
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


class _Picked(NamedTuple):
    """A binding that will act, and what it saw."""

    machine: Machine[Any, Any]
    key: object
    own: Any
    reads: Any
    binding: Binding[Any, Any]


# --- the tables, compiled ------------------------------------------------------------------------------------

Instances = Callable[
    [Any, Any], Iterable[tuple[Any, Any]]
]  # (records, event) -> (key, own record), ascending


def _all_of(family: str) -> Instances:
    """Every instance, for an event that names none."""
    match family:
        case "station":
            return lambda records, _: ((None, records),)
        case "main controller":
            return lambda records, _: ((0, records[0]),)
        case "point":
            return lambda records, _: enumerate(records)
        case "connector" | "reader":
            return lambda records, _: tuple(enumerate(records))[1:]
        case _:
            return lambda records, _: sorted(records.items(), key=_by_key)


def _by_key(item: tuple[Any, Any]) -> str | int:
    return item[0] if isinstance(item[0], int) else repr(item[0])


def _named(machine: Machine[Any, Any], field: str) -> Instances:
    """The one instance an event names by this field. In a map, one that is not there yet is blank: it may be born."""
    name = attrgetter(field)
    first, last = _RANGES.get(machine.family.name, (0, 0))

    def instance(records: Any, event: Any) -> Iterable[tuple[Any, Any]]:
        key = name(event)
        if type(records) is tuple:
            return ((key, records[key]),) if first <= key < (last or len(records)) else ()
        return () if key is None else ((key, records.get(key, machine.blank)),)

    return instance


_RANGES: Final = {"connector": (1, 0), "reader": (1, 0), "point": (0, 0), "main controller": (0, 1)}


def _asker(machine: Machine[Any, Any]) -> Instances:
    """The instance whose request ended, if it is one of this machine's."""

    def instance(records: Any, event: Any) -> Iterable[tuple[Any, Any]]:
        if event.by.machine != machine.name:
            return ()
        key = event.by.key
        if key is None:
            return ((None, records),)
        return ((key, records[key] if type(records) is tuple else records.get(key, machine.blank)),)

    return instance


class _Subscription(NamedTuple):
    """What one machine does with one event, looked up once."""

    machine: Machine[Any, Any]
    records: Callable[[State], Any]
    instances: Instances
    cells: dict[str, tuple[Binding[Any, Any], ...]]
    slice: Callable[[State, Any], Any]


def _subscribed(machine: Machine[Any, Any], event: type[Any]) -> _Subscription:
    fields, key_field = event.__struct_fields__, machine.family.key_field
    if "by" in fields:
        instances = _asker(machine)
    elif key_field in fields:
        instances = _named(machine, key_field or "")
    else:
        instances = _all_of(machine.family.name)
    records = attrgetter(f"{machine.home}.{machine.slot}")
    return _Subscription(machine, records, instances, machine.cells[event], _SLICES[machine.name])


_SLICES: Final = {machine.name: slice_function(machine.reads) for machine in MACHINES}
_BY_EVENT: Final[dict[type, tuple[_Subscription, ...]]] = {
    event: tuple(_subscribed(machine, event) for machine in MACHINES if event in machine.cells)
    for event in {event for machine in MACHINES for event in machine.alphabet}
}
_TIMERS: Final = {
    (machine.name, timer.name): (machine, timer) for machine in MACHINES for timer in machine.timers
}
_TIMER_PLACES: Final = {name: place for place, name in enumerate(_TIMERS)}
_OPERATIONS: Final[dict[type, tuple[DecisionTable[Any, Any], Callable[[State, Any], Any]]]] = {
    table.request: (table, slice_function(table.reads)) for table in OPERATIONS
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
            (Instant(at - epoch), _timer_place(timer), repr(timer.key), timer)
            for timer, at in moment.dates.items()
        )
    if not due:
        return None
    first = min(due)
    return first[0], first[3]


def _timer_place(timer: TimerKey) -> int:
    return _TIMER_PLACES[timer.machine, timer.timer]


def _leaves(kind: type) -> set[type]:
    children: list[type] = type.__subclasses__(kind)
    return set().union(*map(_leaves, children)) if children else {kind}


_EFFECTS: Final = frozenset(_leaves(Effect))
_EVENTS: Final = frozenset(_leaves(Internal) | _leaves(External))


def _round(
    state: State,
    event: Event,
    now: Instant,
    queue: deque[Event],
    effects: list[Effect],
    changes: list[Change],
    trace: list[Taken],
) -> State:
    special = _SPECIAL.get(type(event))
    if special is not None:
        return special(state, event, now, queue, effects, changes, trace)
    picked: list[_Picked] = []
    for machine, records, instances, cells, slice_of in _BY_EVENT.get(type(event), ()):
        for key, own in instances(records(state), event):
            cell = cells[own.state]
            if cell:
                reads = slice_of(state, key)
                for binding in cell:
                    for guard in binding.guards:
                        if not guard(own, reads, event):
                            break
                    else:
                        picked.append(_Picked(machine, key, own, reads, binding))
                        break
    return _act(state, event, now, picked, queue, effects, changes, trace) if picked else state


def _act(
    state: State,
    event: Event,
    now: Instant,
    picked: list[_Picked],
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
            kind = type(output)
            if kind in _EFFECTS:
                effects.append(output)
            elif kind in _EVENTS:
                queue.append(output)
            else:
                state = _ordered(state, machine, key, output, changes, queue)
    return state


# --- orders --------------------------------------------------------------------------------------------------


def _replaced(
    state: State, machine: Machine[Any, Any], key: Any, record: Any, changes: list[Change]
) -> State:
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
    state: State,
    machine: Machine[Any, Any],
    key: object,
    order: Any,
    changes: list[Change],
    queue: deque[Event],
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


def _fire(state: State, event: DeadlinePassed, now: Instant, queue: deque[Event], *_rest: object) -> State:
    """Turn the earliest timer that is due into its event; none is due: nothing happens."""
    earliest = _earliest(state)
    if earliest is None or earliest[0] > now:
        return state
    armed = earliest[1]
    machine, timer = _TIMERS[armed.machine, armed.timer]
    queue.append(timer.event() if machine.family.key_field is None else timer.event(armed.key))
    return _without_timer(state, armed)


def _operate(
    state: State,
    event: CallReceived,
    now: Instant,
    queue: deque[Event],
    effects: list[Effect],
    changes: list[Change],
    trace: list[Taken],
) -> State:
    """Answer a CALL by its decision table; a Rejected station answers nothing (§4.2).

    The id of the last CALL again is a repeat, for only a retry may carry an old id (OCPP-J errata 3.1): it gets the
    same answer, and nothing is done twice.
    """
    moment = state.moment
    if moment.link.connection != event.connection or moment.link.state != "up":
        return state
    if moment.registration.standing == "Rejected":
        return state
    answered = moment.answered
    if answered is not None and (answered.connection, answered.message_id) == (
        event.connection,
        event.message_id,
    ):
        effects.append(SendResult(event.connection, event.message_id, answered.confirmation))
        return state
    operation = _OPERATIONS.get(type(event.request))
    if operation is None:
        effects.append(
            SendError(
                event.connection, event.message_id, "NotSupported", "this station does not offer the action"
            )
        )
        return state
    table, slice_of = operation
    reads = slice_of(state, None)
    row = table.pick(reads, event.request)
    trace.append(Taken(table.name, None, row.name))
    outcome = row.answer(reads, event.request)
    confirmation, outputs = outcome if type(outcome) is tuple else (outcome, ())
    effects.append(SendResult(event.connection, event.message_id, confirmation))
    answered = Answered(event.connection, event.message_id, confirmation)
    state = State(state.product, state.memory, replace(moment, answered=answered))
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
    state: State,
    event: BadCallReceived,
    now: Instant,
    queue: deque[Event],
    effects: list[Effect],
    *_rest: object,
) -> State:
    moment = state.moment
    ours = moment.link.connection == event.connection and moment.link.state == "up"
    if ours and moment.registration.standing != "Rejected":
        effects.append(SendError(event.connection, event.message_id, event.code, event.description))
    return state


def _could_not_store(
    state: State,
    event: CommitFailed,
    now: Instant,
    queue: deque[Event],
    effects: list[Effect],
    *_rest: object,
) -> State:
    """The CALL at hand gets InternalError; what the event would have begun has not begun (§3.7)."""
    failed = event.event
    earliest = _earliest(state)
    if isinstance(failed, DeadlinePassed) and earliest is not None:
        timer = earliest[1]  # still due: it comes again, when there may be room
        state = _without_timer(state, timer)
        timers = state.moment.timers.set(timer, Instant(now + STORE_RETRY_MS))
        return State(state.product, state.memory, replace(state.moment, timers=timers))
    if isinstance(failed, CallReceived):
        effects.append(
            SendError(
                failed.connection, failed.message_id, "InternalError", "the station cannot store this now"
            )
        )
    return state


_SPECIAL: Final[dict[type, Callable[..., State]]] = {
    DeadlinePassed: _fire,
    CallReceived: _operate,
    BadCallReceived: _refuse,
    CommitFailed: _could_not_store,
}
