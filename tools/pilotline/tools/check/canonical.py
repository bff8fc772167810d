"""One representative for all states that differ only in what nothing can tell apart.

Theory of operation: the types say what may be shifted, and this module reads them; there is no list of fields here.

- `Instant`: counted from now, so that now is 0. An instant of the past is a record of something that happened, never
  compared with another: all of the past is 0. What is left are deadlines, with the time that remains.
- `UtcTime`: the same, counted from the present UTC time.
- What is marked `Origin` is counted from now too, and the past stays as long ago as it was,
  until every schedule from there is over.
- `Stamp`: when something happened is content; what is left is whether it is dated, and whether in this boot.
- A number of a `Namespace`: its place among those of its namespace that are alive, so that the order stays; where all
  that counts is whether it is the present one, that is 1 and any other 0.
- `MessageId`: the open call's id is as good as any other that is not in use.
- Times in requests that wait: content, which no row reads.
- `Wh`: counted from the lowest register; the environment decides whether registers move at all.

Each of these is a reduction; `tests/tools/test_canonical.py` holds them against the search without them.
"""

import types
import typing
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace
from pydantic import BaseModel

from pilotline.core.calendar import EPOCH
from pilotline.core.machines.transaction import TRANSACTION_MACHINE
from pilotline.core.state import (
    BootNumber,
    Clock,
    ConnectionNumber,
    Counter,
    Forgettable,
    Instant,
    Memory,
    Moment,
    Namespace,
    Origin,
    Stamp,
    State,
    TimerKey,
    UtcTime,
)
from pilotline.tools.check.interned import ALL, IN_MEMORY, MASKS, PLACES, SLOTS, Interned, Node, mask_of
from pilotline.tools.check.remembered import Recalled
from pilotline.tools.check.shift import Numbers, Shift, living_of
from pilotline.tools.check.watched import Looked, looked_at

SCHEDULE_MAX_MS: Final = 2_000
"""No schedule of a scope is longer, nor recurs: what began before is as good as over."""
Value: TypeAlias = Any  # what a field holds; its declared type chose the function that takes it


Shifter: TypeAlias = Callable[[Value, Shift], Value]
Gatherer: TypeAlias = Callable[[Value, Numbers], None]


class Plan(NamedTuple):
    """How to shift and to gather the numbers of one declared type; None: it holds nothing of the kind."""

    shift: Shifter | None
    gather: Gatherer | None


NOTHING: Final = Plan(None, None)


@cache
def plan(declared: Value) -> Plan:
    """The plan of a declared type, made once."""
    if declared is Instant:
        return Plan(lambda value, shift: max(value - shift.now, 0), None)
    if declared is UtcTime:
        return Plan(lambda value, shift: max(value - shift.utc, 0) if shift.utc is not None else value, None)
    origin: Value = typing.get_origin(declared)
    if origin is Annotated:
        if any(isinstance(mark, Forgettable) for mark in declared.__metadata__):
            return Plan(lambda _value, _shift: None, None)
        if any(isinstance(mark, Origin) for mark in declared.__metadata__):
            return Plan(_origin, None)
        names = [mark for mark in declared.__metadata__ if isinstance(mark, Namespace)]
        return _numbered(names[0]) if names else plan(typing.get_args(declared)[0])
    if origin in (typing.Union, types.UnionType):
        return _union(tuple(arg for arg in typing.get_args(declared) if arg is not type(None)))
    if origin is tuple:
        return _tuple(typing.get_args(declared))
    if origin is Map:
        return _map(*typing.get_args(declared))
    if declared is Stamp:
        return Plan(_stamp, None)
    if declared is TimerKey:
        return Plan(_timer_key, None)
    if isinstance(declared, type) and issubclass(declared, Struct):
        return _struct(declared)
    return NOTHING


