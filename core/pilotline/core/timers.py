"""Deadlines are data: a map in the Moment, its minimum, and the one event that turns the earliest into its own."""

from typing import Final

from pilotline.core.declared import MACHINES
from pilotline.core.draft import Draft
from pilotline.core.machines.storage import RETRY_MS
from pilotline.core.state import Instant, State, TimerKey

_DECLARED: Final = {
    (machine.name, timer.name): (machine, timer) for machine in MACHINES for timer in machine.timers
}
_PLACES: Final = {name: place for place, name in enumerate(_DECLARED)}


def next_deadline(state: State) -> Instant | None:
    """When `DeadlinePassed` is due, in ms of the monotonic clock; None: nothing is awaited.

    Dates are mapped through the wall clock, and sleep while there is none.
    """
    earliest = _earliest(state)
    return None if earliest is None else earliest[0]


def fire(draft: Draft, _event: object) -> None:
    """Turn the earliest timer that is due into its event; none is due: nothing happens."""
    earliest = _earliest(draft.state)
    if earliest is None or earliest[0] > draft.now:
        return
    armed = earliest[1]
    machine, timer = _DECLARED[armed.machine, armed.timer]
    named = () if machine.family.key_field is None else (armed.key,)
    on_time = (earliest[0],) if "due" in timer.event.__struct_fields__ else ()
    draft.queue.append(timer.event(*named, *on_time))
    draft.disarm(armed)


def postpone(draft: Draft) -> None:
    """The earliest timer, which is still due, comes again when there may be room to store what it leads to."""
    earliest = _earliest(draft.state)
    if earliest is not None:
        draft.disarm(earliest[1])
        draft.arm(earliest[1], Instant(draft.now + RETRY_MS))


def _earliest(state: State) -> tuple[Instant, TimerKey] | None:
    """The timer that comes first; of several at one instant, the one declared first."""
    moment = state.moment
    due = list(moment.timers.items())
    epoch = moment.clock.epoch
    if epoch is not None and moment.dates:
        due.extend((timer, Instant(at - epoch)) for timer, at in moment.dates.items())
    if not due:
        return None
    earliest = min([at for _, at in due])
    return earliest, min([timer for timer, at in due if at == earliest], key=_place)


def _place(timer: TimerKey) -> tuple[int, str]:
    return _PLACES[timer.machine, timer.timer], repr(timer.key)
