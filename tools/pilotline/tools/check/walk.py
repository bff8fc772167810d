"""A random walk through the world of a scope, by seed: what lies beyond the bounds of a search.

The same moves, the same promises, everything remembered as in a search; but no state is kept, and worlds are followed
in which more waits than a search would follow. What led to a broken promise is told without the detours: where the walk
has come back to a state, what lay between is left out.
"""

import gc
import time
from collections import Counter as Tally
from random import Random
from typing import NamedTuple

from pilotline.tools.check.broken import BrokenPromise
from pilotline.tools.check.coverage import Binding
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.interned import Node
from pilotline.tools.check.report import Violation
from pilotline.tools.check.scope import Scope
from pilotline.tools.check.stepping import Stepper
from pilotline.tools.check.story import Move


class Walked(NamedTuple):
    """What a walk came to."""

    scope: str
    seed: int
    moves: int
    steps: int
    """Calls of `step`."""
    seconds: float
    fired: Tally[Binding]
    violation: Violation | None

    @property
    def rate(self) -> float:
        """Steps per second."""
        return self.steps / self.seconds if self.seconds else 0.0


class Walk(Search):
    """One walk. `stepper` is what a test puts in the place of the real one."""

    def __init__(self, scope: Scope, seed: int, *, stepper: Stepper | None = None) -> None:
        super().__init__(scope, stepper=stepper)
        self.seed, self._random = seed, Random(seed)  # noqa: S311  (a walk, not a secret)
        self._path: list[tuple[Node, Move]] = []  # without detours
        self._places: dict[Node, int] = {}

    def walk(self, moves_max: int) -> Walked:
        """So many moves from power-on, or until a promise is broken."""
        collecting = gc.isenabled()
        gc.disable()
        began, violation, moves = time.perf_counter(), None, 0
        try:
            self._begin()
            node = self._nodes[0]
            while moves < moves_max:
                moves += 1
                node = self._moved(node)
        except BrokenPromise as broken:
            story = (*self._story(0), *[move for _, move in self._path], self._move())
            violation = Violation(broken.promise, broken.section, story)
        finally:
            if collecting:
                gc.enable()
        seconds = time.perf_counter() - began
        return Walked(self.scope.name, self.seed, moves, self.steps, seconds, self.fired, violation)

    def _moved(self, node: Node) -> Node:
        happenings = [happening for player in self._players for happening in player(node)]
        (due,) = self._deadline(node)
        chosen = self._random.randrange(len(happenings) + (due is not None))
        in_time = chosen == len(happenings)
        arrivals = self._in_time(node, due) if in_time else self._happens(node, happenings[chosen])
        if not arrivals:
            return node
        arrived = self._random.choice(arrivals)
        self._trying = arrived.events, arrived.now
        self._always.where(arrived.node, node ^ arrived.node)
        self._note(node, arrived.move, arrived.node)
        return arrived.node

    def _note(self, node: Node, move: Move, after: Node) -> None:
        self._places[node] = len(self._path)
        self._path.append((node, move))
        place = self._places.get(after)
        if place is not None:  # a detour
            for left, _ in self._path[place:]:
                del self._places[left]
            del self._path[place:]
