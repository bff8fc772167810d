"""What is in the outbox as the messages of the standard."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias, assert_never

from msgspec.structs import replace

from pilotline.core.calendar import date_of
from pilotline.core.state import (
    Entry,
    MeterMessage,
    Sample,
    Stamp,
    StartMessage,
    StopMessage,
    Transaction,
    TransactionMessage,
    UtcTime,
)
from pilotline.spec.messages.core import MeterValuesReq, StartTransactionReq, StopTransactionReq
from pilotline.spec.messages.structures import MeterValue

TransactionRequest: TypeAlias = StartTransactionReq | MeterValuesReq | StopTransactionReq


def with_dates(entry: Entry, dated: Callable[[Stamp], Stamp]) -> Entry:
    """The entry with all its times dated; one that is dated already stays equal."""

    def all_dated(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
        return tuple([replace(sample, stamp=dated(sample.stamp)) for sample in samples])

    message = entry.message
    match message:
        case StartMessage():
            return replace(entry, message=replace(message, stamp=dated(message.stamp)))
        case MeterMessage():
            return replace(entry, message=replace(message, samples=all_dated(message.samples)))
        case StopMessage():
            data = all_dated(message.transaction_data)
            stopped = replace(message, stamp=dated(message.stamp), transaction_data=data)
            return replace(entry, message=stopped)
        case _:
            assert_never(message)


def stamps_of(message: TransactionMessage) -> tuple[Stamp, ...]:
    """All its times, that of its recording first."""
    match message:
        case StartMessage():
            return (message.stamp,)
        case MeterMessage():
            return tuple([sample.stamp for sample in message.samples])
        case StopMessage():
            return (message.stamp, *[sample.stamp for sample in message.transaction_data])
        case _:
            assert_never(message)


def is_undated(message: TransactionMessage) -> bool:
    """Whether one of its times is not known yet."""
    return any(stamp.utc is None for stamp in stamps_of(message))


def request_of(entry: Entry, transaction: Transaction | None) -> TransactionRequest:
    """The request of a dated entry. Without an answer to its start a transaction has the id -1 (errata 3.18);
    readings of no transaction have none.
    """
    message = entry.message
    answered = transaction.answered if transaction else None
    transaction_id = answered.transaction_id if answered else -1
    match message:
        case StartMessage():
            return StartTransactionReq(
                connector_id=message.connector,
                id_tag=message.id_tag,
                meter_start=message.meter_start,
                reservation_id=message.reservation_id,
                timestamp=_date(message.stamp),
            )
        case MeterMessage():
            return MeterValuesReq(
                connector_id=message.connector,
                transaction_id=transaction_id if transaction else None,
                meter_value=tuple(map(meter_value, message.samples)),
            )
        case StopMessage():
            return StopTransactionReq(
                id_tag=message.id_tag,
                meter_stop=message.meter_stop,
                timestamp=_date(message.stamp),
                transaction_id=transaction_id,
                reason=message.reason,
                transaction_data=tuple(map(meter_value, message.transaction_data)) or None,
            )
        case _:
            assert_never(message)


def meter_value(sample: Sample) -> MeterValue:
    """A sample as a MeterValue (§7.33); contexts and units are always stated (Frequency has none, errata 3.84)."""
    values = [
        {
            "value": reading.value,
            "context": sample.context,
            "measurand": reading.measurand,
            "phase": reading.phase,
            "location": reading.location,
            "unit": reading.unit,
        }
        for reading in sample.values
    ]
    # read as a whole: to make each SampledValue by itself takes twice as long
    return MeterValue.model_validate({"timestamp": _date(sample.stamp), "sampled_value": tuple(values)})


def _date(stamp: Stamp) -> datetime:
    return date_of(stamp.utc or UtcTime(0))
