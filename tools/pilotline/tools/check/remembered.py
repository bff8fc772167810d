"""What a pure function of the state came to before, by what it looked at.

Theory of operation: what a function does next follows from what it has read so far; so wherever the slots that it
looked at hold the same, it reads the same and comes to the same, whatever the other slots hold. What is known is kept
as a tree: a fork names slots, a way out of it what they held, and at its end stands the result. Nobody declares what a
function reads, so nobody can forget to.

It is held against the search without it (tests/tools/test_canonical.py).
"""

from collections.abc import Callable
from itertools import takewhile
from operator import eq
from typing import Any, Generic, TypeVar

from typing_extensions import override

from pilotline.core.state import State
from pilotline.tools.check.interned import Interned, Node
from pilotline.tools.check.watched import Looked, looked_at, watched

Result = TypeVar("Result")


class _Fork(dict[Node, Any]):
    """Where the slots at `places` decide how it goes on: forks and results, by what the slots hold."""

    __slots__ = ("mask", "places")

    def __init__(self, places: tuple[int, ...]) -> None:
        super().__init__()
        self.places, self.mask = places, looked_at(places).mask

    def split(self, length: int) -> "_Fork":
        """The same in two stages: the first is of so many slots."""
        first, rest = _Fork(self.places[:length]), self.places[length:]
        for held, way in self.items():
            second = first.setdefault(held & first.mask, None) or _Fork(rest)
            first[held & first.mask] = second
            second[held & second.mask] = way
        return first


class Remembered(Generic[Result]):
    """A pure function of a node; it may come to anything but None.

    ``decide`` comes to a result and says what it looked at.
    """

    __slots__ = ("_decide", "_root", "_top")

    def __init__(self, decide: Callable[[Node], tuple[Result, Looked]]) -> None:
        self._decide = decide
        self._root: Any = None  # the first fork, or the only result there is
        self._top: dict[Node, Any] = {}  # the same, under 0

    def __call__(self, node: Node) -> Result:
        """What it comes to at this node."""
        at = self._root
        while type(at) is _Fork:
            at = at.get(node & at.mask)
        if at is None:
            at, looked = self._decide(node)
            self._learn(node, looked, at)
        result: Result = at
        return result

    def decided_anew(self, node: Node) -> Result:
        """What it comes to, whatever is remembered."""
        return self._decide(node)[0]

    def _learn(self, node: Node, looked: Looked, result: Result) -> None:
        ways, held, places = self._top, 0, looked.places
        while (at := ways.get(held)) is not None:
            alike = len(at.places)
            if at.places != places[:alike]:
                alike = sum(takewhile(bool, map(eq, at.places, places)))
                if not alike:
                    raise AssertionError("a function looks at other slots where it has read the same before")
                at = ways[held] = at.split(alike)
            ways, held, places = at, node & at.mask, places[alike:]
        if places:
            ways[held] = fork = _Fork(places)
            ways, held = fork, node & fork.mask
        ways[held] = result
        self._root = self._top[0]


class Recalled(Remembered[Result]):
    """The same for a function that looks at few slots in all: first it is looked up by all of them at once."""

    __slots__ = ("_by_all", "mask")

    def __init__(self, decide: Callable[[Node], tuple[Result, Looked]]) -> None:
        super().__init__(decide)
        self.mask = 0  # of the slots that it has ever looked at
        self._by_all: dict[Node, Result] = {}

    @override
    def __call__(self, node: Node) -> Result:
        """What it comes to at this node."""
        found = self._by_all.get(node & self.mask)
        if found is None:
            found = super().__call__(node)
            self._by_all[node & self.mask] = found
        return found

    @override
    def _learn(self, node: Node, looked: Looked, result: Result) -> None:
        super()._learn(node, looked, result)
        mask = self.mask | looked.mask
        if mask != self.mask:  # what was looked up by fewer is not told apart enough
            self.mask, self._by_all = mask, {}


def of_state(interned: Interned, decide: Callable[[State], Result]) -> Recalled[Result]:
    """A pure function of the state, remembered."""
    return Recalled(lambda node: watched(interned, node, decide))
