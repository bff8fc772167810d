"""How many steps of the real `step` the explorer takes per second of one core, all its work included."""

import statistics
import timeit
from collections.abc import Callable
from functools import partial
from time import process_time
from typing import Final

from pilotline.core.state import Instant
from pilotline.core.step import step
from pilotline.tools.bench_figure import Figure, at_least, below
from pilotline.tools.bench_rows import Peer, cases
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.scopes import scopes
from pilotline.tools.check.walk import Walk

SCOPES: Final = ("session", "lock", "warnings")
LARGE: Final = ("session, strangers", "lock, disturbed")
STEPS_PER_S: Final = 20_000
REMEMBERED_PER_S: Final = 60_000
TRIGGER_US: Final = 5.8
"""What a `trigger` takes on the machine the targets were set on."""
BYTES_PER_STATE: Final = 300
REPETITIONS: Final = 5
OF_LARGE: Final = 3
TRIGGERS: Final = 5000
PLAIN_STATES: Final = 500
MOVES: Final = 60_000


def explorer_figures(states_max: int = 1_000_000) -> list[Figure]:
    """Search small scopes and large ones, whole as CI does unless `states_max` states are seen before; walk at random;
    and take the same steps without any search around them: medians, once the message models are built (pydantic builds
    them at their first use).

    Each rate is in steps per second of CPU time, and, because the speed of a shared machine drifts, also as the time of
    a step in the time that one `trigger` of `transitions` took between the searches.
    """
    Search(scopes()[SCOPES[0]], 500).run()
    peer = Peer(cases()[0])
    figures = []
    for name in SCOPES:
        figures += _rates(f"explorer: {name}", partial(_searched, name, states_max), STEPS_PER_S, peer)
    for name in LARGE:
        searched = partial(_searched, name, states_max)
        figures += _rates(f"explorer: {name}", searched, REMEMBERED_PER_S, peer, OF_LARGE)
    figures += _rates(
        "explorer: a random walk", partial(_walked, min(MOVES, 60 * states_max)), STEPS_PER_S, peer
    )
    plain = _plain_steps(min(PLAIN_STATES, states_max))
    figures += _rates("explorer: the step alone", plain, STEPS_PER_S, peer)
    report = Search(scopes()[LARGE[0]], states_max).run()
    kept = report.bytes / report.states
    figures.append(below(f"explorer: {LARGE[0]}, a state", kept, BYTES_PER_STATE, "bytes"))
    return figures


def _rates(
    name: str, run: Callable[[], int], target: int, peer: Peer, repetitions: int = REPETITIONS
) -> list[Figure]:
    rates, triggers, steps = [], [], 0
    for _ in range(repetitions):
        began = process_time()
        steps = run()
        rates.append(steps / (process_time() - began))
        trigger_s = timeit.timeit(peer.fire, timer=process_time, number=TRIGGERS) / TRIGGERS
        triggers.append(1 / rates[-1] / trigger_s)
        peer.forget()
    limit = 1e6 / target / TRIGGER_US
    return [
        at_least(f"{name}, {steps} steps", statistics.median(rates), target, "steps/s"),
        below(f"{name}, a step in triggers", statistics.median(triggers), limit, "triggers"),
    ]


def _searched(name: str, states_max: int) -> int:
    return Search(scopes()[name], states_max).run().steps


def _walked(moves: int) -> int:
    return Walk(scopes()[SCOPES[0]], 1).walk(moves).steps


def _plain_steps(states_max: int) -> Callable[[], int]:
    """What takes every step that may be taken in the first states of a scope, by the real `step` and nothing else."""
    scope = scopes()[SCOPES[0]]
    search = Search(scope, states_max)
    search.run()
    taken = [
        (state, event) for state, _ in search.states() for player in scope.players for event in player(state)
    ]

    def run() -> int:
        for state, event in taken:
            step(state, event, Instant(0))
        return len(taken)

    return run
