"""What a function of the state looks at: the state is handed over in a form that notes which of its slots are read."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from typing_extensions import override

from pilotline.core.state import Memory, Moment, State
from pilotline.tools.check.interned import PLACES, Interned, Node, mask_of

Result = TypeVar("Result")


class Looked(NamedTuple):
    """The slots that were read."""

    places: tuple[int, ...]
    """In the order of their first reading."""
    mask: int


class _Watch(NamedTuple):
    """Two classes that note in ``read`` which of their slots are read."""

    read: dict[str, None]
    memory: type[Memory]
    moment: type[Moment]


def _unwatchable(*_: object) -> Any:
    raise TypeError("the whole Memory or Moment is compared: what of it was looked at cannot be told")


def _watch() -> _Watch:
    read: dict[str, None] = {}
    whole = {"__eq__": _unwatchable, "__hash__": _unwatchable}

    class WatchedMemory(Memory, frozen=True):
        @override
        def __getattribute__(self, name: str) -> Any:
            read[name] = None
            return _of_memory(self, name)

    class WatchedMoment(Moment, frozen=True):
        @override
        def __getattribute__(self, name: str) -> Any:
            read[name] = None
            return _of_moment(self, name)

    for kind in (WatchedMemory, WatchedMoment):
        for name, refuse in whole.items():
            setattr(kind, name, refuse)
    return _Watch(read, WatchedMemory, WatchedMoment)


_of_memory, _of_moment = Memory.__getattribute__, Moment.__getattribute__
_BEFORE, _AFTER = _watch(), _watch()


def watched(interned: Interned, node: Node, decide: Callable[[State], Result]) -> tuple[Result, Looked]:
    """What a function comes to in the state of a node, and what it looked at."""
    read, memory, moment = _BEFORE
    state = interned.state(node, memory, moment)
    read.clear()
    result = decide(state)
    return result, _looked(read)


def watched_both(
    interned: Interned, before: Node, after: Node, decide: Callable[[State, State], Result]
) -> tuple[Result, Looked, Looked]:
    """The same of a function of two states: what it looked at in the first, and in the second."""
    first = interned.state(before, _BEFORE.memory, _BEFORE.moment)
    second = interned.state(after, _AFTER.memory, _AFTER.moment)
    _BEFORE.read.clear()
    _AFTER.read.clear()
    result = decide(first, second)
    return result, _looked(_BEFORE.read), _looked(_AFTER.read)


def _looked(read: dict[str, None]) -> Looked:
    places = tuple([PLACES[slot] for slot in read if slot in PLACES])
    return Looked(places, mask_of(places))
