"""A DataTransfer of the Central System that the embedder answers in its own time, one at a time (§4.3, §5.6).

Theory of operation: the CALL is held until the embedder has answered. No answer in time is Rejected; an answer to a
call that is not held any more is let pass.
"""

from typing import Annotated

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.effects import AnswerDataTransfer, Arm, SendError, SendResult
from pilotline.core.events import DataTransferAnswered, Disconnected, VendorAsked, VendorTimedOut
from pilotline.core.slices import STATION, fact
from pilotline.core.state import HeldCall, Instant, Vendor
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.messages.core import DataTransferConf
from pilotline.spec.rows import VendorRows as row


class Reads(Struct, frozen=True):
    """How long the embedder may take."""

    deadline_ms: Annotated[int, fact(facts.data_transfer_deadline_ms)]


def ask_embedder(
    own: Vendor, reads: Reads, event: VendorAsked, now: Instant
) -> tuple[Vendor, tuple[Arm | AnswerDataTransfer, ...]]:
    told = event.request
    asked = AnswerDataTransfer(event.call, told.vendor_id, told.message_id, told.data)
    return Vendor(own.state, event.call), (Arm("answer", Instant(now + reads.deadline_ms)), asked)


def answers_the_held_call(own: Vendor, _reads: Reads, event: DataTransferAnswered) -> bool:
    return event.call == own.call


def answer(
    own: Vendor, _reads: Reads, event: DataTransferAnswered, _now: Instant
) -> tuple[Vendor, tuple[SendResult, ...]]:
    data = event.data if event.status == "Accepted" else None
    return Vendor(), _answered(own.call, DataTransferConf(status=event.status, data=data))


def reject(
    own: Vendor, _reads: Reads, _event: VendorTimedOut, _now: Instant
) -> tuple[Vendor, tuple[SendResult, ...]]:
    return Vendor(), _answered(own.call, DataTransferConf(status="Rejected"))


def forget(_own: Vendor, _reads: Reads, _event: Disconnected, _now: Instant) -> Vendor:
    return Vendor()


def _answered(call: HeldCall | None, confirmation: DataTransferConf) -> tuple[SendResult, ...]:
    return () if call is None else (SendResult(call.connection, call.message_id, confirmation),)


VENDOR = Machine(
    "vendor",
    family=STATION,
    home="moment",
    blank=Vendor(),
    reads=Reads,
    states=("idle", "asked"),
    holds_call_in=("asked",),
    answers_with=(SendResult, SendError),
    link_lost=Disconnected,
    timers=(Timer("answer", VendorTimedOut, ("asked",)),),
    table=(
        on(VendorAsked, row.O1, ask_embedder),
        on(DataTransferAnswered, row.O2, answer, when=[answers_the_held_call]),
        on(VendorTimedOut, row.O3, reject),
        on(Disconnected, row.O4, forget),
    ),
    ignored=(
        ignores(VendorAsked, in_=("asked",), because="the decision table refuses a second one"),
        ignores(DataTransferAnswered, because="this call is not held, or not any more"),
        ignores(VendorTimedOut, Disconnected, in_=("idle",), because="nothing is held"),
    ),
)
