"""The scope of the queue: transaction messages through everything that can come between them and the Central System."""

from typing import Final

from pilotline.tools.check import environment as world
from pilotline.tools.check.environment import ALL, central_system
from pilotline.tools.check.scope import QUIET, TALK, WILLING, Scope, one_connector

QUEUEING: Final = (
    Scope(
        "queue",
        "a plug starts, its end stops; answers, errors, silence, late answers; network and power go at any time",
        one_connector("reference", readers=(), start_without_authorization="FREE", lock=False),
        (
            world.cable(1),
            central_system(ALL._replace(start=ALL.start[:1])),
            world.network,
            world.power(),
        ),
        at_once=WILLING,
        inert=QUIET,
        prompt=TALK,
        queue_max=2,
        knows_reports=False,
        shows=(
            "a whole transaction waits in the queue",
            "the head of the queue waits for its repeat",
            "messages of an earlier boot wait",
            "a start was skipped",
        ),
    ),
)
