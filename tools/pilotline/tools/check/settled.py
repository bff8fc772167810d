"""What is the same as what, slot by slot, as tables: time that has passed, and numbers counted from the lowest alive.

Theory of operation: `Canonical` finds the representative of a whole state. What it makes of one slot follows from what
the slot holds, from how much time passes, and from the numbers that are alive in the slot's namespaces, each a bit.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from pilotline.tools.check.canonical import Canonical, living_in, namespaces_of
from pilotline.tools.check.explorer import NOW, left_out
from pilotline.tools.check.interned import SLOTS, Interned
from pilotline.tools.check.numbered import Key, Slots
from pilotline.tools.check.scope import Scope

Write: TypeAlias = tuple[int, int]
NAMESPACES: Final = tuple(tuple(sorted(namespaces_of(place))) for place in range(len(SLOTS)))
"""Of each slot."""
PRESENT: Final[Mapping[str, Callable[[Any], dict[str, int]]]] = {
    "boot": lambda boot: {"boot": boot.number},
    "link": lambda link: {"connection": link.connection},
}
"""By the slot that says which it is, the number that is the present one, where only that counts."""


class Settled:
    """The tables of what is the same in a scope; they are filled where they are asked."""

    def __init__(self, scope: Scope, slots: Slots) -> None:
        self._slots = slots
        self._canonical = Canonical(Interned(scope.product), left_out(scope))
        self._alive: dict[Write, dict[str, int]] = {}
        self.passed: dict[int, dict[Write, int]] = defaultdict(dict)
        """By slot; by what it holds and how many ms pass."""
        self.counted: dict[int, dict[tuple[int, Key], int]] = defaultdict(dict)
        """By slot; by what it holds and what is alive in its namespaces."""

    def after(self, ms: int, node: Key) -> Key:
        """The state when so much time has passed."""
        if not ms:
            return node
        found, same = list(node), Key()
        for place, held in enumerate(node):
            known = self.passed[place].get((held, ms))
            if known is None:
                same = same or self._same(node, ms)
                known = self.passed[place][held, ms] = same[place]
            found[place] = known
        return tuple(found)

    def representative(self, node: Key) -> Key:
        """The state that stands for all that are the same."""
        alive, found, same = self._all_alive(node), list(node), Key()
        for place, held in enumerate(node):
            key = held, tuple([alive[name] for name in NAMESPACES[place]])
            known = self.counted[place].get(key)
            if known is None:
                same = same or self._same(node, NOW)
                known = self.counted[place][key] = same[place]
            found[place] = known
        return tuple(found)

    def _same(self, node: Key, ms: int) -> Key:
        return self._slots.node(self._canonical.of(self._slots.state(node), ms))

    def _all_alive(self, node: Key) -> Mapping[str, int]:
        alive: dict[str, int] = defaultdict(int)
        for place, held in enumerate(node):
            for name, bits in self.alive_in(place, held).items():
                alive[name] |= bits
        return alive

    def alive_in(self, place: int, held: int) -> Mapping[str, int]:
        """By namespace, the numbers that are alive by what a slot holds, as bits; or the present one, as it is."""
        if (place, held) not in self._alive:
            value = self._slots.value(place, held)
            present = PRESENT[SLOTS[place]](value) if SLOTS[place] in PRESENT else {}
            for name, numbers in living_in(place, value).items():
                present[name] = sum([1 << number for number in numbers])
            self._alive[place, held] = present
        return self._alive[place, held]
