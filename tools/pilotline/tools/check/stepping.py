"""The real step at a node, and what it comes to: put together from rounds, of which each is remembered.

Theory of operation: a step is `begin`, rounds until nothing is raised any more, and the levels that are another then
(`pilotline.core.step`). A search meets the same rounds again and again in steps that are new, so each is remembered
by what it looked at, and so is the step that they make up. What a round writes is no longer the state's from before:
a later round that looks at it looks at nothing new.

Every promise about steps is held against each step that is new. A search that is given a stepper of its own takes that
as it is.
"""

from collections import deque
from collections.abc import Callable, Iterable
from itertools import chain
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias

from msgspec.structs import astuple

from pilotline.core import levels
from pilotline.core.effects import Change, Effect, ReadMeter
from pilotline.core.events import Event, External, MeterRead, PoweredUp
from pilotline.core.levels import LEVELS, Level
from pilotline.core.state import Instant, Moment, State
from pilotline.core.step import Step, Taken, begin, play, react, settle, step
from pilotline.core.draft import Draft
from pilotline.core.step_properties import ON_EVERY_STEP, OnEveryStep, about
from pilotline.tools.check.environment import READINGS
from pilotline.tools.check.interned import ALL, MASKS, MOMENT, PLACES, SLOTS, Interned, Node, Writes, all_of
from pilotline.tools.check.remembered import Recalled, Remembered, of_state
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.watched import Looked, watched, watched_both

Stepper: TypeAlias = Callable[[State | None, External, Instant], Step]
_collection: Final = attrgetter("collection")
_STORAGE: Final = PLACES["storage"]


class BrokenPromise(Exception):
    """The step that is being taken breaks a promise."""

    def __init__(self, promise: str, section: str) -> None:
        super().__init__(promise)
        self.promise, self.section = promise, section


class Kind:
    """Steps that took the same bindings and did the same kinds of things: the promises they could break."""

    __slots__ = ("rules", "times", "trace")

    def __init__(self, trace: tuple[Taken, ...], rules: tuple[OnEveryStep, ...]) -> None:
        self.trace, self.rules, self.times = trace, rules, 0


class Decided(NamedTuple):
    """What a search needs to know of a step."""

    kind: Kind
    writes: Writes
    idle: bool
    """It took no binding and changed nothing."""
    commits: bool
    read_at_once: tuple[External, ...]
    """What the meters that it asks answer before anything else happens."""


class _Round(NamedTuple):
    """What one round came to."""

    looked: Looked
    writes: Writes
    raised: tuple[Remembered["_Round"], ...]
    effects: tuple[Effect, ...]
    changes: tuple[Change, ...]
    trace: tuple[Taken, ...]
    has: int
    """The number of all rounds that took the same bindings and did the same kinds of things."""


