"""A DataTransfer of the station's own: one at a time, and the embedder is told how it ended (§4.3)."""

from typing import Final

from pilotline.core.effects import TellDataTransfer
from pilotline.core.events import Asked, Confirmed, DataTransferRequested, Refused, Unanswered, Withdrawn
from pilotline.core.reading import NoReads
from pilotline.core.slices import STATION
from pilotline.core.state import Address, Ask, DataTransfer, Instant
from pilotline.core.statechart import Machine, ignores, on
from pilotline.spec.messages.core import DataTransferConf, DataTransferReq
from pilotline.spec.rows import DataTransferRows as row

ME: Final = Address("data_transfer")
Told = tuple[DataTransfer, tuple[TellDataTransfer]]


def ask(
    own: DataTransfer, _reads: NoReads, event: DataTransferRequested, _now: Instant
) -> tuple[DataTransfer, tuple[Asked]]:
    request = DataTransferReq(vendor_id=event.vendor_id, message_id=event.message_id, data=event.data)
    return own, (Asked(Ask(request, ME)),)


def tell_busy(
    own: DataTransfer, _reads: NoReads, _event: object, _now: Instant
) -> tuple[DataTransfer, tuple[TellDataTransfer]]:
    return own, (TellDataTransfer("Busy"),)


def tell_answer(
    own: DataTransfer, _reads: NoReads, event: Confirmed[DataTransferConf], _now: Instant
) -> tuple[DataTransfer, tuple[TellDataTransfer]]:
    return own, (TellDataTransfer(event.confirmation.status, event.confirmation.data),)


def tell_error(
    own: DataTransfer, _reads: NoReads, event: Refused, _now: Instant
) -> tuple[DataTransfer, tuple[TellDataTransfer]]:
    return own, (TellDataTransfer(event.code, event.description),)


def tell_timeout(
    own: DataTransfer, _reads: NoReads, _event: Unanswered, _now: Instant
) -> tuple[DataTransfer, tuple[TellDataTransfer]]:
    return own, (TellDataTransfer("Unanswered"),)


def tell_offline(
    own: DataTransfer, _reads: NoReads, _event: Withdrawn, _now: Instant
) -> tuple[DataTransfer, tuple[TellDataTransfer]]:
    return own, (TellDataTransfer("Offline"),)


DATA_TRANSFER = Machine(
    "data_transfer",
    family=STATION,
    home="moment",
    blank=DataTransfer(),
    reads=NoReads,
    states=("idle", "asked"),
    table=(
        on(DataTransferRequested, row.X1, ask),
        on(DataTransferRequested, row.X3, tell_busy),
        on(Confirmed[DataTransferConf], row.X2, tell_answer),
        on(Refused, row.X2, tell_error),
        on(Unanswered, row.X2, tell_timeout),
        on(Withdrawn, row.X2, tell_offline),
    ),
    ignored=(ignores(Confirmed, Refused, Unanswered, Withdrawn, in_=("idle",), because="nothing was asked"),),
)
