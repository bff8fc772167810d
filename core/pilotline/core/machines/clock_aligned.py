"""Clock-aligned readings: the ticks of the day, and the reading of each point at each of them (§3.16.2, §9.1.5).

Theory of operation: ClockAlignedDataInterval divides each day (UTC) from midnight. The next tick is a date, which
sleeps while no clock is known. At a tick every meter is asked, and what it answers bears the time of the tick. A
tick that is late is taken once, and the grid stays. When the clock is set forward over a tick it is taken if its
reading is not too old by then; when it is set back, the ticks up to the last one are not taken again. Set back by
more than a day, it is the former time that was wrong, and the day begins anew.

Readings of a connector that charges are the transaction's; the others are recorded here, without a transactionId
(§4.7, errata 3.16). They are transaction-related messages all the same (§3.7), and go through the outbox.
"""

from typing import Annotated

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.effects import Arm, ArmUtc, Disarm, ReadMeter
from pilotline.core.events import (
    AlignedReadingTimedOut,
    ConfigurationChanged,
    MessageRecorded,
    MeterRead,
    PoweredUp,
    Restored,
    TickCame,
    TickDue,
    TimeTold,
)
from pilotline.core.metering import (
    DAY_MS,
    REGISTER_ALONE,
    of_the_grid,
    registers,
    samples,
    tick_after,
    tick_at,
    wants_intervals,
)
from pilotline.core.sampling import CLOCK
from pilotline.core.slices import POINT, STATION, fact, here, key, station
from pilotline.core.state import (
    Aligned,
    Boot,
    Clock,
    ClockAligned,
    Counter,
    Instant,
    MeterMessage,
    Sample,
    Session,
    Stamp,
    UtcTime,
)
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.rows import AlignedRows, ClockAlignedRows

# --- the ticks -----------------------------------------------------------------------------------------------


class TickReads(Struct, frozen=True):
    """The clock, and how the day is divided."""

    clock: Annotated[Clock, station("clock")]
    interval_s: Annotated[int, key("ClockAlignedDataInterval")]
    reading_max_age_ms: Annotated[int, fact(facts.register_max_age_ms)]


def of_the_interval(_own: ClockAligned, _reads: TickReads, event: ConfigurationChanged) -> bool:
    return event.key == "ClockAlignedDataInterval"


def reckon(
    own: ClockAligned, reads: TickReads, _event: object, now: Instant
) -> tuple[ClockAligned, tuple[ArmUtc | Disarm]]:
    epoch = reads.clock.epoch
    return own, (_next(own, reads, None if epoch is None else UtcTime(epoch + now)),)


def reckon_by(
    own: ClockAligned, reads: TickReads, event: TimeTold, _now: Instant
) -> tuple[ClockAligned, tuple[ArmUtc | Disarm]]:
    """A tick that the new time has passed over by no more than a reading may be old is due at once."""
    return own, (_next(own, reads, UtcTime(event.utc - reads.reading_max_age_ms)),)


def tick(
    own: ClockAligned, reads: TickReads, _event: TickDue, now: Instant
) -> tuple[ClockAligned, tuple[TickCame | ArmUtc | Disarm, ...]]:
    at = tick_at(UtcTime((reads.clock.epoch or 0) + now), reads.interval_s)
    ticked = replace(own, tick=at)
    return ticked, (TickCame(at), _next(ticked, reads, at))


def _next(own: ClockAligned, reads: TickReads, after: UtcTime | None) -> ArmUtc | Disarm:
    if after is None or reads.interval_s <= 0:
        return Disarm("tick")
    if own.tick is not None and own.tick - after <= DAY_MS:
        after = max(after, own.tick)
    return ArmUtc("tick", tick_after(after, reads.interval_s))


CLOCK_ALIGNED = Machine(
    "clock_aligned",
    family=STATION,
    home="memory",
    boot_event=PoweredUp,
    blank=ClockAligned(),
    reads=TickReads,
    states=("counting",),
    timers=(Timer("tick", TickDue, ("counting",)),),
    table=(
        on(Restored, ClockAlignedRows.J1, reckon),
        on(ConfigurationChanged, ClockAlignedRows.J1, reckon, when=[of_the_interval]),
        on(TimeTold, ClockAlignedRows.J1, reckon_by),
        on(TickDue, ClockAlignedRows.J2, tick),
    ),
    ignored=(
        ignores(PoweredUp, because="when all have come back the next tick is reckoned"),
        ignores(ConfigurationChanged, because="another key"),
    ),
)

# --- the readings --------------------------------------------------------------------------------------------


class Reads(Struct, frozen=True):
    """Who uses the connector, and what is to be told of it."""

    session: Annotated[Session, here("sessions")]
    boot: Annotated[Boot, station("boot")]
    reading_max_age_ms: Annotated[int, fact(facts.register_max_age_ms)]
    measurands: Annotated[tuple[str, ...], key("MeterValuesAlignedData")]
    rotations: Annotated[tuple[str, ...], key("ConnectorPhaseRotation")]


def ask(
    own: Aligned, reads: Reads, event: TickCame, now: Instant
) -> tuple[Aligned, tuple[ReadMeter | Arm, ...]]:
    return replace(own, tick=event.tick), (
        ReadMeter(own.connector, _running(reads), CLOCK),
        Arm("reading", Instant(now + reads.reading_max_age_ms)),
    )


def usable(_own: Aligned, reads: Reads, event: MeterRead) -> bool:
    return event.context == CLOCK and event.readings.age_ms <= reads.reading_max_age_ms


def of_the_transaction(_own: Aligned, reads: Reads, event: MeterRead) -> bool:
    return event.transaction is not None and event.transaction == _running(reads)


def record(
    own: Aligned, reads: Reads, event: MeterRead, now: Instant
) -> tuple[Aligned, tuple[MessageRecorded, ...]]:
    """Of the main meter with its intervals; on a connector that nobody uses no energy flows, so it has none."""
    stamp = Stamp(reads.boot.number, now, own.tick)
    values = of_the_grid(event.readings.values, reads.rotations, own.connector)
    told = samples(CLOCK, stamp, values, reads.measurands or REGISTER_ALONE, own.since)
    counts = own.connector == 0 and wants_intervals(reads.measurands)
    since = Sample(stamp, CLOCK, registers(values)) if counts else None
    recorded = (MessageRecorded(None, MeterMessage(own.connector, told)),) if told else ()
    return replace(own, since=since), recorded


def _running(reads: Reads) -> Counter | None:
    return reads.session.transaction if reads.session.state == "charging" else None


ALIGNED = Machine(
    "aligned",
    family=POINT,
    home="moment",
    blank=Aligned(0),
    reads=Reads,
    states=("idle", "reading"),
    timers=(Timer("reading", AlignedReadingTimedOut, ("reading",)),),
    table=(
        on(TickCame, AlignedRows.J3, ask),
        on(MeterRead, AlignedRows.J4T, when=[usable, of_the_transaction]),
        on(MeterRead, AlignedRows.J4, record, when=[usable]),
        on(AlignedReadingTimedOut, AlignedRows.J5),
    ),
    ignored=(
        ignores(MeterRead, because="not for a tick, or too late or too old for it"),
        ignores(AlignedReadingTimedOut, in_=("idle",), because="no reading is awaited"),
    ),
)
