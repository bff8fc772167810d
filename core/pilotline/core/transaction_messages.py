"""What is in the outbox as the messages of the standard."""

from datetime import datetime
from typing import TypeAlias, assert_never

from pilotline.core.calendar import date_of
from pilotline.core.state import Entry, MeterMessage, Stamp, StartMessage, StopMessage, Transaction, UtcTime
from pilotline.spec.messages.core import MeterValuesReq, StartTransactionReq, StopTransactionReq
from pilotline.spec.messages.structures import MeterValue

TransactionRequest: TypeAlias = StartTransactionReq | MeterValuesReq | StopTransactionReq


def with_stamp(entry: Entry, stamp: Stamp) -> Entry:
    """The entry with its message's time replaced; the same entry if it is the same time."""
    message = entry.message
    if message.stamp == stamp:
        return entry
    match message:
        case StartMessage(connector, id_tag, meter_start, _, reservation_id):
            dated: StartMessage | MeterMessage | StopMessage = StartMessage(
                connector, id_tag, meter_start, stamp, reservation_id
            )
        case MeterMessage(connector, _, context, readings):
            dated = MeterMessage(connector, stamp, context, readings)
        case StopMessage(meter_stop, _, reason, id_tag, transaction_data):
            dated = StopMessage(meter_stop, stamp, reason, id_tag, transaction_data)
        case _:
            assert_never(message)
    return Entry(entry.boot, entry.number, entry.transaction, dated, entry.attempts)


def request_of(entry: Entry, transaction: Transaction) -> TransactionRequest:
    """The request of a dated entry. Without an answer to its start a transaction has the id -1 (errata 3.18)."""
    message = entry.message
    transaction_id = transaction.answered.transaction_id if transaction.answered else -1
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
                transaction_id=transaction_id,
                meter_value=(meter_value(message),),
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


def meter_value(message: MeterMessage) -> MeterValue:
    """Readings as a MeterValue (§7.33); units and contexts are always stated."""
    samples = [
        {
            "value": reading.value,
            "context": message.context,
            "measurand": reading.measurand,
            "phase": reading.phase,
            "location": reading.location,
            "unit": reading.unit,
        }
        for reading in message.readings.values
    ]
    # read as a whole: to make each SampledValue by itself takes twice as long
    return MeterValue.model_validate({"timestamp": _date(message.stamp), "sampled_value": tuple(samples)})


def _date(stamp: Stamp) -> datetime:
    return date_of(stamp.utc or UtcTime(0))
