"""One mutant, put into this process, and everything that may notice it, the cheapest first.

Theory of operation: the definition may refuse it; the scopes that take what is mutated are searched; then the stateful
tests walk the mutated station; at last come the examples, each of which a person thought of.
"""

import time
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

from pilotline.core.events import External
from pilotline.core.reading import InvalidDefinition
from pilotline.core.state import Instant, State
from pilotline.core.step import Step, step
from pilotline.tools.check.coverage import declared
from pilotline.tools.check.covering import covering, taken_in, walking
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.mutants import AT_WORK, SILENT, Mutant, Place
from pilotline.tools.check.mutate_reasons import SAME
from pilotline.tools.check.scopes import scopes
from pilotline.tools.check.walked import first_failure

STAGES: Final = ("explorer", "stateful", "examples")
By: TypeAlias = Literal["definition", "explorer", "stateful", "examples", "same", "nothing"]

EXAMPLES: Final = ("tests/scenarios", "tests/conformance", "tests/core")


STATES_MAX: Final = 30_000
"""Twice as many as the largest of these scopes has: a fault may leave no end to a search."""
NEVER: Final = "it was never at work"
NOT_THE_SAME: Final = "it is said to be the same station, and behaves otherwise"
COMPARED: Final = 200
"""So many states of each scope."""


class Verdict(NamedTuple):
    """Who noticed, by what, and how long it took."""

    name: str
    operator: str
    by: By
    promise: str
    where: str
    seconds: float


def verdict_on(mutant: Mutant, last: int = 0) -> Verdict:
    """Put the mutant into this process and ask, as far as the stage of this number."""
    started = time.perf_counter()

    def verdict(by: By, promise: str = "", where: str = "") -> Verdict:
        seconds = time.perf_counter() - started
        return Verdict(mutant.name, mutant.operator, by, promise, where, seconds)

    before = declared()
    said_same = mutant.name in SAME
    meant = _behaviour(mutant) if said_same else ()
    try:
        mutant.put_in()
    except InvalidDefinition as refused:
        return verdict("definition", str(refused).splitlines()[0])
    if said_same and _behaviour(mutant) == meant:
        return verdict("same")
    for promise, where in _noticed_by_search(mutant, before):
        return verdict("explorer", promise, where)
    stage: tuple[tuple[By, tuple[str, ...]], ...] = (
        ("stateful", walking(mutant.places)),
        ("examples", EXAMPLES),
    )
    for by, tests in stage[:last]:
        failed = first_failure(tests) if tests else None
        if failed:
            return verdict(by, *failed)
    never = NEVER if mutant.operator in SILENT and not AT_WORK else ""
    return verdict("nothing", NOT_THE_SAME if said_same else never)


def _behaviour(mutant: Mutant) -> tuple[int, ...]:
    """By scope that takes what is mutated, as far as the first states reach: where the station comes to, what it hands
    over and what it stores.
    """
    found = []
    for name in covering(mutant.places):
        done: set[int] = set()

        def noted(state: State | None, event: External, now: Instant, done: set[int] = done) -> Step:
            taken = step(state, event, now)
            done.add(hash((event, now, taken.effects, taken.changes)))
            return taken

        search = Search(scopes()[name], COMPARED, stepper=noted)
        search.run()
        states = tuple(state for state, _ in search.states())
        found.append(hash((states, search.graph.targets.tobytes(), frozenset(done))))
    return tuple(found)


def _noticed_by_search(mutant: Mutant, before: tuple[Place, ...]) -> Iterator[tuple[str, str]]:
    """The promises that are broken, and where."""
    names = covering(mutant.places)
    fired: set[Place] = set()
    for name in names:
        report = Search(scopes()[name], STATES_MAX).run()
        if report.violation:
            yield report.violation.promise, name
        elif not report.complete:
            yield "a scope is searched to its end", name
        elif report.unshown:
            yield f"there is to be seen: {', '.join(report.unshown)}", name
        fired.update(report.fired)
    elsewhere: set[Place] = set().union(*(taken for name, taken in taken_in().items() if name not in names))
    expected = set().union(*(taken_in()[name] for name in names)) & set(before) & set(declared())
    for machine, binding in sorted(expected - elsewhere - fired):
        yield "every binding fires in some scope", f"{machine} {binding}"
