"""The wall clock: a number to add to the monotonic clock, told by the Central System.

Theory of operation: timers run on the monotonic clock and never jump; what has a date is mapped through this
machine's record (§4.2, §4.6). The last time known is kept in Memory when it is first told, with each message that is
recorded, and now and then, so that what a boot recorded that never learned the time can be dated after it.
"""

from typing import Annotated, Final

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core.effects import Put
from pilotline.core.events import PoweredUp, TimeTold
from pilotline.core.slices import STATION, station
from pilotline.core.state import Boot, Clock, Instant, Stamp, UtcTime
from pilotline.core.statechart import Machine, ignores, on
from pilotline.spec.rows import ClockRows as row

KEEP_EVERY_MS: Final = 900_000  # the store is flash: it need not be written at every Heartbeat


class Reads(Struct, frozen=True):
    """What is kept of the time."""

    boot: Annotated[Boot, station("boot")]


def knows_the_time(_own: Clock, _reads: Reads, event: PoweredUp) -> bool:
    return event.utc is not None


def set_clock(own: Clock, reads: Reads, event: TimeTold, now: Instant) -> tuple[Clock, tuple[Put, ...]]:
    clock = Clock(own.state, UtcTime(event.utc - now))
    boot, kept = reads.boot, reads.boot.last_known
    if kept and kept.boot == boot.number and 0 <= event.utc - (kept.utc or 0) < KEEP_EVERY_MS:
        return clock, ()
    return clock, (Put("boot", None, replace(boot, last_known=Stamp(boot.number, now, event.utc))),)


def take_own_clock(own: Clock, _reads: Reads, event: PoweredUp, now: Instant) -> Clock:
    return Clock(own.state, UtcTime((event.utc or 0) - now))


CLOCK = Machine(
    "clock",
    family=STATION,
    home="moment",
    blank=Clock(),
    reads=Reads,
    states=("unknown", "known"),
    lasting=("known",),
    table=(
        on(TimeTold, row.K1, set_clock),
        on(PoweredUp, row.K2, take_own_clock, when=[knows_the_time]),
    ),
    ignored=(ignores(PoweredUp, because="without a clock of its own the station waits to be told"),),
)
