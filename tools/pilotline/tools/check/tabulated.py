"""A scope as tables of small numbers: what each machine's rows come to, row by row.

Theory of operation: a component is a machine. What it does in a round follows from the event and from the slots that
it owns or declares to read; each such combination is a row. It is found once, by asking the machine's own guards and
actions, and is numbers from then on: the slots it writes, its orders to collections, the events it raises, the message
it sends. Likewise the world (by the slots a player looks at), a boot (by Memory), deadlines (by the timers), and what
is the same as what (`settled`). Time is counted from the present.

`step` and `Search` are not asked: rounds, orders, cuts and what happens at once are put together anew from the tables,
in Python (`recomposed`) and by SPIN (`promela_model`). All of them have to find the same states.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, Final, NamedTuple, cast

from immutables import Map

from pilotline.core import timers
from pilotline.core.declared import MACHINES
from pilotline.core.draft import Draft
from pilotline.core.effects import Arm, Disarm, Drop, Effect, Put, ReadMeter, SendCall
from pilotline.core.events import (
    BadCallReceived,
    CallReceived,
    CallTimedOut,
    DeadlinePassed,
    ErrorReceived,
    Event,
    External,
    Internal,
    PoweredUp,
    ResultReceived,
)
from pilotline.core.machines.outbox import message_id_of
from pilotline.core.state import Boot, Call, State, TimerKey
from pilotline.core.statechart import Machine
from pilotline.core.step import Reaction, begin, next_deadline, reaction
from pilotline.core.subscriptions import Subscription, listeners
from pilotline.tools.check.environment import ENTROPY, Player
from pilotline.tools.check.explorer import NOW, SECOND
from pilotline.tools.check.interned import IN_MEMORY, PLACES, SLOTS
from pilotline.tools.check.looked_at import LookedSlice, Offer, World, place_of
from pilotline.tools.check.numbered import CALL, OUTBOX, TIMERS, Key, Numbered, Slots
from pilotline.tools.check.queue_variants import OURS, Variant
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.settled import Settled, Write

NOTHING, ANSWERED, FAILED = range(3)
"""What the Central System has said of the transaction message that it was sent: an error and silence are a failure."""
KEPT, OLDEST_GONE, LOST = range(3)
"""What became of the messages that waited: all are there; the oldest is gone, and no other; any other is gone."""


class NotInTheModel(Exception):
    """The scope has something that is not made into tables."""


class Row(NamedTuple):
    """What a component does in a round."""

    writes: tuple[Write, ...]
    """Slots (places), and what they hold from now on."""
    orders: tuple[Write, ...]
    """Collections (places), and what is to be done to what they hold by then."""
    raised: tuple[int, ...]
    sends: int
    """The transaction message that goes out; 0: none."""


class Booted(NamedTuple):
    """What a boot begins with, the events that open it, and what became of the messages that waited."""

    node: Key
    raised: tuple[int, ...]
    became: int


class Fired(NamedTuple):
    """What is due after so many ms: an event, and the timers that are left; no event (0): time only passes."""

    after_ms: int
    raised: int
    timers: int
    said: int


class Order(NamedTuple):
    """To set an item of a collection, to take it out (no value), or to clear it (no key)."""

    key: Any
    value: Any = None


class Tables:
    """The tables of a scope, or of a variant in it; they are filled where they are asked."""

    def __init__(self, scope: Scope, variant: Variant = OURS) -> None:
        if scope.commits_fail or scope.cuts_within:
            raise NotInTheModel(f"{scope.name}: the store that fails, and cuts within a step")
        self.scope, self.variant = scope, variant
        self.slots = Slots(scope.product)
        self.settled = Settled(scope, self.slots)
        self.events: Numbered[Event] = Numbered()
        self.orders: Numbered[tuple[Order, ...]] = Numbered()
        self.messages: Numbered[str] = Numbered()
        self.rows: dict[str, dict[tuple[int, Key], Row]] = defaultdict(dict)
        """By machine; by event and what the slots of `reads` hold."""
        self.reads: dict[str, Key] = {}
        self.looks: dict[tuple[str, int], set[int]] = {}
        """By machine and event, the slots that its rows did look at, its own among them."""
        self.carried: dict[int, dict[Write, int]] = defaultdict(dict)
        """By collection; by what it holds and the order."""
        self.became: dict[Write, int] = {}
        """By what the outbox held, and what it holds then."""
        self.boots: dict[tuple[int, Key], Booted] = {}
        """By the event and Memory."""
        self.fired: dict[Write, Fired | None] = {}
        """By timers and the open call."""
        self.players = [self._world(self._offered(player)) for player in scope.players]
        self.at_once = [self._world(play) for play in (self._prompted, *map(self._first, scope.at_once))]
        """The first that offers anything does so before anything else may happen."""

    # --- components ---

    def components(self, event: int) -> tuple[Subscription, ...]:
        """Whose rows are asked, in declared order."""
        return listeners(self.events[event])

    def row(self, component: Subscription, event: int, node: Key) -> Row:
        """What a machine does in a round."""
        name = component.machine.name
        if name not in self.reads:
            self.reads[name] = _read_by(component.machine)
        key = event, tuple([node[place] for place in self.reads[name]])
        row = self.rows[name].get(key)
        if row is None:
            row = self.rows[name][key] = self._found(component, event, node)
        return row

    def _found(self, component: Subscription, event: int, node: Key) -> Row:
        state, happened = self.slots.state(node), self.events[event]
        name, reactions = component.machine.name, list[Reaction]()
        seen = self.looks.setdefault((name, event), {PLACES[component.machine.slot]})
        for key, own in component.meant(state, happened):
            reads: Any = LookedSlice(component.slice(state, key), component.machine.sources, seen)
            binding = component.machine.pick(own, reads, happened)
            if binding is not None:
                found = reaction(component.machine, key, own, reads, binding, happened, NOW)
                reactions.append(self.variant.reacts(state, found) if name == "outbox" else found)
        return self._row(reactions, node)

    def _row(self, reactions: list[Reaction], node: Key) -> Row:
        written: dict[int, Any] = {}
        orders: dict[int, list[Order]] = defaultdict(list)
        raised: list[int] = []
        sends = 0

        def write(place: int, key: Any, record: Any) -> None:
            held = written.get(place, self.slots.value(place, node[place]))
            if isinstance(held, Map) or SLOTS[place] in SHARED:
                orders[place].append(Order(key, record))
            elif isinstance(held, tuple):
                written[place] = (*held[:key], record, *held[key + 1 :])
            else:
                written[place] = record

        for machine, key, _, record, disarmed, outputs in reactions:
            if record is not None:
                write(PLACES[machine.slot], key, None if record.state in machine.final else record)
            orders[TIMERS] += [Order(timer) for timer in disarmed]
            for output in outputs:
                match output:
                    case Internal() | External():
                        raised.append(self.events(output))
                    case Put():
                        write(PLACES[output.collection], output.key, output.record)
                    case Drop():
                        write(PLACES[output.collection], output.key, None)
                    case Arm():
                        orders[TIMERS].append(Order(TimerKey(machine.name, output.timer, key), output.at))
                    case Disarm():
                        orders[TIMERS].append(Order(TimerKey(machine.name, output.timer, key)))
                    case ReadMeter() if output.context in self.scope.read_at_once:
                        raise NotInTheModel(f"a meter that is read at once ({output.context})")
                    case SendCall() if record is not None and record.open.by.machine == "outbox":
                        sends = self._sent(output.message_id)
                    case Effect():
                        pass
                    case _:
                        raise NotInTheModel(f"{machine.name} orders {output!r}")
        return Row(
            tuple([(place, self.slots.number(place, value)) for place, value in written.items()]),
            tuple([(place, self.orders(tuple(found))) for place, found in orders.items() if found]),
            tuple(raised),
            sends,
        )

    def _sent(self, message_id: str) -> int:
        """One that has waited for its turn has an id as good as any other (`canonical`): which it is cannot be told."""
        if "-q" not in message_id:
            raise NotInTheModel("a message that waits for its turn while something happens")
        return self.messages(message_id)

    def carried_out(self, place: int, held: int, order: int) -> int:
        """What a collection holds after an order."""
        known = self.carried[place].get((held, order))
        if known is None:
            items = self.slots.value(place, held)
            for key, value in self.orders[order]:
                if isinstance(items, tuple):
                    items = (*items[:key], value, *items[key + 1 :])
                elif value is not None:
                    items = items.set(key, value)
                elif key in items:
                    items = items.delete(key)
            known = self.carried[place][held, order] = self.slots.number(place, items)
        return known

    # --- the messages that wait ---

    def what_became(self, before: int, after: int) -> int:
        """What became of the messages that waited."""
        if (before, after) not in self.became:
            old, new = self.waiting(before), self.waiting(after)
            gone = [message for message in old if message not in new]
            became = KEPT if not gone else OLDEST_GONE if gone == old[:1] else LOST
            self.became[before, after] = became
        return self.became[before, after]

    def outboxes(self) -> range:
        """All that the outbox ever held."""
        return range(self.slots.count(OUTBOX))

    def waiting(self, outbox: int) -> list[int]:
        """The messages in the order of their recording."""
        entries = sorted(self.slots.value(OUTBOX, outbox).values(), key=lambda entry: entry.number)
        return [self.messages(message_id_of(entry, Boot(entropy=ENTROPY))) for entry in entries]

    def used_up(self, outbox: int) -> bool:
        """Whether the oldest was sent as often as it may be, this time included (§3.7.1)."""
        entries = self.slots.value(OUTBOX, outbox).values()
        oldest = min(entries, key=lambda entry: entry.number, default=None)
        most = self.scope.product.factory_configuration.integer("TransactionMessageAttempts", 1)
        return oldest is not None and oldest.attempts + 1 >= most

    # --- power and time ---

    def first_boot(self, event: PoweredUp) -> Booted:
        """The station as it leaves the factory."""
        return self._booted(begin(None, event, NOW))

    def boot(self, event: int, node: Key) -> Booted:
        """Memory is kept, the Moment is made anew."""
        key = event, node[:IN_MEMORY]
        if key not in self.boots:
            memory = self.variant.wakes(self.slots.state(node).memory)
            booted = self._booted(begin(memory, cast("PoweredUp", self.events[event]), NOW))
            self.boots[key] = booted._replace(became=self.what_became(node[OUTBOX], booted.node[OUTBOX]))
        return self.boots[key]

    def _booted(self, draft: Draft) -> Booted:
        return Booted(self.slots.node(draft.state), tuple(map(self.events, draft.queue)), KEPT)

    def due(self, node: Key) -> Fired | None:
        """What the next deadline brings, or a second of waiting for it; None: nothing is awaited."""
        key = node[TIMERS], node[CALL]
        if key not in self.fired:
            self.fired[key] = self._fired(node)
        return self.fired[key]

    def _fired(self, node: Key) -> Fired | None:
        state = self.slots.state(node)
        if state.moment.dates:
            raise NotInTheModel("what has a date")
        due = next_deadline(state)
        if due is None:
            return None
        if due > SECOND:
            return Fired(SECOND, 0, 0, NOTHING)
        event = DeadlinePassed()
        draft = Draft(self.slots.state(self.settled.after(due, node)), NOW, event)
        timers.fire(draft, event)
        draft.end_round()
        raised = draft.queue.pop()
        silent = isinstance(raised, CallTimedOut) and _is_for_the_outbox(state.moment.call)
        left = self.slots.number(TIMERS, draft.state.moment.timers)
        return Fired(due, self.events(raised), left, FAILED if silent else NOTHING)

    # --- the world ---

    def _world(self, play: Callable[[State], tuple[Offer, ...]]) -> World:
        return World(self.slots, play)

    def _offered(self, player: Player) -> Callable[[State], tuple[Offer, ...]]:
        return lambda state: tuple([self._offer(state, event) for event in player(state)])

    def _prompted(self, state: State) -> tuple[Offer, ...]:
        """What the Central System answers at once."""
        call = state.moment.call
        if call.open is None or call.open.action not in self.scope.prompt:
            return ()
        answer = self.scope.answers.by_request()[call.open.action][0]
        return (self._offer(state, ResultReceived(call.connection, call.open.message_id, answer)),)

    def _first(self, player: Player) -> Callable[[State], tuple[Offer, ...]]:
        return lambda state: tuple([self._offer(state, event) for event in [*player(state)][:1]])

    def _offer(self, state: State, event: External) -> Offer:
        said = NOTHING
        if isinstance(event, CallReceived | BadCallReceived):
            raise NotInTheModel(
                f"{self.scope.name}: calls of the Central System, which decision tables answer"
            )
        if isinstance(event, ResultReceived | ErrorReceived):
            call = state.moment.call
            if call.open is not None and event.message_id == call.open.message_id:
                meant = _is_for_the_outbox(call)
            else:
                oldest = min(state.memory.outbox.values(), key=lambda entry: entry.number)
                meant = event.message_id == message_id_of(oldest, state.memory.boot)
            said = (ANSWERED if isinstance(event, ResultReceived) else FAILED) if meant else NOTHING
        return Offer(self.events(event), said)

    def followed(self, node: Key) -> bool:
        """Whether the scope goes on from here."""
        state = self.slots.state(node)
        return len(state.memory.outbox) <= self.scope.queue_max and all(
            len(report.due) <= self.scope.due_max for report in state.moment.status_reports
        )


SHARED: Final = frozenset(slot for slot, owners in Counter(m.slot for m in MACHINES).items() if owners > 1)
"""The slots in which more than one machine keeps its records."""


def _is_for_the_outbox(call: Call) -> bool:
    return call.open is not None and call.open.by.machine == "outbox"


def _read_by(machine: Machine[Any, Any]) -> Key:
    """The slots of a machine's row: its own and what it declares to read."""
    places = {place_of(source) for source in machine.sources.values()} | {PLACES[machine.slot]}
    return tuple(sorted(place for place in places if place is not None))