def _origin(value: Stamp | UtcTime | None, shift: Shift) -> Stamp | UtcTime | None:
    """How long ago it was; what is undated and of an earlier boot counts as from the beginning of this one."""
    if isinstance(value, Stamp):
        utc = None if value.utc is None else UtcTime(max(value.utc - (shift.utc or 0), -SCHEDULE_MAX_MS))
        since = value.at if shift.is_present("boot", value.boot) else 0  # or from the beginning of this boot
        at = Instant(max(since - shift.now, -SCHEDULE_MAX_MS) if utc is None else 0)
        return Stamp(Counter(1), at, utc)
    return None if value is None else UtcTime(max(value - (shift.utc or 0), -SCHEDULE_MAX_MS))


def _numbered(namespace: Namespace) -> Plan:
    name = namespace.name
    if name == "message id":
        return Plan(lambda value, _: value if value is None else "open", None)
    if namespace.present:
        return Plan(lambda value, shift: 1 if shift.is_present(name, value) else 0, None)

    def gather(value: int, numbers: Numbers) -> None:
        numbers[name].add(value)

    return Plan(lambda value, shift: shift.place(name, value), gather)


def _stamp(value: Stamp, shift: Shift) -> Stamp:
    """When something happened is content: what counts is whether it is dated, and whether in this boot."""
    this_boot = Counter(1 if shift.is_present("boot", value.boot) else 0)
    return Stamp(this_boot, Instant(0), None if value.utc is None else UtcTime(0))


def _timer_key(value: TimerKey, shift: Shift) -> TimerKey:
    """A timer of a transaction goes by the transaction's number."""
    if value.machine != TRANSACTION_MACHINE.name:
        return value
    return TimerKey(value.machine, value.timer, shift.place("transaction", typing.cast("int", value.key)))


def _union(members: tuple[Value, ...]) -> Plan:
    if all(isinstance(member, type) and issubclass(member, BaseModel) for member in members):
        return Plan(lambda value, _: _timeless(value), None)
    if len(members) == 1:
        inner = plan(members[0])
        shift, gather = inner
        return Plan(
            (lambda value, by: value if value is None else shift(value, by)) if shift else None,
            (lambda value, numbers: None if value is None else gather(value, numbers)) if gather else None,
        )
    shifts = {member: plan(member).shift for member in members}
    gathers = {member: plan(member).gather for member in members}

    def shift_any(value: Value, by: Shift) -> Value:
        chosen = shifts.get(type(value))
        return chosen(value, by) if chosen else value

    def gather_any(value: Value, numbers: Numbers) -> None:
        chosen = gathers.get(type(value))
        if chosen:
            chosen(value, numbers)

    return Plan(
        shift_any if any(shifts.values()) else None,
        gather_any if any(gathers.values()) else None,
    )


def _tuple(arguments: tuple[Value, ...]) -> Plan:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        shift, gather = plan(arguments[0])

        def gather_all(value: Value, numbers: Numbers) -> None:
            assert gather
            for item in value:
                gather(item, numbers)

        return Plan(
            (lambda value, by: tuple([shift(item, by) for item in value]) if value else value)
            if shift
            else None,
            gather_all if gather else None,
        )
    parts = [plan(argument) for argument in arguments]
    if not any(part.shift for part in parts):
        return NOTHING
    return Plan(
        lambda value, by: tuple(
            [part.shift(item, by) if part.shift else item for part, item in zip(parts, value, strict=True)]
        ),
        None,
    )


def _map(key: Value, item: Value) -> Plan:
    keys, items = plan(key), plan(item)
    if not keys.shift and not items.shift:
        return NOTHING

    def shift(value: Value, by: Shift) -> Value:
        if not value:
            return value
        return Map(
            [
                (keys.shift(k, by) if keys.shift else k, items.shift(v, by) if items.shift else v)
                for k, v in value.items()
            ]
        )

    def gather(value: Value, numbers: Numbers) -> None:
        for k, v in value.items():
            if keys.gather:
                keys.gather(k, numbers)
            if items.gather:
                items.gather(v, numbers)

    return Plan(shift, gather if keys.gather or items.gather else None)


