"""What always holds, held where a state is new: the one before held it, so only what is another since can break it.

Theory of operation: each promise is remembered by what it looks at. Promises about slots that another promise is about,
too, are held together with it and remembered as one: where that one has looked at the same before, they have, too.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain
from typing import Final

from pilotline.core.properties import Always
from pilotline.tools.check.broken import BrokenPromise
from pilotline.tools.check.interned import Interned, Node
from pilotline.tools.check.remembered import Recalled
from pilotline.tools.check.watched import Looked, looked_at, watched

_FEW: Final = 8
"""Of more slots, hardly any two states hold the same: nothing is held together with a promise about them."""


def together(promises: Iterable[Always]) -> tuple[tuple[Always, ...], ...]:
    """Promises in groups, of which one is about all that the others are about."""
    groups: list[list[Always]] = []
    for promise in sorted(promises, key=lambda promise: -len(promise.about)):
        wide = [group for group in groups if promise.about <= group[0].about and len(group[0].about) <= _FEW]
        if wide:
            wide[-1].append(promise)
        else:
            groups.append([promise])
    return tuple(map(tuple, groups))


class AlwaysHeld:
    """Holds what is promised of every state of one search."""

    def __init__(self, interned: Interned, promises: Iterable[Always]) -> None:
        self._interned = interned
        self._groups = tuple([Recalled(self._group(*group)) for group in together(promises)])

    def everything(self, node: Node) -> None:
        """Raises if a promise is broken. Each search begins with it."""
        for holds in self._groups:
            holds(node)

    def where(self, node: Node, changed: int) -> None:
        """The same for a node that differs in these bits at most from one that was held: what looked at none of them
        there, looks at none here, and comes to the same.
        """
        for holds in self._groups:
            if holds.mask & changed:
                holds(node)

    def _group(self, *promises: Always) -> Callable[[Node], tuple[bool, Looked]]:
        each = [Recalled(partial(self._held, promise)) for promise in promises]

        def held(node: Node) -> tuple[bool, Looked]:
            return True, looked_at(dict.fromkeys(chain.from_iterable([holds(node).places for holds in each])))

        return held

    def _held(self, promise: Always, node: Node) -> tuple[Looked, Looked]:
        """What a promise has looked at."""
        holds, looked = watched(self._interned, node, promise.holds)
        if not holds:
            raise BrokenPromise(promise.name, promise.section)
        return looked, looked
