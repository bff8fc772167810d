"""What the numbers of a model stand for, as far as a reader needs it: the states of records, and what waits."""

from collections.abc import Iterator
from typing import Any

from immutables import Map

from pilotline.core.state import Entry
from pilotline.tools.check.interned import SLOTS
from pilotline.tools.check.numbered import OUTBOX
from pilotline.tools.check.tabulated import Tables


def legend(tables: Tables, places: list[int]) -> str:
    """A comment: of each slot, which numbers are which state."""
    lines = (f"     {SLOTS[place]}: {_of_slot(tables, place)}" for place in places)
    return "\n".join(("/* What the numbers stand for, by state.", *lines, "*/"))


def _of_slot(tables: Tables, place: int) -> str:
    numbers: dict[str, list[int]] = {}
    for number in range(tables.slots.count(place)):
        words = ", ".join(_words(tables.slots.value(place, number), place)) or "none"
        numbers.setdefault(words, []).append(number)
    return "; ".join(f"{words} = {' '.join(map(str, found))}" for words, found in numbers.items())


def _words(value: Any, place: int) -> Iterator[str]:
    """One record, each of several, or what they are called by."""
    if place == OUTBOX:
        yield from map(_message, sorted(value.values(), key=lambda entry: entry.number))
    elif isinstance(value, tuple):
        yield from (record.state for record in value)
    elif hasattr(value, "state"):
        yield value.state
    elif SLOTS[place] == "timers":
        yield from sorted(f"{t.machine} {t.timer} {at // 1000} s" for t, at in value.items())
    elif SLOTS[place] == "boot":
        yield f"boot {value.number}"
    elif isinstance(value, Map):
        for key in sorted(value, key=repr):
            yield getattr(value[key], "state", type(value[key]).__name__)
    else:
        yield type(value).__name__


def _message(entry: Entry) -> str:
    kind = type(entry.message).__name__.removesuffix("Message")
    return f"{kind} failed {entry.attempts} times" if entry.attempts else kind
