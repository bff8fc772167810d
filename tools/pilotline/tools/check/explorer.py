"""Breadth-first search over the real `step`: every state that a scope can reach, and every promise in each.

Theory of operation: a node is a canonical state (see `canonical`), by the numbers of what its slots hold. From each
node the scope's players say what may happen now; besides, a second may pass, or the time to the next deadline if that
is less. All that is asked of a state is a pure function, and remembered by what it looked at. A step that breaks a
property ends the search with the shortest way there, as breadth-first search finds it. When all is seen, the graph is
read backwards: from every node there must be a way to a station that is at rest.
"""

import gc
import time
from array import array
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import compress
from operator import attrgetter, ne
from typing import Any, Final, NamedTuple, TypeAlias

from immutables import Map
from msgspec.structs import replace
from typing_extensions import override

from pilotline.core.effects import ReadMeter
from pilotline.core.events import CommitFailed, DeadlinePassed, External, MeterRead, PoweredUp, ResultReceived
from pilotline.core.properties import ALWAYS
from pilotline.core.sightings import SOMETIMES, at_rest
from pilotline.core.state import Instant, State
from pilotline.core.step import Step, Taken, next_deadline, step
from pilotline.core.step_properties import ON_EVERY_STEP, OnEveryStep, about
from pilotline.tools.check.canonical import Canonical
from pilotline.tools.check.environment import READINGS, powered_up
from pilotline.tools.check.interned import SLOTS, Interned, Node, Writes, written
from pilotline.tools.check.remembered import Remembered, Rounds
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.story import Move, told

SECOND: Final = Instant(1000)
NOW: Final = Instant(0)
AT_ONCE_MAX: Final = 100
_collection: Final = attrgetter("collection")
Binding: TypeAlias = tuple[str, str]
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


class _Decided(NamedTuple):
    """What a search needs to know of a step."""

    kind: _Kind
    writes: Writes
    idle: bool
    """It took no binding and changed nothing."""
    commits: bool
    read_at_once: tuple[External, ...]
    """What the meters that it asks answer before anything else happens."""


class _Happening(NamedTuple):
    """Something that may happen, and when."""

    event: External
    now: Instant
    step: Remembered[_Decided]
    not_stored: "Remembered[_Decided] | None"
    """The step on its CommitFailed, in a scope whose store may fail."""


