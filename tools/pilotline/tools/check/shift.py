"""How far a state is shifted: time, and the numbers that are alive by their places."""

from bisect import bisect_left
from collections import defaultdict
from typing import NamedTuple, TypeAlias

Numbers: TypeAlias = defaultdict[str, set[int]]
"""By namespace, all numbers that are alive."""
Living: TypeAlias = tuple[tuple[str, int, tuple[int, ...]], ...]
"""Of each namespace the lowest number that is alive, and those above it that are missing."""


class Shift(NamedTuple):
    """What is subtracted."""

    now: int
    utc: int | None
    living: Living
    present: tuple[tuple[str, int], ...]

    def place(self, namespace: str, number: int) -> int:
        """A number's place among those of its namespace."""
        for name, lowest, missing in self.living:
            if name == namespace:
                return number - lowest - bisect_left(missing, number)
        return number

    def is_present(self, namespace: str, number: int) -> bool:
        """Whether this is the one number that counts."""
        return (namespace, number) in self.present


def living_of(numbers: Numbers) -> Living:
    """The numbers that are alive, as a shift holds them."""
    return tuple(
        (name, min(alive), tuple(sorted({*range(min(alive), max(alive))} - alive)))
        for name, alive in sorted(numbers.items())
    )
