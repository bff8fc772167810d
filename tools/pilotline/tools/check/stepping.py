"""The real step at a node, and what it comes to: put together from rounds, of which each is remembered.

Theory of operation: a step is `begin`, rounds until nothing is raised any more, and the levels that are another then
(`pilotline.core.step`). A search meets the same rounds again and again in steps that are new, so each is remembered
by what it looked at, and so is the step that they make up. What a round writes is no longer the state's from before:
a later round that looks at it looks at nothing new.

Every promise about steps is held against each step that is new, or against each round that is. A search that is given a
stepper of its own takes that as it is.
"""

from collections import deque
from collections.abc import Callable, Iterable
from functools import cache
from itertools import chain, compress
from operator import attrgetter
from typing import Final, NamedTuple, TypeAlias

from msgspec.structs import astuple

from pilotline.core import levels
from pilotline.core.draft import Draft
from pilotline.core.effects import Change, Effect, ReadMeter
from pilotline.core.events import Event, External, MeterRead, PoweredUp
from pilotline.core.state import Instant, Moment, State
from pilotline.core.step import Step, Taken, begin, play, react, settle, step
from pilotline.core.step_properties import ON_EVERY_STEP, OnEveryStep, about
from pilotline.tools.check.broken import BrokenPromise
from pilotline.tools.check.canonical import Canonical
from pilotline.tools.check.environment import READINGS
from pilotline.tools.check.interned import (
    ALL,
    BITS,
    MASKS,
    MOMENT,
    PLACES,
    SLOTS,
    Interned,
    Node,
    Writes,
)
from pilotline.tools.check.remembered import Recalled, Remembered
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.watched import NOTHING, Looked, looked_at, watched, watched_both

Stepper: TypeAlias = Callable[[State | None, External, Instant], Step]
_collection: Final = attrgetter("collection")


FAILS: Final = "a step never fails"
"""The promise that is broken by an exception, which its name then tells, too."""
NOT_STORED: Final = "what could not be stored has not happened"


class Kind:
    """Steps that took the same bindings and did the same kinds of things: the promises they could break."""

    __slots__ = ("rules", "times", "trace")

    def __init__(self, trace: tuple[Taken, ...], rules: tuple[OnEveryStep, ...]) -> None:
        self.trace, self.rules, self.times = trace, rules, 0


class Decided(NamedTuple):
    """What a search needs to know of a step."""

    kind: Kind
    writes: Writes
    change: Recalled[Node]
    """The bits in which the representative of the node after it is another."""
    idle: bool
    """It took no binding and changed nothing."""
    commits: bool
    read_at_once: tuple[External, ...]
    """What the meters that it asks answer before anything else happens."""
    promises: Recalled[bool] | None = None
    """Holds those that it could break, by the node before it: raises if one is broken."""


class _Done(NamedTuple):
    """What was taken, is to be done and to be stored: alike for many rounds, and for many steps."""

    trace: tuple[Taken, ...]
    effects: tuple[Effect, ...]
    changes: tuple[Change, ...]


class _Shape(NamedTuple):
    """All rounds that looked at the same, wrote to the same and did the same."""

    looked: Looked
    written: int
    done: int
    """The number of what they did."""


class _Round(NamedTuple):
    """What one round came to."""

    writes: Writes
    raised: tuple[Remembered["_Round"], ...]
    shape: int
    """Its number."""


class _Ordered(NamedTuple):
    """The levels that are another: what is to be done, by its number, and what decided it in the state before."""

    done: int
    looked: Looked


class _Course:
    """All steps whose rounds were of the same shapes."""

    __slots__ = ("done", "keeps", "levels", "looked", "paths", "written")

    def __init__(self, shapes: list[_Shape], levels: Callable[[int], Recalled[_Ordered]]) -> None:
        notes = _Notes()
        for shape in shapes:
            notes.after(shape.looked)
            notes.written |= shape.written
        self.looked, self.written, self.keeps = notes.looked, notes.written, ALL ^ notes.written
        self.done = [shape.done for shape in shapes]
        self.levels = levels(self.written)
        self.paths: dict[_Ordered, _Path] = {}


