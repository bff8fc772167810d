"""What a step has decided so far, and the only ways in which it may go on."""

from collections import deque
from typing import Any, NamedTuple

from immutables import Map
from msgspec.structs import replace

from pilotline.core.effects import Arm, ArmUtc, Change, Configure, Disarm, Drop, Effect, Order, Put
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
    """The state as it has become, what is to be stored and done, and what was raised and not looked at yet."""

    __slots__ = ("changes", "effects", "now", "queue", "state", "trace")

    def __init__(self, state: State, now: Instant, *events: Event) -> None:
        self.state = state
        self.now = now
        self.queue: deque[Event] = deque(events)
        self.effects: list[Effect] = []
        self.changes: list[Change] = []
        self.trace: list[Taken] = []

    def set_moment(self, **slots: object) -> None:
        """Replace slots of the Moment."""
        state = self.state
        self.state = State(state.product, state.memory, replace(state.moment, **slots))

    def set_memory(self, change: Change, slot: str, value: object) -> None:
        """Replace a slot of Memory and list the change for the commit."""
        self.changes.append(change)
        state = self.state
        self.state = State(state.product, replace(state.memory, **{slot: value}), state.moment)

    def set_record(self, machine: Machine[Any, Any], key: Any, record: Any) -> None:
        """Replace the record of one instance; one that has come to a final state is gone."""
        slot, in_memory = machine.slot, machine.home == "memory"
        records = getattr(self.state.memory if in_memory else self.state.moment, slot)
        change: Change = Put(slot, key, record)
        if isinstance(records, Map):
            if record.state in machine.final:
                records = records.delete(key) if key in records else records
                change = Drop(slot, key)
            else:
                records = records.set(key, record)
        elif isinstance(records, tuple):
            records = (*records[:key], record, *records[key + 1 :])
        else:
            records = record
        if in_memory:
            self.set_memory(change, slot, records)
        else:
            self.set_moment(**{slot: records})

    def obey(self, machine: Machine[Any, Any], key: object, order: Order) -> None:
        """Carry out what a row asks of the reducer."""
        match order:
            case Arm():
                self.arm(TimerKey(machine.name, order.timer, key), order.at)
            case ArmUtc():
                timer = TimerKey(machine.name, order.timer, key)
                self.disarm(timer)
                self.set_moment(dates=self.state.moment.dates.set(timer, UtcTime(order.at)))
            case Disarm():
                self.disarm(TimerKey(machine.name, order.timer, key))
            case Put() | Drop():
                self.store(order)
            case Configure():
                self.configure(order)

    # --- timers ---

    def arm(self, timer: TimerKey, at: Instant) -> None:
        """Set a timer, and no longer to what it was set before."""
        if timer in self.state.moment.dates:
            self.disarm(timer)
        self.set_moment(timers=self.state.moment.timers.set(timer, at))

    def disarm(self, timer: TimerKey) -> None:
        """Stop a timer, if it runs."""
        moment = self.state.moment
        if timer in moment.timers:
            self.set_moment(timers=moment.timers.delete(timer))
        if timer in moment.dates:
            self.set_moment(dates=moment.dates.delete(timer))

    # --- Memory ---

    def store(self, change: Change) -> None:
        """Put a record into a collection of Memory, or drop one."""
        records = getattr(self.state.memory, change.collection)
        if isinstance(change, Drop):
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
        configuration = self.state.memory.configuration
        key, changed = configuration.key(order.key), configuration.with_value(order.key, order.text)
        if key is None or isinstance(changed, Refusal) or changed is configuration:
            return
        text = canonical_text(changed.values[key.name.lower()])
        self.set_memory(Put("configuration", key.name, text), "configuration", changed)
        self.queue.append(ConfigurationChanged(key.name))
