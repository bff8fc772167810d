"""How many steps of the real `step` the explorer takes per second of one core, all its work included."""

import statistics
import time
from typing import Final

from pilotline.tools.bench_figure import Figure, at_least
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.scopes import scopes

SCOPES: Final = ("session", "lock", "warnings")
STEPS_PER_S: Final = 20_000
REPETITIONS: Final = 5


def explorer_figures(states_max: int = 20_000) -> list[Figure]:
    """Search each scope until all is seen or `states_max` states are: the median of several searches, in steps per
    second of CPU time, once the message models are built (pydantic builds them at their first use).
    """
    found = scopes()
    figures = []
    for name in SCOPES:
        Search(found[name], 500).run()
        rates, steps = [], 0
        for _ in range(REPETITIONS):
            began = time.process_time()
            steps = Search(found[name], states_max).run().steps
            rates.append(steps / (time.process_time() - began))
        figures.append(
            at_least(f"explorer: {name}, {steps} steps", statistics.median(rates), STEPS_PER_S, "steps/s")
        )
    return figures
