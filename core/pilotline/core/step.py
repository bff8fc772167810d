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
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import answering, levels, timers
from pilotline.core.boot import fresh_moment, initial_memory, with_known_cause
from pilotline.core.draft import Draft, Taken
from pilotline.core.effects import Change, Effect
from pilotline.core.events import (
    BadCallReceived,
    CallReceived,
    CommitFailed,
    DeadlinePassed,
    Event,
    External,
    Internal,
    PoweredUp,
    Restored,
)
from pilotline.core.state import Instant, Memory, State, TimerKey
from pilotline.core.statechart import Binding, Machine
from pilotline.core.subscriptions import listeners
from pilotline.core.timers import next_deadline

__all__ = ["Reaction", "Step", "Taken", "begin", "next_deadline", "play", "react", "settle", "step"]

ROUNDS_MAX: Final = 1000  # a step that goes on for longer is a bug, not a workload


class Step(Struct, frozen=True):
    """What a step decided. Commit `changes`, then hand over `effects`; those that make safe go first."""

    state: State
    effects: tuple[Effect, ...]
    changes: tuple[Change, ...]
    trace: tuple[Taken, ...]


def step(state: State | Memory | None, event: External, now: Instant, reacts: "Reacts | None" = None) -> Step:
    """One event in; what it decides out.

    `state` is the station's state; for `PoweredUp` only its Memory counts, and there may be none yet.
    `now` is the monotonic clock in ms. The Central System's mistakes become effects; nothing is raised.
    `reacts` is what looks on in the place of `react`.
    """
    draft = begin(state, event, now)
    settle(draft.queue, lambda raised: play(draft, raised, reacts or react))
    before = state if isinstance(state, State) and not isinstance(event, PoweredUp) else None
    draft.effects.extend(levels.commands(before, draft.state, draft.touched))
    return Step(draft.state, tuple(draft.effects), tuple(draft.changes), tuple(draft.trace))


def begin(state: State | Memory | None, event: External, now: Instant) -> Draft:
    """A step before its first round: what there is to look at, and the event that opens it."""
    if not isinstance(event, PoweredUp):
        assert isinstance(state, State), "a station that is off hears nothing but PoweredUp"  # noqa: S101
        return Draft(state, now, event)
    memory, stored = initial_memory(state.memory if isinstance(state, State) else state, event)
    event = with_known_cause(memory, event)
    draft = Draft(State(event.product, memory, fresh_moment(memory, event)), now, event, Restored())
    draft.changes.extend(stored)
    return draft


Raised = TypeVar("Raised")


def settle(queue: deque[Raised], play_one: Callable[[Raised], object]) -> None:
    """Raised events form one first-in-first-out queue; each is a round, until nothing is raised any more."""
    for _ in range(ROUNDS_MAX):
        if not queue:
            return
        play_one(queue.popleft())
    raise AssertionError("the rounds do not end")


class Reaction(NamedTuple):
    """What one instance decided on one event: its new record and what it hands out. It follows from what its machine
    declares to read, from the event and from the time alone.
    """

    machine: Machine[Any, Any]
    key: object
    taken: Taken
    record: Any
    """The new record; None: the instance stays as it is."""
    disarmed: tuple[TimerKey, ...]
    """Timers that may not run in the state it has come to."""
    outputs: tuple[Any, ...]
    """Effects, events it raises, and orders to the reducer, in order."""


Reacts: TypeAlias = Callable[[State, Event, Instant], tuple[Reaction, ...]]


def react(state: State, event: Event, now: Instant) -> tuple[Reaction, ...]:
    """Every machine that listens picks at most one binding against the same state, in declared order."""
    reactions: list[Reaction] = []
    for machine, meant, cells, slice_of in listeners(event):
        for key, own in meant(state, event):
            cell = cells[own.state]
            if cell:
                reads = slice_of(state, key)
                for binding in cell:
                    for guard in binding.guards:
                        if not guard(own, reads, event):
                            break
                    else:
                        reactions.append(reaction(machine, key, own, reads, binding, event, now))
                        break
    return tuple(reactions)


def reaction(
    machine: Machine[Any, Any],
    key: object,
    own: Any,
    reads: Any,
    binding: Binding[Any, Any],
    event: Event,
    now: Instant,
) -> Reaction:
    record = own
    outputs: tuple[Any, ...] = ()
    if binding.action is not None:
        record = binding.action(own, reads, event, now)
        if type(record) is tuple:
            record, outputs = record
    target = binding.target
    disarmed: tuple[TimerKey, ...] = ()
    if target is not None and record.state != target:
        record = replace(record, state=target)
    if target is not None and target != own.state and machine.stopped_in[target]:
        disarmed = tuple([TimerKey(machine.name, timer, key) for timer in machine.stopped_in[target]])
    if record is own or record == own:
        record = None
    return Reaction(machine, key, Taken(machine.name, key, binding.name), record, disarmed, outputs)


def play(draft: Draft, event: Event, reacts: "Reacts") -> None:
    """One round: what the reducer does itself; then what every machine that listens decides, in declared order."""
    by_itself = _BY_ITSELF.get(type(event))
    if by_itself is not None:
        by_itself(draft, event)
        draft.end_round()
    reactions = reacts(draft.state, event, draft.now)
    if reactions:
        for reaction in reactions:
            apply(draft, reaction)
        draft.end_round()


def apply(draft: Draft, reaction: Reaction) -> None:
    """Put what an instance decided into the draft."""
    machine, key, taken, record, disarmed, outputs = reaction
    draft.trace.append(taken)
    if record is not None:
        draft.set_record(machine, key, record)
    for timer in disarmed:  # leaving the states a timer may run in disarms it
        draft.disarm(timer)
    for output in outputs:
        kind = type(output)
        if kind in _EFFECTS:
            draft.effects.append(output)
        elif kind in _EVENTS:
            draft.queue.append(output)
        else:
            draft.obey(machine, key, output)


def _leaves(kind: type) -> set[type]:
    children: list[type] = type.__subclasses__(kind)
    return set().union(*map(_leaves, children)) if children else {kind}


_EFFECTS: Final = frozenset(_leaves(Effect))
_EVENTS: Final = frozenset(_leaves(Internal) | _leaves(External))

# What the reducer does itself, before any machine.
_BY_ITSELF: Final[dict[type, Callable[[Draft, Any], None]]] = {
    DeadlinePassed: timers.fire,
    CallReceived: answering.answer,
    BadCallReceived: answering.refuse,
    CommitFailed: answering.could_not_store,
}
