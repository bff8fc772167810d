"""How transaction messages could be queued wrongly: a second opinion is worth what it finds.

Each variant is the real station but for what the queue's rows, or its boot, come to.
"""

from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from immutables import Map
from msgspec.structs import replace

from pilotline.core.effects import Drop, Put
from pilotline.core.events import Asked, Event, External, PoweredUp
from pilotline.core.state import Counter, Instant, Memory, Outbox, State
from pilotline.core.step import Reaction, Step, react, step
from pilotline.tools.check.stepping import Stepper


class Variant(NamedTuple):
    """A station that is not quite ours."""

    says: str
    reacts: Callable[[State, Reaction], Reaction] = lambda _state, reaction: reaction
    """What a row of the outbox comes to instead."""
    wakes: Callable[[Memory], Memory] = lambda memory: memory
    """What a boot finds in Memory instead."""


def dropped_when_sent(state: State, reaction: Reaction) -> Reaction:
    """What is handed over has left the queue."""
    head = state.moment.queue.head
    sends = any(isinstance(output, Asked) for output in reaction.outputs)
    return reaction._replace(outputs=(Drop("outbox", head), *reaction.outputs)) if sends else reaction


def overtaken(state: State, reaction: Reaction) -> Reaction:
    """What failed goes behind all that waits, and waits there for its repeat."""
    if not reaction.taken.binding.startswith("Q4/"):
        return reaction
    own, entries = state.moment.queue, state.memory.outbox
    counted, armed = reaction.outputs
    behind = entries.delete(own.head).set(own.tail, counted.record)
    moved = (Drop("outbox", own.head), Put("outbox", own.tail, counted.record))
    record = Outbox("waiting", min(behind), Counter(own.tail + 1), own.newest)
    return reaction._replace(record=record, outputs=(*moved, armed))


def forgotten(memory: Memory) -> Memory:
    """Nothing waits after a boot."""
    return replace(memory, outbox=Map()) if memory.outbox else memory


OURS: Final = Variant("the station as it is")
BROKEN: Final = {
    "dropped-when-sent": Variant(
        "a message leaves the queue when it is sent, not when it is answered", dropped_when_sent
    ),
    "overtaken": Variant("what was not processed is repeated behind what came after it", overtaken),
    "in-the-moment": Variant("the queue is not in Memory: a power cut forgets it", wakes=forgotten),
}


def stepper_of(variant: Variant) -> Stepper:
    """The step of a variant, for `Search`."""

    def reacts(state: State, event: Event, now: Instant) -> tuple[Reaction, ...]:
        return tuple(
            variant.reacts(state, reaction) if reaction.machine.name == "outbox" else reaction
            for reaction in react(state, event, now)
        )

    taken: Stepper = partial(step, reacts=reacts)

    def stepped(state: State | None, event: External, now: Instant) -> Step:
        if isinstance(event, PoweredUp) and state is not None:
            state = replace(state, memory=variant.wakes(state.memory))
        return taken(state, event, now)

    return stepped
