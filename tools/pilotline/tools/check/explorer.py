"""Breadth-first search over the real `step`: every state that a scope can reach, and every promise in each.

Theory of operation: a node is a canonical state (see `canonical`). From each node the scope's players say what may
happen now; besides, a second may pass, or the time to the next deadline if that is less. A step that breaks a
property ends the search with the shortest way there, as breadth-first search finds it.
"""

import gc
import time
from collections import Counter as Tally
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from pilotline.core.effects import ReadMeter
from pilotline.core.events import DeadlinePassed, External, MeterRead, ResultReceived
from pilotline.core.properties import ALWAYS, ON_EVERY_STEP, SOMETIMES
from pilotline.core.state import Instant, Memory, Moment, State
from pilotline.core.step import Step, next_deadline, step
from pilotline.tools.check.canonical import Canonical
from pilotline.tools.check.environment import READINGS, Answers, powered_up
from pilotline.tools.check.scopes import Scope

SECOND = Instant(1000)
PROMPT = Answers()


class Move(NamedTuple):
    """What happened between two nodes: an event, or (None) time that passed, in ms."""

    event: External | None
    after_ms: int


class Violation(NamedTuple):
    """A promise that was broken, and the shortest way to it."""

    promise: str
    section: str
    story: tuple[Move, ...]


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
    fired: Tally[tuple[str, str]]
    unseen: tuple[str, ...]
    violation: Violation | None

    @property
    def rate(self) -> float:
        """Steps per second, with all that the search does around them."""
        return self.steps / self.seconds if self.seconds else 0.0


Key = tuple[Memory, Moment]


class Search:
    """One breadth-first search; `run` ends when all is seen, a promise is broken, or `states_max` is reached."""

    def __init__(self, scope: Scope, states_max: int = 1_000_000) -> None:
        self.scope, self.states_max = scope, states_max
        self.fired: Tally[tuple[str, str]] = Tally()
        self.steps = 0
        self.transitions = 0
        self._canonical = Canonical()
        self.depth = 0
        self._parents: dict[Key, tuple[Key | None, Move | None]] = {}
        self._frontier: deque[tuple[State, int]] = deque()
        self._unseen = list(SOMETIMES)

    def run(self) -> Report:
        """Search. The cycle collector sleeps meanwhile: states hold no cycles."""
        collecting = gc.isenabled()
        gc.disable()
        started = time.perf_counter()
        violation = None
        try:
            for state, move, step_taken, parent, depth in self._steps():
                violation = self._broken(state, step_taken, parent, move)
                if violation or len(self._parents) >= self.states_max:
                    break
                self.depth = max(self.depth, depth)
        finally:
            if collecting:
                gc.enable()
        return Report(
            self.scope.name,
            len(self._parents),
            self.steps,
            self.transitions,
            self.depth,
            time.perf_counter() - started,
            not self._frontier and violation is None,
            self.fired,
            tuple(sometimes.name for sometimes in self._unseen),
            violation,
        )

    def _steps(self) -> Iterator[tuple[State | None, Move, Step | None, State | None, int]]:
        """Every transition, with the node it leads to where that is new."""
        boot = powered_up(self.scope.product, (False,) * (len(self.scope.product.connectors) + 1))
        first = self._step(None, boot, Instant(0))
        root = self._arrive(first, Instant(0))
        self._frontier.append((root, 0))
        self._parents[root.memory, root.moment] = (None, None)
        yield root, Move(boot, 0), first, None, 0
        while self._frontier:
            node, depth = self._frontier.popleft()
            for move, taken, target in self._moves(node):
                self.transitions += 1
                key = (target.memory, target.moment)
                if key not in self._parents:
                    self._parents[key] = ((node.memory, node.moment), move)
                    if len(target.memory.outbox) <= self.scope.queue_max:
                        self._frontier.append((target, depth + 1))
                    yield target, move, taken, node, depth + 1
                elif taken is not None:
                    yield None, move, taken, node, depth

    def _moves(self, node: State) -> Iterator[tuple[Move, Step | None, State]]:
        for player in self.scope.players:
            for event in player(node):
                taken = self._step(node, event, Instant(0))
                if taken.trace or taken.state is not node:
                    yield Move(event, 0), taken, self._arrive(taken, Instant(0))
        due = next_deadline(node)
        if due is not None and due > SECOND:
            yield Move(None, SECOND), None, self._canonical(node, SECOND)
        elif due is not None:
            taken = self._step(node, DeadlinePassed(), due)
            yield Move(DeadlinePassed(), due), taken, self._arrive(taken, due)

    def _step(self, state: State | None, event: External, now: Instant) -> Step:
        """One step of the real thing, and what this scope's world does at once after it."""
        taken = step(state, event, now)
        self.steps += 1
        for machine, _, binding in taken.trace:
            self.fired[machine, binding] += 1
        return taken

    def _arrive(self, taken: Step, now: Instant) -> State:
        """The node a step leads to, once the world has done what it does at once in this scope."""
        state = taken.state
        for effect in taken.effects:
            if isinstance(effect, ReadMeter) and effect.context == "Sample.Periodic":
                read = MeterRead(effect.connector, effect.transaction, effect.context, READINGS)
                state = self._step(state, read, now).state
        while (call := state.moment.call).open is not None and call.open.action in self.scope.prompt:
            answer = ResultReceived(call.connection, call.open.message_id, PROMPT.to(call.open.action)[0])
            state = self._step(state, answer, now).state
        inert = [timer for timer in state.moment.timers if (timer.machine, timer.timer) in self.scope.inert]
        if inert:
            timers = state.moment.timers
            for timer in inert:
                timers = timers.delete(timer)
            state = State(state.product, state.memory, replace(state.moment, timers=timers))
        return self._canonical(state, now)

    def _broken(
        self, state: State | None, taken: Step | None, parent: State | None, move: Move
    ) -> Violation | None:
        if taken is not None and parent is not None:
            for rule in ON_EVERY_STEP:
                if not rule.holds(parent, taken):
                    return Violation(rule.name, rule.section, (*self._story(parent), move))
        if state is None:  # known: what always holds was looked at when it was new
            return None
        for promise in ALWAYS:
            if not promise.holds(state):
                return Violation(promise.name, promise.section, self._story(state))
        self._unseen = [sometimes for sometimes in self._unseen if not sometimes.holds(state)]
        return None

    def _story(self, state: State) -> tuple[Move, ...]:
        moves: list[Move] = []
        at: Key | None = (state.memory, state.moment)
        while at is not None:
            at, move = self._parents[at]
            if move is not None:
                moves.append(move)
        return tuple(reversed(moves))
