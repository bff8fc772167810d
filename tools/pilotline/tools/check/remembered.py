"""What a pure function of the state came to before, by what it looked at.

Theory of operation: the state is handed over in a form that notes which of its slots are read, in order. What the
function does next follows from what it has read so far; so wherever those slots hold the same, it reads the same and
comes to the same, whatever the other slots hold. What is known is kept as a tree: a fork names slots, a way out of
it what they held, and at its end stands the result. Nobody declares what a function reads, so nobody can forget to.

It is held against the search without it (tests/tools/test_canonical.py).
"""

from collections.abc import Callable
from itertools import takewhile
from operator import eq, itemgetter
from typing import Any, Final, Generic, TypeVar

from msgspec.structs import astuple
from typing_extensions import override

from pilotline.core.events import Event
from pilotline.core.state import Instant, Memory, Moment, State
from pilotline.core.step import Reaction, react
from pilotline.core.subscriptions import BY_EVENT
from pilotline.tools.check.interned import PLACES, Interned, Node

Result = TypeVar("Result")

_READ: Final[dict[str, None]] = {}  # what was read since it was last cleared, in order


class _WatchedMemory(Memory, frozen=True):
    @override
    def __getattribute__(self, name: str) -> Any:
        _READ[name] = None
        return Memory.__getattribute__(self, name)


class _WatchedMoment(Moment, frozen=True):
    @override
    def __getattribute__(self, name: str) -> Any:
        _READ[name] = None
        return Moment.__getattribute__(self, name)


def _unwatchable(*_: object) -> Any:
    raise TypeError("the whole Memory or Moment is compared: what of it was looked at cannot be told")


for _watched in (_WatchedMemory, _WatchedMoment):
    for _whole in ("__eq__", "__hash__"):
        setattr(_watched, _whole, _unwatchable)


class Rounds:
    """`react`, remembered by what its listeners own or declare to read; what they did look at is noted again."""

    def __init__(self) -> None:
        self._known: dict[type, dict[Any, tuple[tuple[Reaction, ...], tuple[str, ...]]]] = {
            event: {} for event in BY_EVENT
        }

    def __call__(self, state: State, event: Event, now: Instant) -> tuple[Reaction, ...]:
        """What every machine decides on this event."""
        footprint = _FOOTPRINTS.get(type(event))
        if footprint is None:
            return ()
        if type(state.memory) is Memory:  # the first boot
            return react(state, event, now)
        held = (*astuple(state.memory), *astuple(state.moment))
        booted = type(state.moment) is Moment  # made by this step: what is looked at in it is not noted
        known, seen = self._known[type(event)], (event, now, booted, footprint(held))
        found = known.get(seen)
        if found is None:
            found = known[seen] = self._decided(state, event, now)
        reactions, read = found
        _READ.update(dict.fromkeys(read))
        return reactions

    def _decided(
        self, state: State, event: Event, now: Instant
    ) -> tuple[tuple[Reaction, ...], tuple[str, ...]]:
        before = dict(_READ)
        _READ.clear()
        reactions = react(state, event, now)
        read = tuple(_READ)
        _READ.clear()
        _READ.update(before)
        return reactions, read


def _footprint(event: type) -> Callable[[tuple[Any, ...]], Any]:
    """Where in the state the machines that listen to this event may look."""
    places: set[int] = set()
    for subscription in BY_EVENT[event]:
        places.add(PLACES[subscription.machine.slot])
        for source in subscription.machine.sources.values():
            if source.kind in ("machine", "machines", "collection"):
                places.add(PLACES[source.name])
            elif source.kind == "key":
                places.add(PLACES["configuration"])
    return itemgetter(*sorted(places))


_FOOTPRINTS: Final = {event: _footprint(event) for event in BY_EVENT}


class _Fork:
    """Where the slots at `places` decide how it goes on."""

    __slots__ = ("pick", "places", "ways")

    def __init__(self, places: tuple[int, ...]) -> None:
        self.places = places
        self.pick: Callable[[Node], Any] = itemgetter(*places)
        self.ways: dict[Any, Any] = {}  # forks and results, by what the slots hold

    def split(self, length: int) -> "_Fork":
        """The same in two stages: the first is of so many slots."""
        first, alone, rest_alone = _Fork(self.places[:length]), length == 1, len(self.places) == length + 1
        for held, way in self.ways.items():
            head, rest = (held[0] if alone else held[:length]), (held[-1] if rest_alone else held[length:])
            second = first.ways.get(head)
            if second is None:
                second = first.ways[head] = _Fork(self.places[length:])
            second.ways[rest] = way
        return first


class Remembered(Generic[Result]):
    """A pure function of the state; it may come to anything but None.

    ``conclude`` makes of the state and of what ``decide`` came to what is kept: what it looks at does not count.
    """

    __slots__ = ("_conclude", "_decide", "_interned", "_top")

    def __init__(
        self,
        interned: Interned,
        decide: Callable[[State], Any],
        conclude: Callable[[State, Any], Result] = lambda _, decided: decided,
    ) -> None:
        self._interned, self._decide, self._conclude = interned, decide, conclude
        self._top: dict[None, Any] = {}  # the first fork, under None

    def __call__(self, node: Node) -> Result:
        """What it comes to in this state."""
        at = self._top.get(None)
        while type(at) is _Fork:
            at = at.ways.get(at.pick(node))
        if at is None:
            at = self._decided(node)
        result: Result = at
        return result

    def decided_anew(self, node: Node) -> Result:
        """What it comes to, whatever is remembered."""
        state = self._interned.state(node)
        return self._conclude(state, self._decide(state))

    def _decided(self, node: Node) -> Result:
        state = self._interned.state(node, _WatchedMemory, _WatchedMoment)
        _READ.clear()
        decided = self._decide(state)
        read = tuple([PLACES[slot] for slot in _READ if slot in PLACES])
        result = self._conclude(state, decided)
        self._learn(node, read, result)
        return result

    def _learn(self, node: Node, places: tuple[int, ...], result: Result) -> None:
        ways: dict[Any, Any] = self._top
        held: Any = None
        while (at := ways.get(held)) is not None:
            alike = sum(takewhile(bool, map(eq, at.places, places)))
            if alike < len(at.places):
                at = ways[held] = at.split(alike)
            ways, held, places = at.ways, at.pick(node), places[alike:]
        if places:
            ways[held] = fork = _Fork(places)
            ways, held = fork.ways, fork.pick(node)
        ways[held] = result
