"""What a transaction makes of a reading: MeterValues to be sent, and samples kept for its StopTransaction (§3.16).

One reading serves both; each has its own list of measurands, for periodic and for clock-aligned ones. An empty list
means the energy register in MeterValues (TC_070, TC_071), and nothing in transactionData (§3.16.5).
"""

from typing import Annotated, Final

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.calendar import dated, stamped
from pilotline.core.effects import Drop
from pilotline.core.events import MessageRecorded, SampleTaken
from pilotline.core.metering import (
    REGISTER_ALONE,
    interval,
    is_of_an_interval,
    of_the_grid,
    registers,
    samples,
    selected,
    wants_intervals,
)
from pilotline.core.slices import every, fact, key, station, stored
from pilotline.core.state import (
    Aligned,
    Boot,
    Clock,
    Counter,
    Instant,
    IntervalStarts,
    KeptSample,
    Map,
    MeterMessage,
    Readings,
    Sample,
    SampledReading,
    Stamp,
    Transaction,
)
from pilotline.spec.types import ReadingContext

PERIODIC: Final[ReadingContext] = "Sample.Periodic"
CLOCK: Final[ReadingContext] = "Sample.Clock"
BEGIN: Final[ReadingContext] = "Transaction.Begin"
END: Final[ReadingContext] = "Transaction.End"
INTERRUPTION_BEGIN: Final[ReadingContext] = "Interruption.Begin"
INTERRUPTION_END: Final[ReadingContext] = "Interruption.End"


class SamplingReads(Struct, frozen=True):
    """The clock, the keys of metering, and what was kept so far."""

    boot: Annotated[Boot, station("boot")]
    clock: Annotated[Clock, station("clock")]
    aligned_points: Annotated[tuple[Aligned, ...], every("aligned")]
    kept: Annotated[Map[Counter, KeptSample], stored("samples")]
    register_max_age_ms: Annotated[int, fact(facts.register_max_age_ms)]
    sample_interval_s: Annotated[int, key("MeterValueSampleInterval")]
    aligned_interval_s: Annotated[int, key("ClockAlignedDataInterval")]
    sampled: Annotated[tuple[str, ...], key("MeterValuesSampledData")]
    aligned: Annotated[tuple[str, ...], key("MeterValuesAlignedData")]
    stop_sampled: Annotated[tuple[str, ...], key("StopTxnSampledData")]
    stop_aligned: Annotated[tuple[str, ...], key("StopTxnAlignedData")]
    rotations: Annotated[tuple[str, ...], key("ConnectorPhaseRotation")]
    offered_data_max: Annotated[int | None, key("StopTransactionMaxMeterValues")]
    product_data_max: Annotated[int, fact(facts.transaction_data_max)]


def is_plausible(own: Transaction, reads: SamplingReads, readings: Readings) -> bool:
    """Not too old, and the register has not run backwards: it never does (§7.31)."""
    return readings.age_ms <= reads.register_max_age_ms and readings.register >= own.register


def begun(
    own: Transaction, reads: SamplingReads, readings: Readings, stamp: Stamp
) -> tuple[Transaction, tuple[SampleTaken, ...]]:
    """The transaction with its first intervals, and Transaction.Begin for its StopTransaction."""
    values = _values(own, reads, readings)
    since = _since(None, reads, Sample(stamp, BEGIN, values))
    return replace(own, since=since), _kept(own, reads, BEGIN, stamp, values)


def taken(
    own: Transaction, reads: SamplingReads, readings: Readings, context: ReadingContext, stamp: Stamp
) -> tuple[Transaction, tuple[MessageRecorded | SampleTaken, ...]]:
    """A periodic or clock-aligned sample, for both its uses."""
    values = _values(own, reads, readings)
    if context == CLOCK:
        told_list, kept_list = reads.aligned or REGISTER_ALONE, reads.stop_aligned
        since = _dated(own.since.aligned, reads) if own.since else None
    else:
        told_list, kept_list = reads.sampled or REGISTER_ALONE, reads.stop_sampled
        since = _dated(own.since.sampled, reads) if own.since else None
    told = samples(context, stamp, values, told_list, since)
    kept = samples(context, stamp, values, kept_list, since)
    start = Sample(stamp, context, values)
    sampled = replace(own, register=readings.register, since=_since(own.since, reads, start))
    return sampled, (
        *((MessageRecorded(own.number, MeterMessage(own.connector, told)),) if told else ()),
        *[SampleTaken(own.number, sample) for sample in kept],
    )


def interrupted(
    own: Transaction, reads: SamplingReads, context: ReadingContext, readings: Readings, now: Instant
) -> tuple[SampleTaken, ...]:
    """Interruption.Begin or Interruption.End, read now."""
    values = _values(own, reads, readings)
    return _kept(own, reads, context, stamped(reads.boot, reads.clock, now), values)


