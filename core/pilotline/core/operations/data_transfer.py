"""DataTransfer from the Central System (§4.3, §5.6): what the product declares of vendors and their messages."""

from typing import Annotated

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.decision_table import DecisionTable, later, when
from pilotline.core.events import VendorAsked
from pilotline.core.machines.vendor import VENDOR
from pilotline.core.slices import fact, station
from pilotline.core.state import HeldCall, Vendor
from pilotline.spec.messages.core import DataTransferConf, DataTransferReq
from pilotline.spec.products import VendorMessage
from pilotline.spec.types import ci_key, same


class Reads(Struct, frozen=True):
    """The vendors' messages, and whether one is being answered."""

    messages: Annotated[tuple[VendorMessage, ...], fact(facts.vendor_messages)]
    vendor: Annotated[Vendor, station("vendor")]


def vendor_unknown(reads: Reads, request: DataTransferReq) -> bool:
    return not _of_vendor(reads, request)


def message_unknown(reads: Reads, request: DataTransferReq) -> bool:
    return _declared(reads, request) is None


def answer_is_declared(reads: Reads, request: DataTransferReq) -> bool:
    declared = _declared(reads, request)
    return declared is not None and declared.status is not None


def another_is_answered(reads: Reads, _request: DataTransferReq) -> bool:
    return reads.vendor.state != "idle"


def unknown_vendor(_reads: Reads, _request: DataTransferReq) -> DataTransferConf:
    """The text says UnknownVendor, the enumeration UnknownVendorId; no data goes with it (§7.23)."""
    return DataTransferConf(status="UnknownVendorId")


def unknown_message(_reads: Reads, _request: DataTransferReq) -> DataTransferConf:
    return DataTransferConf(status="UnknownMessageId")


def declared_answer(reads: Reads, request: DataTransferReq) -> DataTransferConf:
    declared = _declared(reads, request)
    if declared is None or declared.status is None:
        return DataTransferConf(status="Rejected")
    return DataTransferConf(status=declared.status, data=declared.data)


def reject(_reads: Reads, _request: DataTransferReq) -> DataTransferConf:
    return DataTransferConf(status="Rejected")


def ask_embedder(_reads: Reads, request: DataTransferReq, call: HeldCall) -> tuple[VendorAsked]:
    return (VendorAsked(call, request),)


def _of_vendor(reads: Reads, request: DataTransferReq) -> list[VendorMessage]:
    return [message for message in reads.messages if same(message.vendor_id, request.vendor_id)]


def _declared(reads: Reads, request: DataTransferReq) -> VendorMessage | None:
    """The line of this very message, or else the vendor's line for all others."""
    lines = {_key(message.message_id): message for message in _of_vendor(reads, request)}
    return lines.get(_key(request.message_id), lines.get(None))


def _key(message_id: str | None) -> str | None:
    return None if message_id is None else ci_key(message_id)


DATA_TRANSFER_FROM_CENTRAL_SYSTEM: DecisionTable[Reads, DataTransferReq] = DecisionTable(
    DataTransferReq,
    Reads,
    (
        when(vendor_unknown, name="no such vendor", answer=unknown_vendor),
        when(message_unknown, name="no such message of this vendor", answer=unknown_message),
        when(answer_is_declared, name="the product declares the answer", answer=declared_answer),
        when(another_is_answered, name="another one is being answered", answer=reject),
        later(name="the embedder answers", by=VENDOR, ask=ask_embedder),
    ),
)
