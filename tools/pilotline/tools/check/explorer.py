"""Breadth-first search over the real `step`: every state that a scope can reach, and every promise in each.

Theory of operation: a node is a canonical state (see `canonical`). From each node the scope's players say what may
happen now; besides, a second may pass, or the time to the next deadline if that is less. A step that breaks a
property ends the search with the shortest way there, as breadth-first search finds it. When all is seen, the graph
is read backwards: from every node there must be a way to a station that is at rest.
"""

import gc
import time
from array import array
from collections import Counter as Tally
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import compress
from operator import attrgetter, is_not
from typing import Any, Final, NamedTuple, TypeAlias

from immutables import Map
from msgspec.structs import replace
from typing_extensions import override

from pilotline.core.effects import ReadMeter
from pilotline.core.events import CommitFailed, DeadlinePassed, External, MeterRead, PoweredUp, ResultReceived
from pilotline.core.properties import ALWAYS, Always
from pilotline.core.sightings import SOMETIMES, at_rest
from pilotline.core.state import Instant, Memory, Moment, State
from pilotline.core.step import Step, Taken, next_deadline, step
from pilotline.core.step_properties import ON_EVERY_STEP, OnEveryStep, about
from pilotline.tools.check.canonical import Canonical
from pilotline.tools.check.environment import READINGS, powered_up
from pilotline.tools.check.remembered import Remembered
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.story import Move, told

SECOND: Final = Instant(1000)
_collection: Final = attrgetter("collection")
_SLOTS: Final = (*Memory.__struct_fields__, *Moment.__struct_fields__)
_values: Final = attrgetter(
    *(
        f"{home}.{slot}"
        for home, of in (("memory", Memory), ("moment", Moment))
        for slot in of.__struct_fields__
    )
)
AT_ONCE_MAX: Final = 100
Binding: TypeAlias = tuple[str, str]
Key: TypeAlias = tuple[Memory, Moment]
Stepper: TypeAlias = Callable[[State | None, External, Instant], Step]


class Violation(NamedTuple):
    """A promise that was broken, and the shortest way to it."""

    promise: str
    section: str
    story: tuple[Move, ...]

    @override
    def __str__(self) -> str:
        return f'broken: "{self.promise}" ({self.section})\n{told(self.story)}'


class Report(NamedTuple):
    """What a search found."""

    scope: str
    states: int
    steps: int
    """Calls of `step`: the transitions, the events that changed nothing, and what the world did at once."""
    transitions: int
    depth: int
    seconds: float
    complete: bool
    fired: Tally[Binding]
    ignored: Tally[str]
    """Events that changed nothing, by their class."""
    unshown: tuple[str, ...]
    """What the scope must show and did not."""
    violation: Violation | None

    @property
    def rate(self) -> float:
        """Steps per second, with all that the search does around them."""
        return self.steps / self.seconds if self.seconds else 0.0


class _BrokenPromise(Exception):
    """The step that is being taken breaks a promise."""

    def __init__(self, promise: str, section: str) -> None:
        super().__init__(promise)
        self.promise, self.section = promise, section


class _Kind:
    """Steps that took the same bindings and did the same kinds of things: the promises they could break."""

    __slots__ = ("rules", "times")

    def __init__(self, rules: tuple[OnEveryStep, ...]) -> None:
        self.rules, self.times = rules, 0


def _left_out(scope: Scope) -> dict[str, Callable[[Any], Any]]:
    """By slot of the Moment, what this scope leaves of it."""
    forgets: dict[str, Callable[[Any], Any]] = {}
    if scope.inert:
        forgets["timers"] = lambda timers: Map(
            {timer: at for timer, at in timers.items() if (timer.machine, timer.timer) not in scope.inert}
        )
    if not scope.knows_reports:
        forgets["status_reports"] = lambda reports: tuple(replace(r, confirmed=None) for r in reports)
    if not scope.knows_answered:
        forgets["answered"] = lambda _: None
    return forgets