class _Path(NamedTuple):
    """All steps of a course that order the same levels."""

    kind: Kind
    idle: bool
    commits: bool
    read_at_once: tuple[External, ...]
    promises: Callable[[Node], Recalled[bool]] | None
    """Holds what is promised of a step that wrote these bits."""
    looked: Looked


class Steps:
    """The steps of one search. `stepper` is what a test puts in the place of the real one."""

    def __init__(
        self, scope: Scope, interned: Interned, canonical: Canonical, stepper: Stepper | None
    ) -> None:
        self._scope, self._interned, self._canonical, self._stepper = scope, interned, canonical, stepper
        self._rounds: dict[tuple[Event, Instant], Remembered[_Round]] = {}
        self._levels: dict[tuple[int, bool], Recalled[_Ordered]] = {}
        self._done: dict[_Done, int] = {}
        self._shapes: dict[_Shape, int] = {}
        self._held: dict[tuple[str, int], Recalled[Looked]] = {}
        self._courses: dict[tuple[bool, tuple[int, ...]], _Course] = {}
        self._by_round = tuple(rule for rule in ON_EVERY_STEP if rule.by_round)
        self.kinds: dict[object, Kind] = {}  # by what a step has

    def at(self, event: External, now: Instant) -> Remembered[Decided]:
        """What an event comes to at an instant."""
        if self._stepper is not None:
            return Remembered(lambda node: self._taken_as_it_is(node, event, now))
        is_boot = isinstance(event, PoweredUp)
        boot = Remembered(lambda node: self._begun(node, event, now))
        first = boot if is_boot else self._round(event, now)
        return Remembered(lambda node: self._of_rounds(node, first, now, is_boot=is_boot))

    def first(self, event: External) -> tuple[Node, Decided]:
        """The step of a station that never ran before."""
        taken = (self._stepper or step)(None, event, Instant(0))
        node, kind = self._interned.node(taken.state), self._kind_of(_done_by(taken))
        writes = Writes(ALL, 0, node)
        change = self._canonical.change(0, ALL)
        return node, Decided(kind, writes, change, False, bool(taken.changes), self._asked(taken.effects))

    # --- rounds ---

    def _round(self, event: Event, now: Instant) -> Remembered[_Round]:
        known = self._rounds.get((event, now))
        if known is None:
            known = self._rounds[event, now] = Remembered(lambda node: self._played(node, event, now))
        return known

    def _played(self, node: Node, event: Event, now: Instant) -> tuple[_Round, Looked]:
        def played(state: State) -> tuple[State, Draft]:
            draft = Draft(state, now)
            play(draft, event, react)
            return state, draft

        (before, draft), looked = watched(self._interned, node, played)
        return self._as_round(before, draft, looked, map(PLACES.__getitem__, draft.touched)), looked

    def _begun(self, node: Node, event: External, now: Instant) -> tuple[_Round, Looked]:
        """What a boot makes of the Memory; nothing of a Moment is carried on."""

        def begun(state: State) -> tuple[State, Draft]:
            return state, begin(state, event, now)

        (before, draft), looked = watched(self._interned, node, begun)
        return self._as_round(before, draft, looked, _replaced(before, draft.state)), looked

    def _as_round(self, before: State, draft: Draft, looked: Looked, written: Iterable[int]) -> _Round:
        done = _Done(tuple(draft.trace), tuple(draft.effects), tuple(draft.changes))
        has = about(*done)
        for rule in self._by_round:
            if not rule.about.isdisjoint(has):
                _hold(rule, before, Step(draft.state, done.effects, done.changes, done.trace))
        raised = tuple([self._round(event, draft.now) for event in draft.queue])
        writes = self._interned.writes(draft.state, written)
        shape = _Shape(looked, writes.mask, self._number(done))
        return _Round(writes, raised, self._shapes.setdefault(shape, len(self._shapes)))

    # --- a step ---

    def _of_rounds(
        self, node: Node, first: Remembered[_Round], now: Instant, *, is_boot: bool
    ) -> tuple[Decided, Looked]:
        queue, shapes, after = deque([first]), list[int](), node

        def play_one(one: Remembered[_Round]) -> None:
            nonlocal after
            writes, raised, shape = one(after)
            after = after & writes.keeps | writes.bits
            shapes.append(shape)
            queue.extend(raised)

        try:
            settle(queue, play_one)
        except Exception as error:
            raise _failed(error) from error
        course = self._course(is_boot, tuple(shapes))
        ordered = course.levels(node | after << BITS)
        path = course.paths.get(ordered) or self._path(course, ordered)
        writes = Writes(course.written, course.keeps, after & course.written)
        promises = path.promises(writes.bits) if path.promises else None
        change = self._canonical.change(now, course.written)
        decided = Decided(path.kind, writes, change, path.idle, path.commits, path.read_at_once, promises)
        return decided, path.looked

    def _course(self, is_boot: bool, shapes: tuple[int, ...]) -> _Course:
        course = self._courses.get((is_boot, shapes))
        if course is None:
            every = list(self._shapes)
            found = [every[shape] for shape in shapes]
            course = _Course(found, lambda written: self._ordered(written, is_boot=is_boot))
            self._courses[is_boot, shapes] = course
        return course

    def _path(self, course: _Course, ordered: _Ordered) -> _Path:
        every = list(self._done)
        parts = zip(*[every[number] for number in (*course.done, ordered.done)], strict=True)
        done = _Done(*map(tuple, map(chain.from_iterable, parts)))
        kind = self._kind_of(done)
        rules = tuple(rule for rule in kind.rules if not rule.by_round)
        promises = self._promises(rules, done, course) if rules else None
        notes = _Notes(course.looked)
        notes.before(ordered.looked)
        idle = not kind.trace and not course.written
        read_at_once = self._asked(done.effects)
        path = _Path(kind, idle, bool(done.changes), read_at_once, promises, notes.looked)
        course.paths[ordered] = path
        return path

    def _promises(
        self, rules: tuple[OnEveryStep, ...], done: _Done, course: _Course
    ) -> Callable[[Node], Recalled[bool]]:
        """Holds what is promised of steps that did this, each promise by what it looks at itself."""
        number = self._number(done)
        each = [self._promise(rule, done, number) for rule in rules]

        @cache
        def of(bits: Node) -> Recalled[bool]:
            def held(node: Node) -> tuple[bool, Looked]:
                pair = node | (node & course.keeps | bits) << BITS
                places = dict.fromkeys(chain.from_iterable([promise(pair).places for promise in each]))
                return True, _of_before(tuple(places), course.written)

            return Recalled(held)

        return of

    def _promise(self, rule: OnEveryStep, done: _Done, number: int) -> Recalled[Looked]:
        """What a promise looked at, in the state before a step and in the one after it; it raises if it is broken."""
        known = self._held.get((rule.name, number))
        if known is None:

            def hold(before: State, after: State) -> None:
                _hold(rule, before, Step(after, done.effects, done.changes, done.trace))

            def held(pair: Node) -> tuple[Looked, Looked]:
                _, looked = watched_both(self._interned, pair, hold)
                return looked, looked

            known = self._held[rule.name, number] = Recalled(held)
        return known

    def _ordered(self, written: int, *, is_boot: bool) -> Recalled[_Ordered]:
        """The levels that are another where this was written, by a pair of nodes."""
        known = self._levels.get((written, is_boot))
        if known is None:
            touched = frozenset(compress(SLOTS, [mask & written for mask in MASKS]))

            def ordered(pair: Node) -> tuple[_Ordered, Looked]:
                found, looked = watched_both(
                    self._interned,
                    pair,
                    lambda old, new: levels.commands(None if is_boot else old, new, touched),
                )
                done = self._number(_Done((), tuple(found), ()))
                return _Ordered(done, _of_before(looked.places, written)), looked

            known = self._levels[written, is_boot] = Recalled(ordered)
        return known

    def _number(self, done: _Done) -> int:
        return self._done.setdefault(done, len(self._done))

    def _asked(self, effects: Iterable[Effect]) -> tuple[External, ...]:
        return tuple(
            MeterRead(effect.connector, effect.transaction, effect.context, READINGS)
            for effect in effects
            if type(effect) is ReadMeter and effect.context in self._scope.read_at_once
        )

    def _kind_of(self, done: _Done) -> Kind:
        has = (done.trace, tuple(map(type, done.effects)), tuple(map(_collection, done.changes)))
        kind = self.kinds.get(has)
        if kind is None:
            rules = tuple(rule for rule in ON_EVERY_STEP if not rule.about.isdisjoint(about(*done)))
            kind = self.kinds[has] = Kind(done.trace, rules)
        return kind

    # --- a stepper of its own ---

    def _taken_as_it_is(self, node: Node, event: External, now: Instant) -> tuple[Decided, Looked]:
        def taken_as_it_is(state: State) -> tuple[State, Kind, Step]:
            try:
                taken = (self._stepper or step)(state, event, now)
            except Exception as error:
                raise _failed(error) from error
            kind = self._kind_of(_done_by(taken))
            for rule in kind.rules:
                _hold(rule, state, taken)
            return state, kind, taken

        (before, kind, taken), looked = watched(self._interned, node, taken_as_it_is)
        writes = self._interned.writes(taken.state, _replaced(before, taken.state))
        idle = not taken.trace and not writes.mask
        change = self._canonical.change(now, writes.mask)
        return Decided(kind, writes, change, idle, bool(taken.changes), self._asked(taken.effects)), looked