def _left_out(scope: Scope) -> dict[str, Callable[[Any], Any]]:
    """By slot of the Moment, what this scope leaves of it."""
    forgets: dict[str, Callable[[Any], Any]] = {}
    if scope.inert:
        forgets["timers"] = lambda timers: Map(
            {timer: at for timer, at in timers.items() if (timer.machine, timer.timer) not in scope.inert}
        )
    if not scope.knows_origins:
        forgets["transactions"] = lambda transactions: Map(
            {number: replace(t, began=None, charged=None) for number, t in transactions.items()}
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
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.scope, self.states_max = scope, states_max
        self.ignored: Tally[str] = Tally()
        self.steps = self.transitions = self.depth = 0
        self._step_of, self._progress = stepper or partial(step, reacts=Rounds()), progress
        self._kinds: dict[tuple[tuple[Taken, ...], object, object], _Kind] = {}  # by what a step has
        self._prompts = {action: scope.answers.by_request()[action][0] for action in scope.prompt}
        self._interned = Interned(scope.product)
        self._canonical = Canonical(self._interned, _left_out(scope))
        self._happenings: dict[tuple[External, Instant], _Happening] = {}
        self._players = tuple(self._remembered(self._what_may_happen(player)) for player in scope.players)
        self._at_once = self._remembered(self._what_is_prompted) if scope.prompt or scope.at_once else None
        self._deadline = self._remembered(lambda state: (next_deadline(state),))
        self._is_rest = self._remembered(at_rest)
        self._is_followed = self._remembered(self._followed)
        self._promises = tuple((promise, self._remembered(promise.holds)) for promise in ALWAYS)
        self._node: Node = ()  # where the search is; every promise holds there
        self._about: dict[tuple[bool, ...], tuple[Any, ...]] = {}  # promises, by which slots have changed
        self._taking: list[External] = []  # the events of the move that is being tried
        self._ids: dict[Node, int] = {}
        self._nodes: list[Node] = []  # by id
        self._moves_known: dict[Move, int] = {}
        self._parents, self._came_by = array("i"), array("i")  # by id
        self._sources, self._targets = array("i"), array("i")
        self._resting: list[int] = []
        self._unfollowed: set[int] = set()
        self._unseen = [sometimes for sometimes in SOMETIMES if sometimes.name in scope.shows]

    def _remembered(self, decide: Callable[[State], Any]) -> Remembered[Any]:
        return Remembered(self._interned, decide)

    @property
    def visited(self) -> set[State]:
        """Every state that was seen, canonical."""
        return set(map(self._interned.state, self._nodes))

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
            violation, complete = self._search()
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
            complete and violation is None,
            self.fired,
            self.ignored,
            tuple(sometimes.name for sometimes in self._unseen),
            violation,
        )

    def _search(self) -> tuple[Violation | None, bool]:
        at, level_ends = -1, 1
        try:
            self._begin()
            while (at := at + 1) < len(self._nodes):
                if at == level_ends:
                    self.depth, level_ends = self.depth + 1, len(self._nodes)
                if len(self._nodes) >= self.states_max:
                    return None, False
                if at in self._unfollowed:
                    continue
                self._node = self._nodes[at]
                for move, target in self._moves(self._node):
                    self.transitions += 1
                    self._visit(at, move, target)
                if self._progress:
                    self._progress(len(self._nodes), self.steps)
        except _BrokenPromise as broken:
            first, *at_once = self._taking
            last = Move(first, 0, tuple(at_once))
            return Violation(broken.promise, broken.section, (*self._story(at), last)), False
        return self._stranded(), True

    def _begin(self) -> None:
        boot = powered_up(self.scope.product, (False,) * (len(self.scope.product.connectors) + 1))
        self._taking = [boot]
        decided = self._conclude(None, self._decide(None, boot, NOW))
        self.steps += 1
        decided.kind.times += 1
        self._visit(-1, *self._arrived(written((0,) * len(SLOTS), decided.writes), decided, NOW))

    def _visit(self, parent: int, move: Move, node: Node) -> None:
        known = self._ids.get(node)
        if known is None:
            self._hold_always(node)
            known = self._ids[node] = len(self._nodes)
            self._nodes.append(node)
            self._parents.append(parent)
            self._came_by.append(self._moves_known.setdefault(move, len(self._moves_known)))
            if self._unseen:
                state = self._interned.state(node)
                self._unseen = [sometimes for sometimes in self._unseen if not sometimes.holds(state)]
            followed = self._is_followed(node)
            if not followed:
                self._unfollowed.add(known)
            if not followed or self._is_rest(node):
                self._resting.append(known)
        if parent >= 0:
            self._sources.append(parent)
            self._targets.append(known)

    def _followed(self, state: State) -> bool:
        return len(state.memory.outbox) <= self.scope.queue_max and all(
            len(report.due) <= self.scope.due_max for report in state.moment.status_reports
        )

    # --- moves ---

    def _moves(self, node: Node) -> Iterator[tuple[Move, Node]]:
        for player in self._players:
            for happening in player(node):
                yield from self._happens(node, happening)
        (due,) = self._deadline(node)
        if due is not None and due > SECOND:
            yield Move(None, SECOND), self._canonical(node, SECOND)
        elif due is not None:
            yield from self._happens(node, self._happening(DeadlinePassed(), due))

    def _what_may_happen(self, player: Callable[[State], Iterable[External]]) -> Callable[[State], Any]:
        return lambda state: tuple([self._happening(event, NOW) for event in player(state)])

    def _happening(self, event: External, now: Instant) -> _Happening:
        """Made once for each event and time."""
        happening = self._happenings.get((event, now))
        if happening is None:
            stepped, not_stored = self._stepped(event, now), None
            if self.scope.commits_fail and not isinstance(event, PoweredUp):
                not_stored = self._stepped(CommitFailed(event), now)
            happening = self._happenings[event, now] = _Happening(event, now, stepped, not_stored)
        return happening

    def _stepped(self, event: External, now: Instant) -> Remembered[_Decided]:
        return Remembered(self._interned, lambda state: self._decide(state, event, now), self._conclude)

    def _happens(self, node: Node, happening: _Happening) -> Iterator[tuple[Move, Node]]:
        event, now, stepped, not_stored = happening
        self._taking = [event]
        decided = self._taken(stepped, node)
        if decided.idle:
            self.ignored[type(event).__name__] += 1
            return
        after = written(node, decided.writes)
        yield self._arrived(after, decided, now, node)
        if decided.commits and not isinstance(event, PoweredUp):
            if not_stored is not None:
                yield from self._not_stored(node, CommitFailed(event), not_stored, now)
            if self.scope.cuts_within:
                cables = self._interned.state(after).moment.cables
                cut = powered_up(self.scope.product, tuple(cable.state == "plugged" for cable in cables))
                self._taking = [event, cut]
                decided = self._taken(self._happening(cut, now).step, after)
                yield self._arrived(written(after, decided.writes), decided, now)

    def _not_stored(
        self, node: Node, failed: CommitFailed, stepped: Remembered[_Decided], now: Instant
    ) -> Iterator[tuple[Move, Node]]:
        self._taking = [failed]
        decided = self._taken(stepped, node)
        if decided.commits:
            raise _BrokenPromise("what could not be stored has not happened", "§3.7")
        if decided.writes:
            yield self._arrived(written(node, decided.writes), decided, now, node)

    def _arrived(
        self, after: Node, decided: _Decided, now: Instant, parent: Node | None = None
    ) -> tuple[Move, Node]:
        """The node a step leads to, once the world has done what it does at once in this scope."""
        after = self._read(after, decided, now)
        if self._at_once is not None:
            while prompted := self._at_once(after):
                after = self._followed_by(after, prompted[0], now)
        first, *at_once = self._taking
        return Move(first, now, tuple(at_once)), self._canonical(after, now, parent)

    def _followed_by(self, node: Node, event: External, now: Instant) -> Node:
        self._hold_always(node)
        self._taking.append(event)
        if len(self._taking) > AT_ONCE_MAX:
            raise _BrokenPromise("what happens at once comes to an end", "ADR 0003")
        decided = self._taken(self._happening(event, now).step, node)
        return self._read(written(node, decided.writes), decided, now)

    def _read(self, node: Node, decided: _Decided, now: Instant) -> Node:
        """What a step leads to, once the meters that it asks have answered as far as they do so at once."""
        for read in decided.read_at_once:
            node = self._followed_by(node, read, now)
        return node

    def _what_is_prompted(self, state: State) -> tuple[External, ...]:
        call = state.moment.call
        if call.open is not None and call.open.action in self._prompts:
            answer = self._prompts[call.open.action]
            return (ResultReceived(call.connection, call.open.message_id, answer),)
        for player in self.scope.at_once:
            for event in player(state):
                return (event,)
        return ()

    # --- promises ---

    def _taken(self, stepped: Remembered[_Decided], node: Node) -> _Decided:
        self.steps += 1
        decided = stepped(node)
        decided.kind.times += 1
        return decided

    def _decide(self, state: State | None, event: External, now: Instant) -> tuple[_Kind, Step]:
        """One step of the real thing, held against every promise."""
        try:
            taken = self._step_of(state, event, now)
        except Exception as error:
            raise _BrokenPromise(f"a step never fails: {type(error).__name__} {error}", "ADR 0003") from error
        kind = self._kind_of(taken)
        if state is not None:
            for rule in kind.rules:
                if not rule.holds(state, taken):
                    raise _BrokenPromise(rule.name, rule.section)
        return kind, taken

    def _conclude(self, state: State | None, decided: tuple[_Kind, Step]) -> _Decided:
        kind, taken = decided
        asked = [
            MeterRead(effect.connector, effect.transaction, effect.context, READINGS)
            for effect in taken.effects
            if type(effect) is ReadMeter and effect.context in self.scope.read_at_once
        ]
        writes = self._interned.writes(state, taken.state)
        return _Decided(kind, writes, not taken.trace and not writes, bool(taken.changes), tuple(asked))

    def _kind_of(self, taken: Step) -> _Kind:
        has = (taken.trace, tuple(map(type, taken.effects)), tuple(map(_collection, taken.changes)))
        kind = self._kinds.get(has)
        if kind is None:
            rules = tuple(rule for rule in ON_EVERY_STEP if not rule.about.isdisjoint(about(taken)))
            kind = self._kinds[has] = _Kind(rules)
        return kind

    def _hold_always(self, node: Node) -> None:
        """What always holds is looked at where a state is new; a state that was seen held it then, and so did the
        node the search is at: what a promise is about has changed since, or it holds.
        """
        promises = self._promises
        if self._node:
            changed = tuple(map(ne, node, self._node))
            found = self._about.get(changed)
            if found is None:
                slots = frozenset(compress(SLOTS, changed))
                found = tuple(p for p in self._promises if not p[0].about.isdisjoint(slots))
                self._about[changed] = found
            promises = found
        for promise, holds in promises:
            if not holds(node):
                raise _BrokenPromise(promise.name, promise.section)

    def _stranded(self) -> Violation | None:
        """The first node from which there is no way to a station at rest; what is not followed counts as a way."""
        comes_from: list[list[int]] = [[] for _ in self._nodes]
        for source, target in zip(self._sources, self._targets, strict=True):
            comes_from[target].append(source)
        home, pending = bytearray(len(self._nodes)), list(self._resting)
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
        known, moves = list(self._moves_known), []
        while at >= 0:
            moves.append(known[self._came_by[at]])
            at = self._parents[at]
        return tuple(reversed(moves))
