"""Every value that a slot of the state has held, by number: a node of a search is a tuple of such numbers.

Theory of operation: a search meets the same few values of a slot again and again, in ever new states. By numbers they
are compared and hashed at once, and a state takes the room of its numbers.
"""

from collections.abc import Iterable
from itertools import chain, compress
from operator import is_not
from typing import Any, Final, TypeAlias

from msgspec.structs import astuple

from pilotline.core.state import Memory, Moment, State
from pilotline.spec.products import Product

SLOTS: Final = (*Memory.__struct_fields__, *Moment.__struct_fields__)
PLACES: Final = {slot: place for place, slot in enumerate(SLOTS)}
IN_MEMORY: Final = len(Memory.__struct_fields__)

Node: TypeAlias = tuple[int, ...]
"""A state, by the numbers of what its slots hold, in the order of SLOTS."""
Writes: TypeAlias = tuple[tuple[int, int], ...]
"""Places, and the numbers of what they hold now."""


def _held(state: State) -> tuple[Any, ...]:
    return (*astuple(state.memory), *astuple(state.moment))


class Interned:
    """The values of one search. The product does not change during a search."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._numbers: tuple[dict[Any, int], ...] = tuple({} for _ in SLOTS)
        self._values: tuple[list[Any], ...] = tuple([] for _ in SLOTS)

    def number(self, place: int, value: Any) -> int:
        """The number of a slot's value."""
        numbers = self._numbers[place]
        number = numbers.get(value)
        if number is None:
            number = numbers[value] = len(numbers)
            self._values[place].append(value)
        return number

    def value(self, place: int, number: int) -> Any:
        """What a number stands for."""
        return self._values[place][number]

    def node(self, state: State) -> Node:
        """The numbers of a state."""
        return tuple([self.number(place, value) for place, value in enumerate(_held(state))])

    def writes(self, before: State | None, after: State) -> Writes:
        """What a state holds that is not what it held before; all, if there was nothing before."""
        if after is before:
            return ()
        if before is None:
            return tuple(enumerate(self.node(after)))
        new = _held(after)
        changed: Iterable[int] = compress(range(len(SLOTS)), map(is_not, new, _held(before)))
        if type(after.moment) is not type(before.moment):  # a Moment of its own: nothing in it was carried on
            changed = chain(changed, range(IN_MEMORY, len(SLOTS)))
        return tuple([(place, self.number(place, new[place])) for place in changed])

    def state(self, node: Node, memory: type[Memory] = Memory, moment: type[Moment] = Moment) -> State:
        """The state that a node stands for."""
        held = [values[number] for values, number in zip(self._values, node, strict=True)]
        return State(self._product, memory(*held[:IN_MEMORY]), moment(*held[IN_MEMORY:]))


def written(node: Node, writes: Iterable[tuple[int, int]]) -> Node:
    """The node after these writes."""
    changed = list(node)
    for place, number in writes:
        changed[place] = number
    return tuple(changed)
