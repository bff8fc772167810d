"""Breadth-first search over the real `step`: every state that a scope can reach, and every promise in each.

Theory of operation: a node is a canonical state (see `canonical`), by the numbers of what its slots hold. From each
node the scope's players say what may happen now; besides, a second may pass, or the time to the next deadline if that
is less. All that is asked of a state is a pure function, and remembered by what it looked at. A step that breaks a
property ends the search with the shortest way there, as breadth-first search finds it. When all is seen, the graph is
read backwards: from every node there must be a way to a station that is at rest.
"""

import gc
import sys
import time
from array import array
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from immutables import Map
from msgspec import Struct
from msgspec.structs import replace

from pilotline.core.events import CommitFailed, DeadlinePassed, External, PoweredUp, ResultReceived
from pilotline.core.properties import ALWAYS
from pilotline.core.sightings import SOMETIMES, at_rest
from pilotline.core.state import Instant, State
from pilotline.core.step import next_deadline
from pilotline.tools.check.always import AlwaysHeld
from pilotline.tools.check.broken import BrokenPromise
from pilotline.tools.check.canonical import Canonical
from pilotline.tools.check.coverage import Binding
from pilotline.tools.check.environment import powered_up
from pilotline.tools.check.graph import Graph
from pilotline.tools.check.interned import ALL, MASKS, PLACES, Interned, Node
from pilotline.tools.check.liveness import never_at_rest, settles
from pilotline.tools.check.remembered import Recalled, Remembered, of_state
from pilotline.tools.check.report import Ignored, Report, Violation
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.stepping import NOT_STORED, Decided, Stepper, Steps
from pilotline.tools.check.story import Move

SECOND: Final = Instant(1000)
NOW: Final = Instant(0)
AT_ONCE_MAX: Final = 100
_STATUSES: Final = MASKS[PLACES["connectors"]]


class _Arrived(Struct, frozen=True, gc=False):
    """Where a move leads to."""

    node: Node
    now: Instant
    events: tuple[External, ...]
    """What happened; nothing: time passed."""
    settles: bool
    """It is a move of a world that lets the station come to rest."""

    @property
    def move(self) -> Move:
        return _move(self.events, self.now)


def _move(events: tuple[External, ...], after: Instant) -> Move:
    return Move(events[0] if events else None, after, events[1:])


class _Happening(NamedTuple):
    """Something that may happen, and when."""

    events: tuple[External, ...]
    """It alone."""
    now: Instant
    step: Remembered[Decided]
    not_stored: "Remembered[Decided] | None"
    """The step on its CommitFailed, in a scope whose store may fail."""
    is_cut: bool
    """Whether, in a scope in which power is cut within a step, it may be here."""
    settles: bool


