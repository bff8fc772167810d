"""What is handed to players, guards and actions in the place of the real thing, to see at which slots they look."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pilotline.core.reading import Source
from pilotline.core.state import State
from pilotline.tools.check.interned import PLACES
from pilotline.tools.check.numbered import Key, Slots
from pilotline.tools.check.watched import watched


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


class Offer(NamedTuple):
    """Something that may happen, and what the Central System says by it."""

    event: int
    said: int


class World:
    """What a player offers, by the slots that it was ever seen to look at.

    `grew`: it has looked at one more than was known, so that all that was known before is forgotten.
    """

    def __init__(self, slots: Slots, play: Callable[[State], tuple[Offer, ...]]) -> None:
        self._slots, self._play = slots, play
        self.places: Key = ()
        self.rows: dict[Key, tuple[Offer, ...]] = {}
        self.grew = False

    def __call__(self, node: Key) -> tuple[Offer, ...]:
        """What may happen in this state."""
        key = tuple([node[place] for place in self.places])
        known = self.rows.get(key)
        if known is not None:
            return known
        offers, looked = watched(self._slots, node, self._play)
        if not {*looked.places} <= {*self.places}:
            self.places, self.rows, self.grew = tuple(sorted({*looked.places, *self.places})), {}, True
            key = tuple([node[place] for place in self.places])
        self.rows[key] = offers
        return offers