class Search:
    """One breadth-first search; `run` ends when all is seen, a promise is broken, or `states_max` is reached.

    `stepper` and `canonical` are what a test puts in the place of the real ones, to see that the search notices.
    """

    def __init__(
        self,
        scope: Scope,
        states_max: int = 1_000_000,
        *,
        stepper: Stepper | None = None,
        canonical: Callable[[State, int, State | None], State] | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.scope, self.states_max = scope, states_max
        self._kinds: dict[tuple[tuple[Taken, ...], object, object], _Kind] = {}  # by what a step has
        self.ignored: Tally[str] = Tally()
        self.steps = self.transitions = self.depth = 0
        self._step_of = stepper or partial(step, reacts=Remembered())
        self._canonical = canonical or Canonical(_left_out(scope))
        self._progress = progress
        self._prompts = {action: scope.answers.by_request()[action][0] for action in scope.prompt}
        self._node: State | None = None  # where the search is; every promise holds there
        self._node_values: tuple[object, ...] = ()
        self._promises: dict[tuple[bool, ...], tuple[Always, ...]] = {}  # by which slots have changed
        self._taking: list[External] = []  # the events of the move that is being tried
        self._ids: dict[Key, int] = {}
        self._came_by: list[tuple[int, Move]] = []  # parent and move, by id
        self._sources, self._targets = array("l"), array("l")
        self._resting: list[int] = []
        self._frontier: deque[tuple[State, int, int]] = deque()
        self._unseen = [sometimes for sometimes in SOMETIMES if sometimes.name in scope.shows]

    @property
    def visited(self) -> Collection[Key]:
        """Every state that was seen, canonical."""
        return self._ids.keys()

    @property
    def fired(self) -> Tally[Binding]:
        """How often each binding was taken, by whatever instance."""
        fired: Tally[Binding] = Tally()
        for (trace, _, _), kind in self._kinds.items():
            for machine, _, binding in trace:
                fired[machine, binding] += kind.times
        return fired

    def run(self) -> Report:
        """Search. The cycle collector sleeps meanwhile: states hold no cycles."""
        collecting = gc.isenabled()
        gc.disable()
        started = time.perf_counter()
        try:
            violation = self._search()
        finally:
            if collecting:
                gc.enable()
        return Report(
            self.scope.name,
            len(self._ids),
            self.steps,
            self.transitions,
            self.depth,
            time.perf_counter() - started,
            not self._frontier and violation is None,
            self.fired,
            self.ignored,
            tuple(sometimes.name for sometimes in self._unseen),
            violation,
        )

    def _search(self) -> Violation | None:
        boot = powered_up(self.scope.product, (False,) * (len(self.scope.product.connectors) + 1))
        at = -1
        try:
            self._visit(-1, *self._move(None, boot, Instant(0)), 0)
            while self._frontier and len(self._ids) < self.states_max:
                node, at, depth = self._frontier.popleft()
                self._node, self._node_values = node, _values(node)
                for move, target in self._moves(node):
                    self.transitions += 1
                    self._visit(at, move, target, depth + 1)
                if self._progress:
                    self._progress(len(self._ids), self.steps)
        except _BrokenPromise as broken:
            first, *at_once = self._taking
            last = Move(first, 0, tuple(at_once))
            return Violation(broken.promise, broken.section, (*self._story(at), last))
        return None if self._frontier else self._stranded()

    def _visit(self, parent: int, move: Move, state: State, depth: int) -> None:
        key = (state.memory, state.moment)
        known = self._ids.get(key)
        if known is None:
            self._hold_always(state)
            known = self._ids[key] = len(self._came_by)
            self._came_by.append((parent, move))
            self.depth = max(self.depth, depth)
            self._unseen = [sometimes for sometimes in self._unseen if not sometimes.holds(state)]
            if at_rest(state) or not self._followed(state):
                self._resting.append(known)
            if self._followed(state):
                self._frontier.append((state, known, depth))
        if parent >= 0:
            self._sources.append(parent)
            self._targets.append(known)

    def _followed(self, state: State) -> bool:
        return len(state.memory.outbox) <= self.scope.queue_max and all(
            len(report.due) <= self.scope.due_max for report in state.moment.status_reports
        )

    # --- moves ---

    def _moves(self, node: State) -> Iterator[tuple[Move, State]]:
        for player in self.scope.players:
            for event in player(node):
                yield from self._happens(node, event, Instant(0))
        due = next_deadline(node)
        if due is not None and due > SECOND:
            self._taking = []
            yield Move(None, SECOND), self._canonical(node, SECOND, None)
        elif due is not None:
            yield from self._happens(node, DeadlinePassed(), due)

    def _happens(self, node: State, event: External, now: Instant) -> Iterator[tuple[Move, State]]:
        self._taking = [event]
        taken = self._step(node, event, now)
        if not taken.trace and taken.state is node:
            self.ignored[type(event).__name__] += 1
            return
        yield self._arrived(taken, now, node)
        if taken.changes and not isinstance(event, PoweredUp):
            if self.scope.commits_fail:
                yield from self._not_stored(node, event, now)
            if self.scope.cuts_within:
                plugged = tuple(cable.state == "plugged" for cable in taken.state.moment.cables)
                self._taking = [event, powered_up(self.scope.product, plugged)]
                cut = self._step(taken.state, self._taking[1], now)
                yield self._arrived(cut, now)

    def _not_stored(self, node: State, event: External, now: Instant) -> Iterator[tuple[Move, State]]:
        failed = CommitFailed(event)
        self._taking = [failed]
        taken = self._step(node, failed, now)
        if taken.changes or taken.state.memory is not node.memory:
            raise _BrokenPromise("what could not be stored has not happened", "§3.7")
        if taken.state is not node:
            yield self._arrived(taken, now, node)

    def _move(self, state: State | None, event: External, now: Instant) -> tuple[Move, State]:
        self._taking = [event]
        return self._arrived(self._step(state, event, now), now)

    def _arrived(self, taken: Step, now: Instant, node: State | None = None) -> tuple[Move, State]:
        """The node a step leads to, once the world has done what it does at once in this scope."""
        state = self._read(taken, now)
        while (event := self._prompt(state)) is not None:
            state = self._at_once(state, event, now)
        first, *at_once = self._taking
        return Move(first, now, tuple(at_once)), self._canonical(state, now, node)

    def _at_once(self, state: State, event: External, now: Instant) -> State:
        self._hold_always(state)
        self._taking.append(event)
        if len(self._taking) > AT_ONCE_MAX:
            raise _BrokenPromise("what happens at once comes to an end", "ADR 0003")
        return self._read(self._step(state, event, now), now)

    def _read(self, taken: Step, now: Instant) -> State:
        """What a step leads to, once the meters that it asks have answered as far as they do so at once."""
        state = taken.state
        for effect in taken.effects:
            if type(effect) is ReadMeter and effect.context in self.scope.read_at_once:
                read = MeterRead(effect.connector, effect.transaction, effect.context, READINGS)
                state = self._at_once(state, read, now)
        return state

    def _prompt(self, state: State) -> External | None:
        call = state.moment.call
        if call.open is not None and call.open.action in self._prompts:
            answer = self._prompts[call.open.action]
            return ResultReceived(call.connection, call.open.message_id, answer)
        for player in self.scope.at_once:
            for event in player(state):
                return event
        return None

    # --- promises ---

    def _step(self, state: State | None, event: External, now: Instant) -> Step:
        """One step of the real thing, held against every promise."""
        self.steps += 1
        try:
            taken = self._step_of(state, event, now)
        except Exception as error:
            raise _BrokenPromise(f"a step never fails: {type(error).__name__} {error}", "ADR 0003") from error
        kind = (
            taken.trace,
            tuple(map(type, taken.effects)),
            tuple(map(_collection, taken.changes)),
        )
        known = self._kinds.get(kind)
        if known is None:
            has = about(taken)
            rules = tuple(rule for rule in ON_EVERY_STEP if not rule.about.isdisjoint(has))
            known = self._kinds[kind] = _Kind(rules)
        known.times += 1
        if state is not None:
            for rule in known.rules:
                if not rule.holds(state, taken):
                    raise _BrokenPromise(rule.name, rule.section)
        return taken

    def _hold_always(self, state: State) -> None:
        """What always holds is looked at where a state is new; a state that was seen held it then, and so did the
        node the search is at: what a promise is about has changed since, or it holds.
        """
        promises: Iterable[Always] = ALWAYS
        if self._node is not None:
            changed = tuple(map(is_not, _values(state), self._node_values))
            found = self._promises.get(changed)
            if found is None:
                slots = frozenset(compress(_SLOTS, changed))
                found = self._promises[changed] = tuple(p for p in ALWAYS if not p.about.isdisjoint(slots))
            promises = found
        for promise in promises:
            if not promise.holds(state):
                raise _BrokenPromise(promise.name, promise.section)

    def _stranded(self) -> Violation | None:
        """The first node from which there is no way to a station at rest; what is not followed counts as a way."""
        comes_from: list[list[int]] = [[] for _ in self._came_by]
        for source, target in zip(self._sources, self._targets, strict=True):
            comes_from[target].append(source)
        home, pending = bytearray(len(self._came_by)), list(self._resting)
        while pending:
            at = pending.pop()
            if not home[at]:
                home[at] = 1
                pending.extend(comes_from[at])
        lost = home.find(0)
        return (
            None if lost < 0 else Violation("there is always a way back to rest", "§4.9", self._story(lost))
        )

    def _story(self, at: int) -> tuple[Move, ...]:
        moves: list[Move] = []
        while at >= 0:
            at, move = self._came_by[at]
            moves.append(move)
        return tuple(reversed(moves))