class Steps:
    """The steps of one search. `stepper` is what a test puts in the place of the real one."""

    def __init__(self, scope: Scope, interned: Interned, stepper: Stepper | None) -> None:
        self._scope, self._interned, self._stepper = scope, interned, stepper
        self._rounds: dict[tuple[Event, Instant], Remembered[_Round]] = {}
        self._boots: dict[tuple[External, Instant], Remembered[_Round]] = {}
        self._levels = {level: self._level(level) for level in LEVELS}
        self._is_failing = of_state(interned, levels.is_failing)
        self._has: dict[object, int] = {}
        self._kinds_by_rounds: dict[object, Kind] = {}
        self._slots: dict[int, frozenset[str]] = {}  # by mask
        self.kinds: dict[object, Kind] = {}  # by what a step has

    def at(self, event: External, now: Instant) -> Remembered[Decided]:
        """What an event comes to at an instant."""
        if self._stepper is not None:
            return Remembered(lambda node: self._taken_as_it_is(node, event, now))
        if isinstance(event, PoweredUp):
            first = self._boots[event, now] = Remembered(lambda node: self._begun(node, event, now))
        else:
            first = self._round(event, now)
        is_boot = isinstance(event, PoweredUp)
        return Remembered(lambda node: self._of_rounds(node, first, is_boot=is_boot))

    def first(self, event: External) -> tuple[Node, Decided]:
        """The step of a station that never ran before."""
        taken = (self._stepper or step)(None, event, Instant(0))
        node, kind = self._interned.node(taken.state), self._kind_of(taken)
        return node, self._decided(kind, Writes(ALL, 0, node), taken.trace, taken.effects, taken.changes)

    # --- rounds ---

    def _round(self, event: Event, now: Instant) -> Remembered[_Round]:
        known = self._rounds.get((event, now))
        if known is None:
            known = self._rounds[event, now] = Remembered(lambda node: self._played(node, event, now))
        return known

    def _played(self, node: Node, event: Event, now: Instant) -> tuple[_Round, Looked]:
        def played(state: State) -> Draft:
            draft = Draft(state, now)
            play(draft, event, react)
            return draft

        draft, looked = watched(self._interned, node, played)
        return self._as_round(draft, looked, map(PLACES.__getitem__, draft.touched)), looked

    def _begun(self, node: Node, event: External, now: Instant) -> tuple[_Round, Looked]:
        """What a boot makes of the Memory; nothing of a Moment is carried on."""

        def begun(state: State) -> tuple[State, Draft]:
            return state, begin(state, event, now)

        (before, draft), looked = watched(self._interned, node, begun)
        return self._as_round(draft, looked, _replaced(before, draft.state)), looked

    def _as_round(self, draft: Draft, looked: Looked, written: Iterable[int]) -> _Round:
        trace, changes, effects = tuple(draft.trace), tuple(draft.changes), tuple(draft.effects)
        has = (trace, tuple(map(type, effects)), tuple(map(_collection, changes)))
        raised = tuple([self._round(event, draft.now) for event in draft.queue])
        writes = self._interned.writes(draft.state, written)
        number = self._has.setdefault(has, len(self._has))
        return _Round(looked, writes, raised, effects, changes, trace, number)

    # --- a step ---

    def _of_rounds(
        self, node: Node, first: Remembered[_Round], *, is_boot: bool
    ) -> tuple[Decided, Looked]:
        queue, rounds, after = deque([first]), list[_Round](), node

        def play_one(one: Remembered[_Round]) -> None:
            nonlocal after
            played = one(after)
            after = played.writes.into(after)
            rounds.append(played)
            queue.extend(played.raised)

        try:
            settle(queue, play_one)
        except Exception as error:
            raise _failed(error) from error
        notes = _Notes()
        for played in rounds:
            notes.add(played.looked)
            notes.written |= played.writes.mask
        commands = self._commands(node, after, notes, is_boot=is_boot)
        return self._concluded(node, after, rounds, commands, notes), notes.looked

    def _concluded(
        self, node: Node, after: Node, rounds: list[_Round], commands: list[Effect], notes: "_Notes"
    ) -> Decided:
        has = (tuple([played.has for played in rounds]), tuple(map(type, commands)))
        kind = self._kinds_by_rounds.get(has)
        trace = kind.trace if kind else tuple(chain.from_iterable([played.trace for played in rounds]))
        changes = tuple(chain.from_iterable([played.changes for played in rounds]))
        effects = (*chain.from_iterable([played.effects for played in rounds]), *commands)
        if kind is None:
            taken = Step(self._interned.state(after), effects, changes, trace)
            kind = self._kinds_by_rounds[has] = self._kind_of(taken)
        if kind.rules:
            _, before, afterwards = watched_both(
                self._interned, node, after, lambda old, new: _hold(kind, old, Step(new, effects, changes, trace))
            )
            notes.before(before)
            notes.add(afterwards)
        writes = all_of([played.writes for played in rounds])
        return self._decided(kind, writes, trace, effects, changes)

    def _level(self, level: Level) -> Recalled[tuple[tuple[Effect, ...], Looked]]:
        def commanded(node: Node) -> tuple[tuple[tuple[Effect, ...], Looked], Looked]:
            found = watched(self._interned, node, lambda state: levels.commanded(level, state))
            return found, found[1]

        return Recalled(commanded)

    def _commands(self, node: Node, after: Node, notes: "_Notes", *, is_boot: bool) -> list[Effect]:
        def commands_of(level: Level, at: Node) -> tuple[Effect, ...]:
            commands, looked = self._levels[level](at)
            notes.before(looked) if at is node else notes.add(looked)
            return commands

        notes.before((_STORAGE,))
        again = is_boot or self._is_failing(node) and not self._is_failing(after)
        touched = self._slots.get(notes.written)
        if touched is None:
            slots = [slot for slot, mask in zip(SLOTS, MASKS, strict=True) if mask & notes.written]
            touched = self._slots[notes.written] = frozenset(slots)
        return levels.changed(None if again else node, after, touched, commands_of)

    def _decided(
        self,
        kind: Kind,
        writes: Writes,
        trace: tuple[Taken, ...],
        effects: Iterable[Effect],
        changes: tuple[Change, ...],
    ) -> Decided:
        asked = [
            MeterRead(effect.connector, effect.transaction, effect.context, READINGS)
            for effect in effects
            if type(effect) is ReadMeter and effect.context in self._scope.read_at_once
        ]
        return Decided(kind, writes, not trace and not writes.mask, bool(changes), tuple(asked))

    def _kind_of(self, taken: Step) -> Kind:
        has = (taken.trace, tuple(map(type, taken.effects)), tuple(map(_collection, taken.changes)))
        kind = self.kinds.get(has)
        if kind is None:
            rules = tuple(rule for rule in ON_EVERY_STEP if not rule.about.isdisjoint(about(taken)))
            kind = self.kinds[has] = Kind(taken.trace, rules)
        return kind

    # --- a stepper of its own ---

    def _taken_as_it_is(self, node: Node, event: External, now: Instant) -> tuple[Decided, Looked]:
        def taken_as_it_is(state: State) -> tuple[State, Kind, Step]:
            try:
                taken = (self._stepper or step)(state, event, now)
            except Exception as error:
                raise _failed(error) from error
            kind = self._kind_of(taken)
            _hold(kind, state, taken)
            return state, kind, taken

        (before, kind, taken), looked = watched(self._interned, node, taken_as_it_is)
        writes = self._interned.writes(taken.state, _replaced(before, taken.state))
        return self._decided(kind, writes, taken.trace, taken.effects, taken.changes), looked