def interrupted_by_the_cut(
    own: Transaction, reads: SamplingReads, readings: Readings | None, now: Instant
) -> tuple[SampleTaken, ...]:
    """Nobody read the meter when power went: the last sample before it stands for the begin, with its own time."""
    before = [kept.sample for kept in kept_of(own, reads) if not is_of_an_interval(kept.sample)]
    if not before:
        return ()
    last = replace(before[-1], context=INTERRUPTION_BEGIN)
    after = interrupted(own, reads, INTERRUPTION_END, readings, now) if readings else ()
    return (SampleTaken(own.number, last), *after)


def is_interrupted(transaction: Counter | None, kept: Map[Counter, KeptSample]) -> bool:
    """Whether an interruption was kept whose end was not."""
    for number in sorted(kept, reverse=True):
        context = kept[number].sample.context
        if kept[number].transaction == transaction and context in (INTERRUPTION_BEGIN, INTERRUPTION_END):
            return context == INTERRUPTION_BEGIN
    return False


def ended(
    own: Transaction, reads: SamplingReads, readings: Readings | None, stamp: Stamp
) -> tuple[tuple[Sample, ...], tuple[MessageRecorded | Drop, ...]]:
    """The transactionData of the StopTransaction, and what goes before it: the intervals that end with the transaction.

    Without a reading there is no Transaction.End. What was kept is kept in the StopTransaction from now on.
    """
    values = _values(own, reads, readings) if readings else ()
    told, partial = _partial_intervals(own, reads, values, stamp)
    before, drops = kept_of(own, reads), tuple(Drop("samples", number) for number in _numbers(own, reads))
    if not _data(reads):
        return (), (*told, *drops)
    last = selected(values, _data(reads))
    end = (Sample(stamp, END, last),) if last else ()
    room = (reads.offered_data_max or reads.product_data_max) - len(before) - len(end)
    return (*(kept.sample for kept in before), *partial[: max(room, 0)], *end), (*told, *drops)


def kept_of(own: Transaction, reads: SamplingReads) -> list[KeptSample]:
    """What was kept for this transaction, the oldest first."""
    return [reads.kept[number] for number in _numbers(own, reads)]


def _numbers(own: Transaction, reads: SamplingReads) -> list[Counter]:
    return sorted(number for number, kept in reads.kept.items() if kept.transaction == own.number)


def _partial_intervals(
    own: Transaction, reads: SamplingReads, values: tuple[SampledReading, ...], stamp: Stamp
) -> tuple[tuple[MessageRecorded, ...], tuple[Sample, ...]]:
    """The intervals that the end of the transaction cuts short (§9.1.5): to be sent, and for transactionData."""
    if own.since is None:
        return (), ()
    told: list[Sample] = []
    kept: list[Sample] = []
    lists: tuple[tuple[ReadingContext, int, Sample, tuple[str, ...], tuple[str, ...]], ...] = (
        (PERIODIC, reads.sample_interval_s, own.since.sampled, reads.sampled, reads.stop_sampled),
        (CLOCK, reads.aligned_interval_s, own.since.aligned, reads.aligned, reads.stop_aligned),
    )
    for context, interval_s, since, told_list, kept_list in lists:
        start = _dated(since, reads)
        if interval_s > 0 and start.stamp != stamp:
            told.extend(interval(context, values, told_list, start))
            kept.extend(interval(context, values, kept_list, start))
    messages = [MessageRecorded(own.number, MeterMessage(own.connector, (sample,))) for sample in told]
    return tuple(messages), tuple(kept)


def _values(own: Transaction, reads: SamplingReads, readings: Readings) -> tuple[SampledReading, ...]:
    return of_the_grid(readings.values, reads.rotations, own.connector)


def _data(reads: SamplingReads) -> tuple[str, ...]:
    """Every measurand configured for the StopTransaction (errata 3.14)."""
    return (*reads.stop_sampled, *reads.stop_aligned)


def _kept(
    own: Transaction,
    reads: SamplingReads,
    context: ReadingContext,
    stamp: Stamp,
    values: tuple[SampledReading, ...],
) -> tuple[SampleTaken, ...]:
    asked = selected(values, _data(reads))
    return (SampleTaken(own.number, Sample(stamp, context, asked)),) if asked else ()


def _dated(start: Sample, reads: SamplingReads) -> Sample:
    """The clock may have become known since the interval began."""
    return replace(start, stamp=dated(start.stamp, reads.boot, reads.clock))


def _since(before: IntervalStarts | None, reads: SamplingReads, at: Sample) -> IntervalStarts | None:
    """The starts of the intervals that run from now on; none is kept where none is asked for."""
    if not wants_intervals((*reads.sampled, *reads.aligned, *_data(reads))):
        return None
    start = replace(at, values=registers(at.values))
    if before is None:
        return IntervalStarts(start, start)
    if at.context == CLOCK:
        return IntervalStarts(before.sampled, start)
    return IntervalStarts(start, before.aligned)
