"""Samples for the transactionData of StopTransaction: each a small record in Memory until its transaction stops.

Theory of operation: a sample that is kept survives a power cut and costs one record, however many there are already.
A transaction keeps at most what a StopTransaction may hold, less one for its end. When that is reached every second
one in between goes, the first never, so a session of days is covered from its begin to its end (errata 3.14, 3.89).
"""

from typing import Annotated

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.calendar import dated
from pilotline.core.effects import Drop, Put
from pilotline.core.events import SampleTaken, TimeTold
from pilotline.core.metering import every_second
from pilotline.core.slices import STATION, fact, key, station, stored
from pilotline.core.state import Boot, Clock, Counter, Instant, KeptSample, Map, Sample, SampleKeeper, UtcTime
from pilotline.core.statechart import Machine, ignores, on
from pilotline.spec.rows import SampleRows as row


class Reads(Struct, frozen=True):
    """What is kept, and how much a StopTransaction holds."""

    boot: Annotated[Boot, station("boot")]
    clock: Annotated[Clock, station("clock")]
    kept: Annotated[Map[Counter, KeptSample], stored("samples")]
    offered_max: Annotated[int | None, key("StopTransactionMaxMeterValues")]
    product_max: Annotated[int, fact(facts.transaction_data_max)]


def has_room(_own: SampleKeeper, reads: Reads, event: SampleTaken) -> bool:
    return len(_numbers(reads, event)) < (reads.offered_max or reads.product_max) - 1


def keep(
    own: SampleKeeper, _reads: Reads, event: SampleTaken, _now: Instant
) -> tuple[SampleKeeper, tuple[Put]]:
    kept = KeptSample(own.next, event.of_transaction, event.sample)
    return replace(own, next=Counter(own.next + 1)), (Put("samples", own.next, kept),)


def thin(
    own: SampleKeeper, reads: Reads, event: SampleTaken, now: Instant
) -> tuple[SampleKeeper, tuple[Drop | Put, ...]]:
    """Where there is room for the first and the last one only, that is all that is kept."""
    between = _numbers(reads, event)[1:]
    if not between:
        return own, ()
    after, kept = keep(own, reads, event, now)
    return after, (*(Drop("samples", number) for number in every_second(between)), *kept)


def undated_is_kept(_own: SampleKeeper, reads: Reads, _event: TimeTold) -> bool:
    return reads.clock.state == "unknown" or any(
        kept.sample.stamp.utc is None for kept in reads.kept.values()
    )


def date_all(
    own: SampleKeeper, reads: Reads, event: TimeTold, now: Instant
) -> tuple[SampleKeeper, tuple[Put, ...]]:
    """As the outbox dates what waits: before another boot would have to guess it."""
    clock = Clock("known", UtcTime(event.utc - now))
    undated = [kept for _, kept in sorted(reads.kept.items()) if kept.sample.stamp.utc is None]
    return own, tuple(
        Put("samples", kept.number, replace(kept, sample=_dated(kept.sample, reads.boot, clock)))
        for kept in undated
    )


def _dated(sample: Sample, boot: Boot, clock: Clock) -> Sample:
    return replace(sample, stamp=dated(sample.stamp, boot, clock))


def _numbers(reads: Reads, event: SampleTaken) -> list[Counter]:
    return sorted(n for n, kept in reads.kept.items() if kept.transaction == event.of_transaction)


SAMPLE_KEEPER = Machine(
    "sample_keeper",
    family=STATION,
    home="moment",
    blank=SampleKeeper(),
    reads=Reads,
    states=("keeping",),
    table=(
        on(SampleTaken, row.O1, keep, when=[has_room]),
        on(SampleTaken, row.O2, thin),
        on(TimeTold, row.O3, date_all, when=[undated_is_kept]),
    ),
    ignored=(ignores(TimeTold, because="what is kept is dated already"),),
)
