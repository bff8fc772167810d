"""What a function of the state looks at: the state is handed over in a form that notes which of its slots are read."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from typing_extensions import override

from pilotline.core.state import Memory, Moment, State
from pilotline.tools.check.interned import ALL, BITS, PLACES, SLOTS, Interned, Node, mask_of

Result = TypeVar("Result")
Name = TypeVar("Name", contravariant=True)


class Looked(NamedTuple):
    """The slots that were read."""

    places: tuple[int, ...]
    """In the order of their first reading."""
    mask: int


class _Watch(NamedTuple):
    """Two classes that note which of their slots are read."""

    memory: type[Memory]
    moment: type[Moment]


def _unwatchable(*_: object) -> Any:
    raise TypeError("the whole Memory or Moment is compared: what of it was looked at cannot be told")


def _watch(read: dict[int, None], beyond: int) -> _Watch:
    """What is read is noted by its place, counted from ``beyond``."""
    places = {slot: beyond + place for slot, place in PLACES.items()}
    whole = {"__eq__": _unwatchable, "__hash__": _unwatchable}

    class WatchedMemory(Memory, frozen=True):
        @override
        def __getattribute__(self, name: str) -> Any:
            if name in places:
                read[places[name]] = None
            return _of_memory(self, name)

    class WatchedMoment(Moment, frozen=True):
        @override
        def __getattribute__(self, name: str) -> Any:
            if name in places:
                read[places[name]] = None
            return _of_moment(self, name)

    for kind in (WatchedMemory, WatchedMoment):
        for name, refuse in whole.items():
            setattr(kind, name, refuse)
    return _Watch(WatchedMemory, WatchedMoment)


_of_memory, _of_moment = Memory.__getattribute__, Moment.__getattribute__
_READ: Final[dict[int, None]] = {}  # places, in the order of their first reading
_BEFORE, _AFTER = _watch(_READ, 0), _watch(_READ, len(SLOTS))


class States(Protocol[Name]):
    """What knows states by another name."""

    def state(self, node: Name, memory: type[Memory], moment: type[Moment]) -> State:
        """The state, made of these classes."""
        ...


def watched(states: States[Name], node: Name, decide: Callable[[State], Result]) -> tuple[Result, Looked]:
    """What a function comes to in the state of a node, and what it looked at."""
    state = states.state(node, *_BEFORE)
    _READ.clear()
    result = decide(state)
    return result, _looked()


def watched_both(
    interned: Interned, pair: Node, decide: Callable[[State, State], Result]
) -> tuple[Result, Looked]:
    """The same of a function of two states: of those before and after a step. Places of the second come after all of
    the first.
    """
    before, after = interned.state(pair & ALL, *_BEFORE), interned.state(pair >> BITS, *_AFTER)
    _READ.clear()
    result = decide(before, after)
    return result, _looked()


def _looked() -> Looked:
    return looked_at(_READ)


def looked_at(read: Iterable[int]) -> Looked:
    """These slots, in this order."""
    return _looked_at(tuple(read))


@cache
def _looked_at(places: tuple[int, ...]) -> Looked:
    return Looked(places, mask_of(places))


NOTHING: Final = looked_at(())