def _struct(declared: type[Struct]) -> Plan:
    hints = typing.get_type_hints(declared, include_extras=True)
    plans = {name: plan(hints[name]) for name in declared.__struct_fields__}
    shifts = [(name, part.shift) for name, part in plans.items() if part.shift]
    gathers = [(name, part.gather) for name, part in plans.items() if part.gather]

    def shift(value: Value, by: Shift) -> Value:
        changed = {}
        for name, shifted in shifts:
            before = getattr(value, name)
            after = shifted(before, by)
            if after is not before and after != before:
                changed[name] = after
        return replace(value, **changed) if changed else value

    def gather(value: Value, numbers: Numbers) -> None:
        for name, gathered in gathers:
            gathered(getattr(value, name), numbers)

    return Plan(shift if shifts else None, gather if gathers else None)


def _timeless(request: Value) -> Value:
    """A request that waits, without its time: no row reads it."""
    if getattr(request, "timestamp", None) not in (None, EPOCH):
        return request.model_copy(update={"timestamp": EPOCH})
    return request


# --- the state -----------------------------------------------------------------------------------------------


class _Shifted(NamedTuple):
    """What one shift does."""

    shift: Shift
    parts: tuple[tuple[int, dict[Node, Node]], ...]
    """The slots that it may change: place, and by what it holds, the bits that change."""
    moving: int
    """Those of them to be looked at although nothing was written to them."""
    work: dict[int, tuple[tuple[tuple[int, dict[Node, Node]], ...], Looked]]
    """By what is to be looked at, those of the parts, and what then decides the representative."""


class Canonical:
    """Finds the representative of a node. What it did to a slot once it remembers: slots repeat, states do not.

    ``forget`` says, by slot of the Moment, what a search leaves of it.
    """

    def __init__(
        self, interned: Interned, forget: Mapping[str, Callable[[Value], Value]] = MappingProxyType({})
    ) -> None:
        self._interned = interned
        self._parts = {
            place: _forgetting(plan.shift, forget.get(SLOTS[place]))
            for place, plan in _PLANS.items()
            if plan.shift
        }
        self._known: defaultdict[int, dict[Node, _Shifted]] = defaultdict(dict)
        self._by_shift: dict[Shift, _Shifted] = {}
        self._changes: defaultdict[int, dict[int, Recalled[Node]]] = defaultdict(dict)

    def __call__(self, node: Node, now: int, written: int = ALL) -> Node:
        """The representative of ``node`` at instant ``now``. ``written``: the slots in which it is not what a
        representative holds.
        """
        return node ^ self.change(now, written)(node)

    def change(self, now: int, written: int) -> Recalled[Node]:
        """The same as the bits in which the representative is another."""
        change = self._changes[now].get(written)
        if change is None:
            change = self._changes[now][written] = Recalled(lambda node: self._change(node, now, written))
        return change

    def _change(self, node: Node, now: int, written: int) -> tuple[Node, Looked]:
        decides = node & _DECIDES_SHIFT.mask
        known = self._known[now].get(decides)
        if known is None:
            known = self._known[now][decides] = self._found(node, now)
        shift, parts, moving, works = known
        at = ALL if written & _CLOCK_MASK else written | moving
        if at not in works:
            parts = tuple([part for part in parts if MASKS[part[0]] & at])
            works[at] = (
                parts,
                looked_at(dict.fromkeys((*_DECIDES_SHIFT.places, *[part[0] for part in parts]))),
            )
        work, looked = works[at]
        change = 0
        for place, memo in work:
            held = node & MASKS[place]
            if held not in memo:
                memo[held] = held ^ self._shifted(place, node, shift)
            change |= memo[held]
        return change, looked

    def of(self, state: State, now: int) -> State:
        """The representative of a state, as a state."""
        return self._interned.state(self(self._interned.node(state), now))

    def _shifted(self, place: int, node: Node, shift: Shift) -> Node:
        return self._interned.bits(place, self._parts[place](self._interned.value(place, node), shift))

    def _found(self, node: Node, now: int) -> _Shifted:
        state = self._interned.state(node)
        epoch = state.moment.clock.epoch
        living: Numbers = defaultdict(set)
        for place, part in _PLANS.items():
            if part.gather:
                part.gather(self._interned.value(place, node), living)
        shift = Shift(
            now,
            None if epoch is None else epoch + now,
            living_of(living),
            tuple([(name, value_of(state)) for name, value_of in _PRESENT]),
        )
        known = self._by_shift.get(shift)
        if known is None:
            known = _Shifted(shift, tuple([(place, {}) for place in self._parts]), _moved(shift), {})
            self._by_shift[shift] = known
        return known


