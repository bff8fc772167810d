"""Values by number, and whole states as tuples of numbers: what tables are made of."""

from collections.abc import Hashable
from typing import Any, Final, Generic, TypeAlias, TypeVar

from msgspec.structs import astuple

from pilotline.core.state import Memory, Moment, State
from pilotline.spec.products import Product
from pilotline.tools.check.interned import IN_MEMORY, PLACES, SLOTS

Value = TypeVar("Value", bound=Hashable)
Key: TypeAlias = tuple[int, ...]
"""What some slots hold, by number."""

OUTBOX: Final = PLACES["outbox"]
TIMERS: Final = PLACES["timers"]
CALL: Final = PLACES["call"]


class Numbered(Generic[Value]):
    """Values by number, in the order in which they come, from ``first`` on."""

    def __init__(self, first: int = 1) -> None:
        self._first = first
        self._numbers: dict[Value, int] = {}
        self._values: list[Value] = []

    def __call__(self, value: Value) -> int:
        """The number of a value."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self._values) + self._first
            self._values.append(value)
        return number

    def __getitem__(self, number: int) -> Value:
        return self._values[number - self._first]

    def __len__(self) -> int:
        return len(self._values)


class Slots:
    """What the slots of a station hold, by number, slot by slot."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._held: tuple[Numbered[Any], ...] = tuple(Numbered(0) for _ in SLOTS)

    def number(self, place: int, value: Any) -> int:
        """The number of a slot's value."""
        return self._held[place](value)

    def value(self, place: int, number: int) -> Any:
        """What a number stands for."""
        return self._held[place][number]

    def count(self, place: int) -> int:
        """How many values the slot has held."""
        return len(self._held[place])

    def node(self, state: State) -> Key:
        """A state by number."""
        values = (*astuple(state.memory), *astuple(state.moment))
        return tuple([held(value) for held, value in zip(self._held, values, strict=True)])

    def state(self, node: Key, memory: type[Memory] = Memory, moment: type[Moment] = Moment) -> State:
        """The state that a node stands for."""
        values = [held[number] for held, number in zip(self._held, node, strict=True)]
        return State(self._product, memory(*values[:IN_MEMORY]), moment(*values[IN_MEMORY:]))