class _Notes:
    """What a step has looked at so far in the state before it, in order, and what it has written."""

    __slots__ = ("_mask", "_places", "written")

    def __init__(self, looked: Looked = NOTHING) -> None:
        self._places, self._mask = list(looked.places), looked.mask
        self.written = 0

    @property
    def looked(self) -> Looked:
        return Looked(tuple(self._places), self._mask)

    def before(self, looked: Looked) -> None:
        """Looked at in the state before the step."""
        self._add(looked, looked.mask & ~self._mask)

    def after(self, looked: Looked) -> None:
        """Looked at in the state as it has become: what was written is not of the state before."""
        self._add(looked, looked.mask & ~(self._mask | self.written))

    def _add(self, looked: Looked, new: int) -> None:
        if new:
            self._places.extend([place for place in looked.places if MASKS[place] & new])
            self._mask |= new


@cache
def _of_before(places: tuple[int, ...], written: int) -> Looked:
    """What was looked at in a pair of nodes, as what it is in the first: what was written is not of it."""
    slots = len(SLOTS)
    places = tuple([place % slots for place in places if place < slots or not MASKS[place - slots] & written])
    return looked_at(dict.fromkeys(places))


def _done_by(taken: Step) -> _Done:
    return _Done(taken.trace, taken.effects, taken.changes)


def _hold(rule: OnEveryStep, before: State, taken: Step) -> None:
    if not rule.holds(before, taken):
        raise BrokenPromise(rule.name, rule.section)


def _failed(error: Exception) -> Exception:
    if isinstance(error, BrokenPromise):
        return error
    return BrokenPromise(f"{FAILS}: {type(error).__name__} {error}", "ADR 0003")


def _replaced(before: State, after: State) -> list[int]:
    """The slots of a state that are not those from before."""
    if after is before:
        return []
    was = (*astuple(before.memory), *astuple(before.moment))
    held = (*astuple(after.memory), *astuple(after.moment))
    anew = type(after.moment) is Moment  # made by this step: nothing in it was carried on
    return [
        place for place in range(len(SLOTS)) if held[place] is not was[place] or (anew and place in MOMENT)
    ]
