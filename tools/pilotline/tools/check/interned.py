"""Every value that a slot of the state has held, by number: a node of a search is one number made of such numbers.

Theory of operation: a search meets the same few values of a slot again and again, in ever new states. Each slot has a
field of `WIDTH` bits at its place in one whole number. So states are compared and hashed at once, what some slots hold
is one `&`, and a state takes the room of its bits.
"""

import struct
from collections.abc import Iterable
from typing import Any, Final, NamedTuple, TypeAlias

from msgspec.structs import astuple

from pilotline.core.state import Memory, Moment, State
from pilotline.spec.products import Product

SLOTS: Final = (*Memory.__struct_fields__, *Moment.__struct_fields__)
PLACES: Final = {slot: place for place, slot in enumerate(SLOTS)}
IN_MEMORY: Final = len(Memory.__struct_fields__)
MOMENT: Final = range(IN_MEMORY, len(SLOTS))

WIDTH: Final = 16
VALUES_MAX: Final = 1 << WIDTH
_FIELDS: Final = struct.Struct(f"<{len(SLOTS)}H")

Node: TypeAlias = int
"""A state, by the numbers of what its slots hold."""


def mask_of(places: Iterable[int]) -> int:
    """The bits of these slots."""
    mask = 0
    for place in places:
        mask |= VALUES_MAX - 1 << WIDTH * place
    return mask


MASKS: Final = tuple(mask_of([place]) for place in range(len(SLOTS)))
BITS: Final = WIDTH * len(SLOTS)
ALL: Final = (1 << BITS) - 1


class Writes(NamedTuple):
    """What some slots hold from now on."""

    mask: int
    keeps: int
    """The bits of all other slots."""
    bits: int
    """The node after it is ``node & keeps | bits``."""


class TooManyValues(Exception):
    """A slot has held more values than its field can tell apart."""


class Interned:
    """The values of one search. The product does not change during a search."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._numbers: tuple[dict[Any, int], ...] = tuple({} for _ in SLOTS)
        self._values: tuple[list[Any], ...] = tuple([] for _ in SLOTS)
        self._asked_last: dict[type[Memory], tuple[Node, State]] = {}

    def bits(self, place: int, value: Any) -> int:
        """A node in which this slot holds the value, and all others their first."""
        numbers = self._numbers[place]
        number = numbers.get(value)
        if number is None:
            number = numbers[value] = len(numbers)
            if number >= VALUES_MAX:
                raise TooManyValues(
                    f"{SLOTS[place]}: a scope in which it holds more than {VALUES_MAX:,} values"
                )
            self._values[place].append(value)
        return number << WIDTH * place

    def value(self, place: int, node: Node) -> Any:
        """What a slot holds."""
        return self._values[place][node >> WIDTH * place & VALUES_MAX - 1]

    def node(self, state: State) -> Node:
        """The number of a state."""
        held = (*astuple(state.memory), *astuple(state.moment))
        return sum([self.bits(place, value) for place, value in enumerate(held)])

    def writes(self, state: State, places: Iterable[int]) -> Writes:
        """What these slots of a state hold."""
        mask = bits = 0
        for place in places:
            mask |= MASKS[place]
            bits |= self.bits(
                place, getattr(state.memory if place < IN_MEMORY else state.moment, SLOTS[place])
            )
        return Writes(mask, ALL ^ mask, bits)

    def state(self, node: Node, memory: type[Memory] = Memory, moment: type[Moment] = Moment) -> State:
        """The state that a node stands for. It is often asked for several times in a row."""
        last = self._asked_last.get(memory)
        if last is not None and last[0] == node:
            return last[1]
        numbers = _FIELDS.unpack(node.to_bytes(_FIELDS.size, "little"))
        held = [values[number] for values, number in zip(self._values, numbers, strict=True)]
        state = State(self._product, memory(*held[:IN_MEMORY]), moment(*held[IN_MEMORY:]))
        self._asked_last[memory] = node, state
        return state