class _Notes:
    """What a step has looked at so far, in order, and what it has written."""

    __slots__ = ("_looked", "written")

    def __init__(self) -> None:
        self._looked: dict[int, None] = {}
        self.written = 0

    @property
    def looked(self) -> Looked:
        return tuple(self._looked)

    def before(self, places: Looked) -> None:
        """Looked at in the state before the step."""
        for place in places:
            self._looked[place] = None

    def add(self, places: Looked) -> None:
        """Looked at in the state as it has become."""
        for place in places:
            if not MASKS[place] & self.written:
                self._looked[place] = None


def _hold(kind: Kind, before: State, taken: Step) -> bool:
    for rule in kind.rules:
        if not rule.holds(before, taken):
            raise BrokenPromise(rule.name, rule.section)
    return True


def _failed(error: Exception) -> Exception:
    if isinstance(error, BrokenPromise):
        return error
    return BrokenPromise(f"a step never fails: {type(error).__name__} {error}", "ADR 0003")


def _replaced(before: State, after: State) -> list[int]:
    """The slots of a state that are not those from before."""
    if after is before:
        return []
    was = (*astuple(before.memory), *astuple(before.moment))
    held = (*astuple(after.memory), *astuple(after.moment))
    anew = type(after.moment) is Moment  # made by this step: nothing in it was carried on
    return [place for place in range(len(SLOTS)) if held[place] is not was[place] or (anew and place in MOMENT)]