def _forgetting(shift: Shifter, forget: Callable[[Value], Value] | None) -> Shifter:
    return shift if forget is None else lambda value, by: shift(forget(value), by)


def _declared(place: int) -> Value:
    declared = Memory if place < IN_MEMORY else Moment
    return typing.get_type_hints(declared, include_extras=True)[SLOTS[place]]


_CLOCK: Final = PLACES["clock"]
_CLOCK_MASK: Final = MASKS[_CLOCK]
_PLACES: Final = range(len(SLOTS))
_PRESENT_AT: Final = {
    mark.name: mark.present
    for alias in (BootNumber, ConnectionNumber)
    for mark in typing.get_args(alias)
    if isinstance(mark, Namespace) and mark.present
}
_PRESENT: Final = tuple((name, attrgetter(path)) for name, path in _PRESENT_AT.items())


def _clock(value: Clock, _shift: Shift) -> Clock:
    """What the clock says now is UTC 0."""
    return value if value.epoch is None else Clock("known", UtcTime(0))


def _namespaces(declared: Value) -> Iterator[str]:
    """The namespaces whose numbers a declared type holds."""
    origin: object = typing.get_origin(declared)
    if origin is Annotated:
        yield from (mark.name for mark in declared.__metadata__ if isinstance(mark, Namespace))
    if declared is TimerKey:
        yield "transaction"
    if isinstance(declared, type) and issubclass(declared, Struct):
        for hint in typing.get_type_hints(declared, include_extras=True).values():
            yield from _namespaces(hint)
    for part in typing.get_args(declared):
        yield from _namespaces(part)


_PLANS: Final = {place: plan(_declared(place)) for place in _PLACES} | {_CLOCK: Plan(_clock, None)}
_HOLDERS: Final = {place: frozenset(_namespaces(_declared(place))) for place in _PLACES}
_DECIDES_SHIFT: Final = looked_at(
    {place for place in _PLACES if _PLANS[place].gather}
    | {_CLOCK, *(PLACES[path.split(".")[1]] for path in _PRESENT_AT.values())}
)


def _is_timed(declared: Value) -> bool:
    """Whether a declared type holds a time that is counted from now."""
    if declared in (Instant, UtcTime):
        return True
    origin: Value = typing.get_origin(declared)
    if origin is Annotated:
        marks = declared.__metadata__
        if any(isinstance(mark, Origin) for mark in marks):
            return True
        return not any(isinstance(mark, Forgettable) for mark in marks) and _is_timed(
            typing.get_args(declared)[0]
        )
    if isinstance(declared, type) and issubclass(declared, Struct) and declared is not Stamp:
        return any(map(_is_timed, typing.get_type_hints(declared, include_extras=True).values()))
    return any(map(_is_timed, typing.get_args(declared)))


_TIMED: Final = mask_of(place for place in _PLACES if _is_timed(_declared(place)))


def _moved(shift: Shift) -> int:
    """The slots that are to be looked at although nothing was written to them: those that hold times, if time passed,
    and those that hold numbers which move.
    """
    moving = {name for name, lowest, missing in shift.living if lowest or missing}
    moving |= {name for name, number in shift.present if number != 1}
    held = mask_of(place for place, namespaces in _HOLDERS.items() if not moving.isdisjoint(namespaces))
    return held | (_TIMED if shift.now or shift.utc else 0)


def namespaces_of(place: int) -> frozenset[str]:
    """The namespaces whose numbers a slot holds: what its values become depends on what is alive in them."""
    return _HOLDERS[place]


def living_in(place: int, value: Value) -> Mapping[str, set[int]]:
    """By namespace, the numbers that a slot's value keeps alive."""
    living: Numbers = defaultdict(set)
    gather = _PLANS[place].gather
    if gather:
        gather(value, living)
    return living
