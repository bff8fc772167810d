"""Who listens to what: the declared machines, looked up once so that a step need not."""

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, Final, NamedTuple

from pilotline.core.declared import MACHINES
from pilotline.core.state import State
from pilotline.core.statechart import Binding, Machine, slice_function

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


class Subscription(NamedTuple):
    """What one machine does with one event, looked up once."""

    machine: Machine[Any, Any]
    records: Callable[[State], Any]
    instances: Instances
    cells: dict[str, tuple[Binding[Any, Any], ...]]
    slice: Callable[[State, Any], Any]


def _subscribed(machine: Machine[Any, Any], event: type[Any]) -> Subscription:
    fields, key_field = event.__struct_fields__, machine.family.key_field
    if "by" in fields:
        instances = _asker(machine)
    elif key_field in fields:
        instances = _named(machine, key_field or "")
    else:
        instances = _all_of(machine.family.name)
    records = attrgetter(f"{machine.home}.{machine.slot}")
    return Subscription(machine, records, instances, machine.cells[event], SLICES[machine.name])


SLICES: Final = {machine.name: slice_function(machine.reads) for machine in MACHINES}
BY_EVENT: Final[dict[type, tuple[Subscription, ...]]] = {
    event: tuple(_subscribed(machine, event) for machine in MACHINES if event in machine.cells)
    for event in {event for machine in MACHINES for event in machine.alphabet}
}