def left_out(scope: Scope) -> dict[str, Callable[[Any], Any]]:
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

    `stepper` is what a test puts in the place of the real one, to see that the search notices. `progress` is told after
    each node: states, the frontier (states whose moves are not known yet), steps.
    """

    def __init__(
        self,
        scope: Scope,
        states_max: int = 1_000_000,
        *,
        stepper: Stepper | None = None,
        progress: Callable[[int, int, int], None] | None = None,
    ) -> None:
        self.scope, self.states_max = scope, states_max
        self._ignored: Tally[tuple[str, int]] = Tally()  # by event, and the statuses as bits
        self.steps = self.transitions = self.depth = 0
        self._progress = progress
        self._prompts = {action: scope.answers.by_request()[action][0] for action in scope.prompt}
        self._interned = Interned(scope.product)
        self._canonical = Canonical(self._interned, left_out(scope))
        self._a_second_later = self._canonical.change(SECOND, 0)
        self._steps_at = Steps(scope, self._interned, self._canonical, stepper)
        self._happenings: dict[tuple[External, Instant], _Happening] = {}
        self._players = tuple(self._recalled(self._what_may_happen(player)) for player in scope.players)
        self._at_once = self._recalled(self._what_is_prompted) if scope.prompt or scope.at_once else None
        self._deadline = self._recalled(lambda state: (self._next_deadline(state),))
        self._is_rest = self._recalled(at_rest)
        self._is_followed = self._recalled(self._followed)
        self._always = AlwaysHeld(self._interned, ALWAYS)
        self._trying: tuple[tuple[External, ...], Instant] = (), NOW  # what happens, and after how long
        self._ids: dict[Node, int] = {}
        self._nodes: list[Node] = []  # by id
        self._moves_known: dict[Move, int] = {}
        self._parents, self._came_by = array("i"), array("i")  # by id
        self.graph = Graph()
        self._resting: list[int] = []
        self._unfollowed: set[int] = set()
        self._unseen = [sometimes for sometimes in SOMETIMES if sometimes.name in scope.shows]

    def _recalled(self, decide: Callable[[State], Any]) -> Recalled[Any]:
        return of_state(self._interned, decide)

    @property
    def visited(self) -> set[State]:
        """Every state that was seen, canonical."""
        return set(map(self._interned.state, self._nodes))

    @property
    def fired(self) -> Tally[Binding]:
        """How often each binding was taken, by whatever instance."""
        fired: Tally[Binding] = Tally()
        for kind in self._steps_at.kinds.values():
            for machine, _, binding in kind.trace:
                fired[machine, binding] += kind.times
        return fired

    @property
    def ignored(self) -> Tally[Ignored]:
        """How often an event changed nothing, by its class and the status of the connectors then."""
        ignored: Tally[Ignored] = Tally()
        for (event, statuses), times in self._ignored.items():
            connectors = self._interned.value(PLACES["connectors"], statuses)
            ignored[event, " + ".join([connector.state for connector in connectors[1:]])] += times
        return ignored

    def _bytes(self) -> int:
        """What all that is kept of the states takes, parents and transitions included."""
        kept = (self._ids, self._nodes, self._parents, self._came_by, *self.graph.kept, *self._nodes)
        return sum(map(sys.getsizeof, kept)) + sys.getsizeof(len(self._nodes)) * len(self._nodes)

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
            self._bytes(),
            tuple(sometimes.name for sometimes in self._unseen),
            violation,
        )

    def _search(self) -> tuple[Violation | None, bool]:
        at, level_ends, known_as, add = -1, 1, self._ids.get, self.graph.add
        try:
            self._begin()
            while (at := at + 1) < len(self._nodes):
                if at == level_ends:
                    self.depth, level_ends = self.depth + 1, len(self._nodes)
                if len(self._nodes) >= self.states_max:
                    return None, False
                if at not in self._unfollowed:
                    for arrived in self._moves(self._nodes[at]):
                        known = known_as(arrived.node)
                        add(self._met(at, arrived) if known is None else known, arrived.settles)
                self.graph.end()
                self.transitions = len(self.graph.targets)
                if self._progress:
                    self._progress(len(self._nodes), len(self._nodes) - at - 1, self.steps)
        except BrokenPromise as broken:
            return Violation(broken.promise, broken.section, (*self._story(at), self._move())), False
        return self._stranded(), True

    def _begin(self) -> None:
        boot = powered_up(self.scope.product, (False,) * (len(self.scope.product.connectors) + 1))
        self._trying = (boot,), NOW
        node, decided = self._steps_at.first(boot)
        self.steps += 1
        decided.kind.times += 1
        self._met(-1, self._arrived(node, ALL, decided, NOW, (boot,)))

    def _met(self, parent: int, arrived: _Arrived) -> int:
        """A state that is new."""
        node = arrived.node
        self._trying = arrived.events, arrived.now
        if parent < 0:
            self._always.everything(node)
        else:
            self._always.where(node, self._nodes[parent] ^ node)
        known = self._ids[node] = len(self._nodes)
        self._nodes.append(node)
        self._parents.append(parent)
        self._came_by.append(self._moves_known.setdefault(arrived.move, len(self._moves_known)))
        if self._unseen:
            state = self._interned.state(node)
            self._unseen = [sometimes for sometimes in self._unseen if not sometimes.holds(state)]
        followed = self._is_followed(node)
        if not followed:
            self._unfollowed.add(known)
        if not followed or self._is_rest(node):
            self._resting.append(known)
        return known

    def _move(self) -> Move:
        """The one that is being tried."""
        return _move(*self._trying)

    def _followed(self, state: State) -> bool:
        return len(state.memory.outbox) <= self.scope.queue_max and all(
            len(report.due) <= self.scope.due_max for report in state.moment.status_reports
        )

    # --- moves ---

    def _moves(self, node: Node) -> Iterator[_Arrived]:
        for player in self._players:
            for happening in player(node):
                yield from self._happens(node, happening)
        (deadline,) = self._deadline(node)
        if deadline is not None:
            yield from self._in_time(node, deadline)

    def _next_deadline(self, state: State) -> "_Happening | None":
        due = next_deadline(state)
        return None if due is None else self._happening(DeadlinePassed(), due)

    def _in_time(self, node: Node, deadline: "_Happening") -> Sequence[_Arrived]:
        """The time to the next deadline passes; or, if it is further away, a second in which nothing happens."""
        if deadline.now <= SECOND:
            return self._happens(node, deadline)
        self._trying = (), SECOND
        after = node ^ self._a_second_later(node)
        return (_Arrived(after, SECOND, (), settles=True),)

    def _what_may_happen(self, player: Callable[[State], Iterable[External]]) -> Callable[[State], Any]:
        return lambda state: tuple([self._happening(event, NOW) for event in player(state)])

    def _happening(self, event: External, now: Instant) -> _Happening:
        """Made once for each event and time."""
        happening = self._happenings.get((event, now))
        if happening is None:
            stepped, not_stored = self._steps_at.at(event, now), None
            is_boot = isinstance(event, PoweredUp)
            if self.scope.commits_fail and not is_boot:
                not_stored = self._steps_at.at(CommitFailed(event), now)
            is_cut = self.scope.cuts_within and not is_boot
            is_settling = settles(event, by_tag=self.scope.tag_settles)
            happening = _Happening((event,), now, stepped, not_stored, is_cut, is_settling)
            self._happenings[event, now] = happening
        return happening

    def _happens(self, node: Node, happening: _Happening) -> Sequence[_Arrived]:
        events, now, stepped, not_stored, is_cut, is_settling = happening
        self._trying = events, now
        after, decided = self._taken(stepped, node)
        if decided.idle:
            self._ignored[type(events[0]).__name__, node & _STATUSES] += 1
            return ()
        arrived = self._arrived(after, decided.writes.mask, decided, now, events, settles=is_settling)
        if not decided.commits or not (is_cut or not_stored):
            return (arrived,)
        arrivals = [arrived]
        if not_stored is not None:
            arrivals.extend(self._not_stored(node, CommitFailed(events[0]), not_stored, now))
        if is_cut:
            cables = self._interned.state(after).moment.cables
            cut = powered_up(self.scope.product, tuple(cable.state == "plugged" for cable in cables))
            self._trying = (*events, cut), now
            after, decided = self._taken(self._happening(cut, now).step, after)
            arrivals.append(self._arrived(after, ALL, decided, now, (*events, cut)))
        return arrivals

    def _not_stored(
        self, node: Node, failed: CommitFailed, stepped: Remembered[Decided], now: Instant
    ) -> Iterator[_Arrived]:
        self._trying = (failed,), now
        after, decided = self._taken(stepped, node)
        if decided.commits:
            raise BrokenPromise(NOT_STORED, "§3.7")
        if decided.writes.mask:
            yield self._arrived(after, decided.writes.mask, decided, now, (failed,))

    def _arrived(
        self,
        after: Node,
        written: int,
        decided: Decided,
        now: Instant,
        events: tuple[External, ...],
        *,
        settles: bool = False,
    ) -> _Arrived:
        """Where a step leads to, once the world has done what it does at once in this scope."""
        change = decided.change
        if decided.read_at_once:
            after, written, events = self._read(after, written, decided, now, events)
        if self._at_once is not None:
            while prompted := self._at_once(after):
                after, written, events = self._followed_by(after, written, prompted[0], now, events)
        if written != decided.writes.mask:
            change = self._canonical.change(now, written)
        return _Arrived(after ^ change(after), now, events, settles)

    def _followed_by(
        self, node: Node, written: int, event: External, now: Instant, events: tuple[External, ...]
    ) -> tuple[Node, int, tuple[External, ...]]:
        self._always.where(node, written)
        events = (*events, event)
        self._trying = events, now
        if len(events) > AT_ONCE_MAX:
            raise BrokenPromise("what happens at once comes to an end", "ADR 0003")
        after, decided = self._taken(self._happening(event, now).step, node)
        return self._read(after, written | decided.writes.mask, decided, now, events)

    def _read(
        self, node: Node, written: int, decided: Decided, now: Instant, events: tuple[External, ...]
    ) -> tuple[Node, int, tuple[External, ...]]:
        """What a step leads to, once the meters that it asks have answered as far as they do so at once."""
        for read in decided.read_at_once:
            node, written, events = self._followed_by(node, written, read, now, events)
        return node, written, events

    def _what_is_prompted(self, state: State) -> tuple[External, ...]:
        call = state.moment.call
        if call.open is not None and call.open.action in self._prompts:
            answer = self._prompts[call.open.action]
            return (ResultReceived(call.connection, call.open.message_id, answer),)
        for player in self.scope.at_once:
            for event in player(state):
                return (event,)
        return ()

    def _taken(self, stepped: Remembered[Decided], node: Node) -> tuple[Node, Decided]:
        """A step, and the promises about it."""
        decided = stepped(node)
        self.steps += 1
        decided.kind.times += 1
        writes = decided.writes
        after = node & writes.keeps | writes.bits
        if decided.promises is not None:
            decided.promises(node)
        return after, decided

    # --- the graph ---

    def _stranded(self) -> Violation | None:
        """The first node from which there is no way to a station at rest, or from which a fair world, which lets it
        come to rest, never does; what is not followed counts as rest.
        """
        nodes = len(self._nodes)
        stuck = never_at_rest(self.graph, nodes, self._resting)
        if not stuck:  # then each comes to rest, and so there is a way
            return None
        lost = self.graph.leading_to(self._resting, nodes).find(0)
        if lost >= 0:
            return Violation("there is always a way back to rest", "§4.9", self._story(lost))
        return Violation("a fair world brings the station to rest", "§4.9", self._story(stuck[0]))

    def _story(self, at: int) -> tuple[Move, ...]:
        known, moves = list(self._moves_known), []
        while at >= 0:
            moves.append(known[self._came_by[at]])
            at = self._parents[at]
        return tuple(reversed(moves))

    @property
    def size(self) -> tuple[int, int]:
        """How many states and how many edges `run` has found."""
        return len(self._nodes), len(self.graph.targets)

    def states(self) -> Iterator[tuple[State, bool]]:
        """What `run` has seen, canonical, the first one first; and whether the scope follows it further."""
        for at, node in enumerate(self._nodes):
            yield self._interned.state(node), at not in self._unfollowed

    def edges(self) -> Iterator[tuple[int, Move, int]]:
        """The transitions, in the order of `run`; moves are not kept: each is made again, which is remembered."""
        followed = ((at, node) for at, node in enumerate(self._nodes) if at not in self._unfollowed)
        again = ((at, arrived.move) for at, node in followed for arrived in self._moves(node))
        for target, (source, move) in zip(self.graph.targets, again, strict=False):  # it may have ended early
            yield source, move, target
