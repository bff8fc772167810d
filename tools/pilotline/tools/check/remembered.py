"""What machines decided before: a reaction follows from what its machine declares to read, so it is decided once.

Theory of operation: what all listening machines decide on an event is a function of the event, the time, and the slots
of the state that they own or declare to read. A search meets the same few values of those slots again and again,
in ever new states. It is held against the search without it (tests). The product must not change during a search.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from pilotline.core.events import Event
from pilotline.core.state import Instant, Memory, State
from pilotline.core.step import Reaction, react
from pilotline.core.subscriptions import BY_EVENT


def _footprint(event: type) -> list[str]:
    """Where in the state the machines that listen to this event look."""
    slots: set[str] = set()
    for subscription in BY_EVENT[event]:
        slots.add(subscription.machine.slot)
        for source in subscription.machine.sources.values():
            if source.kind in ("machine", "machines", "collection"):
                slots.add(source.name)
            elif source.kind == "key":
                slots.add("configuration")
    return [f"{'memory' if slot in Memory.__struct_fields__ else 'moment'}.{slot}" for slot in sorted(slots)]


_FOOTPRINTS: Final[dict[type, Callable[[State], Any]]] = {
    event: attrgetter(*_footprint(event)) for event in BY_EVENT
}


class Remembered:
    """`react`, and what it came to before."""

    def __init__(self) -> None:
        self._known: dict[type, dict[Any, tuple[Reaction, ...]]] = {event: {} for event in BY_EVENT}

    def __call__(self, state: State, event: Event, now: Instant) -> tuple[Reaction, ...]:
        """What every machine decides on this event."""
        footprint = _FOOTPRINTS.get(type(event))
        if footprint is None:
            return ()
        known, seen = self._known[type(event)], (event, now, footprint(state))
        reactions = known.get(seen)
        if reactions is None:
            reactions = known[seen] = react(state, event, now)
        return reactions
