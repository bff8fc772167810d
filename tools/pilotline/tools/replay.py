"""A journal, run again through the core: every effect is held against what was recorded."""

import json
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from pilotline.adapters.happenings import Happening
from pilotline.adapters.http.readable import frames_of, line_of
from pilotline.adapters.journal import FORMAT
from pilotline.adapters.journal_reading import Gap, Item, JournalError, items
from pilotline.core.events import PoweredUp
from pilotline.core.plain import plain
from pilotline.core.recorded import event_of, plain_effects
from pilotline.core.snapshot import (
    SnapshotError,
    decode_record,
    decode_state,
    memory_of,
    product_of,
    record_data,
)
from pilotline.core.state import Instant, Memory, State, UtcTime
from pilotline.core.step import step
from pilotline.tools.timeline import brief, fact_of

_LABEL_MAX: Final = 160


class Replayed(NamedTuple):
    """One recorded step, taken again."""

    number: int
    """From 1, over all segments."""
    where: str
    utc: UtcTime | None
    happening: Happening
    state: State
    recorded: list[Any]
    """The effects as they were."""
    came_to: list[Any]
    """The effects as they are now."""

    @property
    def differs(self) -> bool:
        """Whether the station would decide otherwise today."""
        return self.recorded != self.came_to


# --- running it again ---


def replayed(journal: Path) -> Iterator[Replayed | Gap]:
    """Each step again, and what is missing between. Raises `JournalError`."""
    state: State | None = None
    number = 0
    for item in items(journal):
        try:
            if isinstance(item, Gap):
                yield item
            elif item.parts[0] == "missing":
                yield Gap(item.where, f"{item.parts[1]} happenings were not written")
            elif item.parts[0] == "head":
                begins = _head(item)
                if begins is not None and begins != state:
                    if item.offset or number:
                        yield Gap(item.where, "what led to this state is not in the journal")
                    state = begins
            else:
                number += 1
                again = _again(number, item, state)
                state = again.state
                yield again
        except (SnapshotError, ValidationError, TypeError) as error:
            raise JournalError(f"{item.where}: {str(error).splitlines()[0]}") from None


def _head(item: Item) -> State | None:
    _, form, program, state = item.parts
    if form != FORMAT:
        raise JournalError(
            f"{item.where}: is of format {form!r:.20}, written by {program!r:.50}; this program reads format {FORMAT}"
        )
    return None if state is None else decode_state(state)


def _again(number: int, item: Item, state: State | None) -> Replayed:
    kind, utc, now, *booted, event, effects = item.parts
    told = event_of(event, item.where)
    if isinstance(told, PoweredUp) != (kind == "boot"):
        raise JournalError(f"{item.where}: is a {kind} of {event[0]}")
    before = _memory(*booted) if kind == "boot" else state
    if before is None and kind == "event":
        raise JournalError(f"{item.where}: nothing tells the state before it")
    at = Instant(now)
    taken = step(before, told, at)
    happening = Happening(at, told, taken.trace, taken.effects, before)
    return Replayed(number, item.where, utc, happening, taken.state, effects, plain_effects(taken.effects))


def _memory(text: str, records: list[Any] | None) -> Memory | None:
    if records is None:
        return None
    stored = [(name, key, decode_record(name, key, record_data(record))) for name, key, record in records]
    return memory_of(product_of(text), stored)


# --- told ---


def difference(one: Replayed) -> str:
    """The first effect that is another, recorded and now."""
    lines = [
        f"step {one.number} ({one.where}): {type(one.happening.event).__name__} comes to something else:"
    ]
    for recorded, now in zip_longest(one.recorded, one.came_to):
        if recorded != now:
            lines += [f"  recorded: {_line(recorded)}", f"  now:      {_line(now)}"]
            break
    return "\n".join(lines)


def _line(effect: list[Any] | None) -> str:
    return "nothing" if effect is None else f"{effect[0]} {json.dumps(effect[1], ensure_ascii=False)}"


def sequence(steps: Iterable[Replayed]) -> Iterator[str]:
    """A Mermaid sequence diagram of who told the station what, and of its frames."""
    yield "sequenceDiagram"
    yield from (f"    participant {name}" for name in ("Driver", "Car", "World", "Station", "Central"))
    for one in steps:
        fact = fact_of(one.happening.event)
        if fact is not None:
            actor, what = fact
            yield f"    {actor.capitalize()}->>Station: {label(what.plain)}"
        for frame in frames_of(one.happening):
            ends = "Central->>Station" if frame.direction == "in" else "Station->>Central"
            payload = brief(frame.payload) if frame.name.endswith((".req", ".conf")) else frame.payload
            yield f"    {ends}: {label(f'{frame.name} {payload}')}"


def label(text: str) -> str:
    """Text without what ends a line or a statement in Mermaid."""
    return "".join(" " if one in ";#" or not one.isprintable() else one for one in text)[:_LABEL_MAX]


def state_json(one: Replayed) -> str:
    """The state after a step."""
    return json.dumps(plain(one.state), indent=1, ensure_ascii=False)


def json_line(one: Replayed) -> str:
    """A step as one line."""
    told = {"step": one.number, "utc": one.utc, **line_of(one.happening), "differs": one.differs}
    return json.dumps(told, ensure_ascii=False)
