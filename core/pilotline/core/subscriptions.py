"""Who listens to what: the declared machines, looked up once so that a step need not."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Final, NamedTuple

from pilotline.core.declared import MACHINES
from pilotline.core.reading import slice_function
from pilotline.core.state import State
from pilotline.core.statechart import Binding, Machine

KeyOf = Callable[[Any], Any]  # the key of the instance that an event names
Meant = Callable[[State, Any], Iterable[tuple[Any, Any]]]


class Subscription(NamedTuple):
    """What one machine does with one event."""

    machine: Machine[Any, Any]
    meant: Meant
    """Every instance that the event is for, with its key, ascending; one that names none is for all."""
    cells: dict[str, tuple[Binding[Any, Any], ...]]
    slice: Callable[[State, Any], Any]


def _subscribed(machine: Machine[Any, Any], event: type[Any]) -> Subscription:
    fields, key_field = event.__struct_fields__, machine.family.key_field
    if "by" in fields:
        meant = _named(machine, _asked_by(machine.name))
    elif key_field in fields:
        meant = _named(machine, attrgetter(key_field or ""))
    else:
        meant = _all(machine)
    return Subscription(machine, meant, machine.cells[event], _SLICES[machine.name])


NOBODY: Final = "nobody"
"""The key of a request's end that is for another machine."""


def _asked_by(name: str) -> KeyOf:
    """The end of a request is for the instance that asked."""

    def key_of(event: Any) -> Any:
        by = event.by
        return by.key if by.machine == name else NOBODY

    return key_of


def _named(machine: Machine[Any, Any], key_of: KeyOf) -> Meant:
    """The instance under the event's key. In a map, one that is not there yet is blank: it may be born."""
    records, blank = attrgetter(f"{machine.home}.{machine.slot}"), machine.blank
    match machine.family.name:
        case "station":
            return lambda state, event: () if key_of(event) == NOBODY else ((None, records(state)),)
        case "main controller":
            return lambda state, event: ((0, records(state)[0]),) if key_of(event) == 0 else ()
        case "point" | "connector" | "reader" as family:
            first = 0 if family == "point" else 1

            def in_a_tuple(state: State, event: Any) -> Iterable[tuple[Any, Any]]:
                key, held = key_of(event), records(state)
                return ((key, held[key]),) if key is not NOBODY and first <= key < len(held) else ()

            return in_a_tuple
        case _:

            def in_a_map(state: State, event: Any) -> Iterable[tuple[Any, Any]]:
                key = key_of(event)
                return () if key in (None, NOBODY) else ((key, records(state).get(key, blank)),)

            return in_a_map


def _all(machine: Machine[Any, Any]) -> Meant:
    records = attrgetter(f"{machine.home}.{machine.slot}")
    match machine.family.name:
        case "station":
            return lambda state, _event: ((None, records(state)),)
        case "main controller":
            return lambda state, _event: ((0, records(state)[0]),)
        case "point":
            return lambda state, _event: enumerate(records(state))
        case "connector" | "reader":
            return lambda state, _event: tuple(enumerate(records(state)))[1:]
        case _:
            return lambda state, _event: sorted(records(state).items(), key=_by_key)


def _by_key(item: tuple[Any, Any]) -> str:
    """Numbers by value, all else as it is written."""
    return f"{item[0]:020d}" if isinstance(item[0], int) else repr(item[0])


_SLICES: Final = {machine.name: slice_function(machine.reads) for machine in MACHINES}
BY_EVENT: Final[dict[type, tuple[Subscription, ...]]] = {
    event: tuple(_subscribed(machine, event) for machine in MACHINES if event in machine.cells)
    for event in {event for machine in MACHINES for event in machine.alphabet}
}
_BY_ASKER: Final = {
    event: {subscription.machine.name: (subscription,) for subscription in subscriptions}
    for event, subscriptions in BY_EVENT.items()
    if "by" in getattr(event, "__struct_fields__", ())
}


def listeners(event: Any) -> tuple[Subscription, ...]:
    """Who listens to an event: to the end of a request, only the machine that asked."""
    kind = type(event)
    if kind in _BY_ASKER:
        return _BY_ASKER[kind].get(event.by.machine, ())
    return BY_EVENT.get(kind, ())
