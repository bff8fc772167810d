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

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import answering, levels, timers
from pilotline.core.boot import fresh_moment, initial_memory
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
from pilotline.core.subscriptions import BY_EVENT
from pilotline.core.timers import next_deadline

__all__ = ["Step", "Taken", "next_deadline", "step"]

ROUNDS_MAX: Final = 1000  # a step that goes on for longer is a bug, not a workload


class Step(Struct, frozen=True):
    """What a step decided. Commit `changes`, then hand over `effects`; those that make safe go first."""

    state: State
    effects: tuple[Effect, ...]
    changes: tuple[Change, ...]
    trace: tuple[Taken, ...]


def step(state: State | Memory | None, event: External, now: Instant) -> Step:
    """One event in; what it decides out.

    `state` is the station's state; for `PoweredUp` only its Memory counts, and there may be none yet.
    `now` is the monotonic clock in ms. The Central System's mistakes become effects; nothing is raised.
    """
    before: State | None = None
    if isinstance(event, PoweredUp):
        memory, stored = initial_memory(state.memory if isinstance(state, State) else state, event)
        booted = State(event.product, memory, fresh_moment(memory, event))
        draft = Draft(booted, now, event, Restored())
        draft.changes.extend(stored)
    else:
        assert isinstance(state, State), "a station that is off hears nothing but PoweredUp"  # noqa: S101
        before = state
        draft = Draft(state, now, event)
    for _ in range(ROUNDS_MAX):
        if not draft.queue:
            break
        _round(draft, draft.queue.popleft())
    assert not draft.queue, f"{type(event).__name__}: the rounds do not end"  # noqa: S101
    draft.effects.extend(levels.commands(before, draft.state, draft.touched))
    return Step(draft.state, tuple(draft.effects), tuple(draft.changes), tuple(draft.trace))


_Picked: TypeAlias = tuple[Machine[Any, Any], Any, Any, Any, Binding[Any, Any]]


def _round(draft: Draft, event: Event) -> None:
    """Every machine that listens picks at most one binding; then they act, in declared order."""
    by_itself = _BY_ITSELF.get(type(event))
    if by_itself is not None:
        by_itself(draft, event)
        draft.end_round()
    state = draft.state
    picked: list[_Picked] = []  # a binding that will act, and what it saw
    for machine, key_of, own_of, all_of, cells, slice_of in BY_EVENT.get(type(event), ()):
        if key_of is None:
            meant = all_of(state)
        else:
            named = key_of(event)
            record = own_of(state, named)
            if record is None or not cells[record.state]:
                continue
            meant = ((named, record),)
        for key, own in meant:
            cell = cells[own.state]
            if cell:
                reads = slice_of(state, key)
                for binding in cell:
                    for guard in binding.guards:
                        if not guard(own, reads, event):
                            break
                    else:
                        picked.append((machine, key, own, reads, binding))
                        break
    for machine, key, own, reads, binding in picked:
        _act(draft, event, machine, key, own, reads, binding)
    draft.end_round()


def _act(
    draft: Draft,
    event: Event,
    machine: Machine[Any, Any],
    key: object,
    own: Any,
    reads: Any,
    binding: Binding[Any, Any],
) -> None:
    draft.trace.append(Taken(machine.name, key, binding.name))
    record = own
    outputs: tuple[Any, ...] = ()
    if binding.action is not None:
        record = binding.action(own, reads, event, draft.now)
        if type(record) is tuple:
            record, outputs = record
    target = binding.target
    if target is not None and record.state != target:
        record = replace(record, state=target)
    if record is not own and record != own:
        draft.set_record(machine, key, record)
    if target is not None and target != own.state:
        for timer in machine.timers:  # leaving the states a timer may run in disarms it
            if target not in timer.runs_in:
                draft.disarm(TimerKey(machine.name, timer.name, key))
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
