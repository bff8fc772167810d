"""What a step has decided so far, and the only ways in which it may go on."""

from collections import deque
from typing import Any, NamedTuple

from immutables import Map
from msgspec.structs import replace

from pilotline.core.effects import Arm, ArmUtc, Change, Clear, Configure, Disarm, Drop, Effect, Order, Put
from pilotline.core.events import ConfigurationChanged, Event
from pilotline.core.state import Instant, State, TimerKey, UtcTime
from pilotline.core.statechart import Machine
from pilotline.spec.configuration_keys import Refusal, canonical_text


class Taken(NamedTuple):
    """One binding that was taken, and by which instance."""

    machine: str
    key: object
    binding: str


class Draft:
    """The state as it has become, what is to be stored and done, and what was raised and not looked at yet.

    ``state`` is that of the start of the round; what the round replaces is collected by slot and becomes the next
    state when the round ends (`end_round`).
    """

    __slots__ = ("_memory", "_moment", "changes", "effects", "now", "queue", "state", "touched", "trace")

    def __init__(self, state: State, now: Instant, *events: Event) -> None:
        self.state = state
        self.now = now
        self.queue: deque[Event] = deque(events)
        self.effects: list[Effect] = []
        self.changes: list[Change] = []
        self.trace: list[Taken] = []
        self.touched: set[str] = set()  # the slots that were replaced so far
        self._moment: dict[str, Any] = {}
        self._memory: dict[str, Any] = {}

    def end_round(self) -> None:
        """Make what was replaced the state."""
        state = self.state
        if self._memory:
            memory = replace(state.memory, **self._memory)
            moment = replace(state.moment, **self._moment) if self._moment else state.moment
            self.state = State(state.product, memory, moment)
            self.touched.update(self._memory, self._moment)
            self._memory, self._moment = {}, {}
        elif self._moment:
            self.state = State(state.product, state.memory, replace(state.moment, **self._moment))
            self.touched.update(self._moment)
            self._moment = {}

    def set_moment(self, slot: str, value: object) -> None:
        """Replace a slot of the Moment."""
        self._moment[slot] = value

    def set_memory(self, change: Change, slot: str, value: object) -> None:
        """Replace a slot of Memory and list the change for the commit."""
        self.changes.append(change)
        self._memory[slot] = value

    def in_moment(self, slot: str) -> Any:
        """What a slot of the Moment holds by now."""
        held = self._moment.get(slot)
        return getattr(self.state.moment, slot) if held is None else held

    def in_memory(self, slot: str) -> Any:
        """What a slot of Memory holds by now."""
        held = self._memory.get(slot)
        return getattr(self.state.memory, slot) if held is None else held

    def set_record(self, machine: Machine[Any, Any], key: Any, record: Any) -> None:
        """Replace the record of one instance; one that has come to a final state is gone."""
        slot, stored = machine.slot, machine.home == "memory"
        if key is None:
            records = record
        else:
            records = self.in_memory(slot) if stored else self.in_moment(slot)
            if type(records) is tuple:
                records = (*records[:key], record, *records[key + 1 :])
            elif record.state in machine.final:
                records = records.delete(key) if key in records else records
            else:
                records = records.set(key, record)
        if not stored:
            self._moment[slot] = records
        elif record.state in machine.final:
            self.set_memory(Drop(slot, key), slot, records)
        else:
            self.set_memory(Put(slot, key, record), slot, records)

    def obey(self, machine: Machine[Any, Any], key: object, order: Order) -> None:
        """Carry out what a row asks of the reducer."""
        match order:
            case Arm():
                self.arm(TimerKey(machine.name, order.timer, key), order.at)
            case ArmUtc():
                timer = TimerKey(machine.name, order.timer, key)
                self.disarm(timer)
                self._moment["dates"] = self.in_moment("dates").set(timer, UtcTime(order.at))
            case Disarm():
                self.disarm(TimerKey(machine.name, order.timer, key))
            case Put() | Drop() | Clear():
                self.store(order)
            case Configure():
                self.configure(order)

    # --- timers ---

    def arm(self, timer: TimerKey, at: Instant) -> None:
        """Set a timer, and no longer to what it was set before."""
        dates = self.in_moment("dates")
        if dates and timer in dates:
            self._moment["dates"] = dates.delete(timer)
        self._moment["timers"] = self.in_moment("timers").set(timer, at)

    def disarm(self, timer: TimerKey) -> None:
        """Stop a timer, if it runs."""
        for slot in ("timers", "dates"):
            armed = self.in_moment(slot)
            if armed and timer in armed:
                self._moment[slot] = armed.delete(timer)

    # --- Memory ---

    def store(self, change: Change) -> None:
        """Put a record into a collection of Memory, drop one, or drop them all."""
        records = self.in_memory(change.collection)
        if isinstance(change, Clear):
            records = Map()
        elif isinstance(change, Drop):
            records = records.delete(change.key)
        elif isinstance(records, Map):
            records = records.set(change.key, change.record)
        else:
            records = change.record
        self.set_memory(change, change.collection, records)

    def configure(self, order: Configure) -> None:
        """Set a key and tell of it. A value that the key does not take leaves it: who ordered has checked, or
        does not mind.
        """
        configuration = self.in_memory("configuration")
        key, changed = configuration.key(order.key), configuration.with_value(order.key, order.text)
        if key is None or isinstance(changed, Refusal) or changed is configuration:
            return
        text = canonical_text(changed.values[key.name.lower()])
        self.set_memory(Put("configuration", key.name, text), "configuration", changed)
        self.queue.append(ConfigurationChanged(key.name))
