"""How many steps of the real `step` the explorer takes per second of one core, all its work included."""

import time
from typing import Final

from pilotline.tools.bench_figure import Figure, at_least
from pilotline.tools.check.explorer import Search
from pilotline.tools.check.scopes import scopes

SCOPES: Final = ("session", "availability")
STEPS_PER_S: Final = 20_000


def explorer_figures(states_max: int = 20_000) -> list[Figure]:
    """Search both scopes until all is seen or `states_max` states are; seconds are of CPU time."""
    found = scopes()
    figures = []
    for beginning in SCOPES:
        name = next(name for name in found if name.startswith(beginning))
        began = time.process_time()
        report = Search(found[name], states_max).run()
        rate = report.steps / (time.process_time() - began)
        figures.append(at_least(f"explorer: {name}, {report.steps} steps", rate, STEPS_PER_S, "steps/s"))
    return figures
