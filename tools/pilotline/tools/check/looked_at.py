"""What is handed to players, guards and actions in the place of the real thing, to see at which slots they look."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

from pilotline.core.reading import Source
from pilotline.core.state import State
from pilotline.tools.check.interned import PLACES
from pilotline.tools.check.numbered import Key


def place_of(source: Source) -> int | None:
    """The slot behind a field of a slice; None: it is a fact of the product."""
    if source.kind == "key":
        return PLACES["configuration"]
    return PLACES[source.name] if source.kind in ("machine", "machines", "collection") else None


class LookedSlice:
    """A slice that notes the slots behind the fields that are looked at."""

    def __init__(self, of: object, sources: Mapping[str, Source], seen: set[int]) -> None:
        self._of, self._sources, self._seen = of, sources, seen

    def __getattr__(self, field: str) -> Any:
        source = self._sources.get(field)
        place = None if source is None else place_of(source)
        if place is not None:
            self._seen.add(place)
        return getattr(self._of, field)


class _LookedSlots:
    """Memory or Moment, which notes the slots that are looked at."""

    def __init__(self, of: object, seen: set[int]) -> None:
        self._of, self._seen = of, seen

    def __getattr__(self, slot: str) -> Any:
        self._seen.add(PLACES[slot])
        return getattr(self._of, slot)


class _LookedState(NamedTuple):
    product: object
    memory: _LookedSlots
    moment: _LookedSlots


class Offer(NamedTuple):
    """Something that may happen, and what the Central System says by it."""

    event: int
    said: int


class World:
    """What a player offers, by the slots that it was ever seen to look at.

    `grew`: it has looked at one more than was known, so that all that was known before is forgotten.
    """

    def __init__(self, state_of: Callable[[Key], State], play: Callable[[State], tuple[Offer, ...]]) -> None:
        self._state_of, self._play = state_of, play
        self.places: Key = ()
        self.rows: dict[Key, tuple[Offer, ...]] = {}
        self.grew = False

    def __call__(self, node: Key) -> tuple[Offer, ...]:
        """What may happen in this state."""
        key = tuple([node[place] for place in self.places])
        offers = self.rows.get(key)
        if offers is None:
            seen: set[int] = set()
            state = self._state_of(node)
            looked = _LookedState(
                state.product, _LookedSlots(state.memory, seen), _LookedSlots(state.moment, seen)
            )
            offers = self._play(cast("State", looked))
            if not seen <= set(self.places):
                self.places, self.rows, self.grew = tuple(sorted(seen.union(self.places))), {}, True
                key = tuple([node[place] for place in self.places])
            self.rows[key] = offers
        return offers
