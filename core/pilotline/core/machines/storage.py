"""Storage: what the station does while its memory cannot be written.

Theory of operation: a step whose changes could not be stored has not happened; its event is told by `CommitFailed`.
From then on nothing new begins, and running transactions do what the product says (`levels.contactor`). Every second
the store is tried with a record that is there already; once that is stored, the world tells its facts again, for some
of them may be among what was lost: cables, contactors and registers are facts, not events, and a fact that is known
already changes nothing.
"""

from typing import Annotated, Final

from msgspec import Struct

from pilotline.core.effects import Arm, Put, ReportWorld
from pilotline.core.events import CommitFailed, StoreRetryDue
from pilotline.core.slices import STATION, station
from pilotline.core.state import Boot, Instant, Storage
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.rows import StorageRows as row

RETRY_MS: Final = 1000


class Reads(Struct, frozen=True):
    """A record to try the store with."""

    boot: Annotated[Boot, station("boot")]


def wait(own: Storage, _reads: Reads, _event: CommitFailed, now: Instant) -> tuple[Storage, tuple[Arm]]:
    return own, (Arm("retry", Instant(now + RETRY_MS)),)


def try_again(
    own: Storage, reads: Reads, _event: StoreRetryDue, _now: Instant
) -> tuple[Storage, tuple[Put | ReportWorld, ...]]:
    """If this fails too the state before it stands, which is failing."""
    return own, (Put("boot", None, reads.boot), ReportWorld())


STORAGE = Machine(
    "storage",
    family=STATION,
    home="moment",
    blank=Storage(),
    reads=Reads,
    states=("fine", "failing"),
    timers=(Timer("retry", StoreRetryDue, ("failing",)),),
    table=(
        on(CommitFailed, row.G1, wait),
        on(StoreRetryDue, row.G2, try_again),
    ),
    ignored=(
        ignores(CommitFailed, in_=("failing",), because="the next try is on its way"),
        ignores(StoreRetryDue, in_=("fine",), because="nothing has failed"),
    ),
)
