"""Every value that a slot of the state has held, by number: a node of a search is one number made of such numbers.

Theory of operation: a search meets the same few values of a slot again and again, in ever new states. Each slot has
bits of its own in one whole number, so that states are compared and hashed at once, what some slots hold is one `&`,
and a state takes the room of its bits. Most slots hold few values: the first of a slot is 0, the first 16 of all slots
are in the lowest bits, and the bits above are used only where a slot holds more.
"""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple, TypeAlias

from msgspec.structs import astuple

from pilotline.core.state import Memory, Moment, State
from pilotline.spec.products import Product

SLOTS: Final = (*Memory.__struct_fields__, *Moment.__struct_fields__)
PLACES: Final = {slot: place for place, slot in enumerate(SLOTS)}
IN_MEMORY: Final = len(Memory.__struct_fields__)
MOMENT: Final = range(IN_MEMORY, len(SLOTS))

_MANY: Final = (
    "timers",
    "status_reports",
    "call",
    "transactions",
    "outbox",
    "queue",
    "sessions",
    "connectors",
    "card_sessions",
    "firmware",
)
"""Slots that hold many values in most scopes: their bits come first, so that the number stays short."""
_LOW, _HIGH = 4, 12
"""How many bits a slot has in the lower part of the number, and in the upper one."""
VALUES_MAX: Final = 1 << _LOW + _HIGH
BITS: Final = (_LOW + _HIGH) * len(SLOTS)
ALL: Final = (1 << BITS) - 1

Node: TypeAlias = int
"""A state, by the numbers of what its slots hold."""

_IN_ORDER: Final = (*_MANY, *[slot for slot in SLOTS if slot not in _MANY])
_ORDER: Final = tuple(map(_IN_ORDER.index, SLOTS))  # by place


def _bits(place: int, number: int) -> Node:
    """The bits in which a slot holds its value of this number."""
    low, high = number % (1 << _LOW), number >> _LOW
    return low << _LOW * _ORDER[place] | high << _LOW * len(SLOTS) + _HIGH * _ORDER[place]


MASKS: Final = tuple([_bits(place, VALUES_MAX - 1) for place in range(len(SLOTS))])


def mask_of(places: Iterable[int]) -> int:
    """The bits of these slots. In a pair of nodes the places of the second come after all of the first."""
    mask = 0
    for place in places:
        second, place = divmod(place, len(SLOTS))
        mask |= MASKS[place] << BITS * second
    return mask


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
        self._bits: tuple[dict[Any, Node], ...] = tuple({} for _ in SLOTS)  # by place and value
        self._values: tuple[dict[Node, Any], ...] = tuple({} for _ in SLOTS)  # by place and bits
        self._firsts: list[Any] = [None] * len(SLOTS)
        self._varying: dict[int, tuple[int, dict[Node, Any]]] = {}
        """The places that have held more than one value."""
        self._asked_last: dict[type[Memory], tuple[Node, State]] = {}

    def bits(self, place: int, value: Any) -> Node:
        """A node in which this slot holds the value, and all others their first."""
        bits = self._bits[place].get(value)
        return self._new(place, value) if bits is None else bits

    def _new(self, place: int, value: Any) -> Node:
        values = self._values[place]
        number = len(values)
        if number >= VALUES_MAX:
            raise TooManyValues(f"{SLOTS[place]}: a scope in which it holds more than {VALUES_MAX:,} values")
        if number:
            self._varying[place] = MASKS[place], values
        else:
            self._firsts[place] = value
        bits = self._bits[place][value] = _bits(place, number)
        values[bits] = value
        return bits

    def value(self, place: int, node: Node) -> Any:
        """What a slot holds."""
        return self._values[place][node & MASKS[place]]

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
        held = self._firsts.copy()
        for place, (mask, values) in self._varying.items():
            held[place] = values[node & mask]
        state = State(self._product, memory(*held[:IN_MEMORY]), moment(*held[IN_MEMORY:]))
        self._asked_last[memory] = node, state
        return state
