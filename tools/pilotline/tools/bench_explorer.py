"""How many steps of the real `step` the explorer takes per second of one core, all its work included."""

import statistics
import timeit
from time import process_time
from typing import Final

from pilotline.tools.bench_figure import Figure, at_least, below
from pilotline.tools.bench_rows import Peer, cases
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.scopes import scopes

SCOPES: Final = ("session", "lock", "warnings")
STEPS_PER_S: Final = 20_000
TRIGGERS_PER_STEP: Final = 8.6
"""What 20,000 steps/s are on the machine the target was set on: there a `trigger` takes 5.8 us."""
REPETITIONS: Final = 5
TRIGGERS: Final = 5000


def explorer_figures(states_max: int = 20_000) -> list[Figure]:
    """Search each scope until all is seen or `states_max` states are: medians of several searches, once the message
    models are built (pydantic builds them at their first use).

    Per scope the rate in steps per second of CPU time, and, because the speed of a shared machine drifts, the time of
    a step in the time that one `trigger` of `transitions` took between the searches.
    """
    found, peer = scopes(), Peer(cases()[0])
    figures = []
    for name in SCOPES:
        Search(found[name], 500).run()
        rates, triggers, steps = [], [], 0
        for _ in range(REPETITIONS):
            began = process_time()
            steps = Search(found[name], states_max).run().steps
            rates.append(steps / (process_time() - began))
            trigger_s = timeit.timeit(peer.fire, timer=process_time, number=TRIGGERS) / TRIGGERS
            triggers.append(1 / rates[-1] / trigger_s)
            peer.forget()
        rate = statistics.median(rates)
        figures.append(at_least(f"explorer: {name}, {steps} steps", rate, STEPS_PER_S, "steps/s"))
        per_step = statistics.median(triggers)
        figures.append(
            below(f"explorer: {name}, a step in triggers", per_step, TRIGGERS_PER_STEP, "triggers")
        )
    return figures
