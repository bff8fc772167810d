"""What the Central System is told of an update of firmware, and of diagnostics: each status once (§4.4, §4.5).

Theory of operation: two machines of one table. Online every status goes out, in order; offline, or before this boot is
accepted, the newest is kept, as of a connector's status (errata 3.19). What is due is in Memory, since Installed comes
after a boot; whether it is on its way is not. A CALLERROR is an answer; what was not answered is told once more, later.
"""

from typing import Annotated, Any, Final

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.effects import Arm, Put
from pilotline.core.events import (
    Asked,
    Confirmed,
    Connected,
    DiagnosticsNoticeDue,
    DiagnosticsProgressed,
    FirmwareNoticeDue,
    FirmwareProgressed,
    PoweredUp,
    Refused,
    RegistrationAccepted,
    Unanswered,
    Withdrawn,
)
from pilotline.core.slices import STATION, fact, station
from pilotline.core.state import (
    Address,
    Ask,
    DueStatus,
    DueStatuses,
    Instant,
    Link,
    Notices,
    Registration,
)
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.messages.firmware_management import (
    DiagnosticsStatusNotificationReq,
    FirmwareStatusNotificationReq,
)
from pilotline.spec.rows import NoticesRows as row

FIRMWARE_ADDRESS: Final = Address("firmware_notices")
DIAGNOSTICS_ADDRESS: Final = Address("diagnostics_notices")
DUE_MAX: Final = 5
"""All of one order, and one status before it that is on its way; a Central System that answers nothing for longer does
not hear of the oldest order behind that."""
BEGINNINGS: Final = ("Downloading", "Uploading")


class Reads(Struct, frozen=True):
    """Whether anybody listens; what is due comes with each of the two."""

    link: Annotated[Link, station("link")]
    registration: Annotated[Registration, station("registration")]
    retry_ms: Annotated[int, fact(facts.boot_retry_ms)]


class FirmwareReads(Reads, frozen=True):
    """What is due of an update."""

    due: Annotated[DueStatuses, station("firmware_due")]


class DiagnosticsReads(Reads, frozen=True):
    """What is due of diagnostics."""

    due: Annotated[DueStatuses, station("diagnostics_due")]


Due = FirmwareReads | DiagnosticsReads
Progressed = FirmwareProgressed | DiagnosticsProgressed


def link_is_up(_own: Notices, reads: Due, _event: object) -> bool:
    return reads.link.state == "up"


def somebody_listens(own: Notices, reads: Due, event: object) -> bool:
    return link_is_up(own, reads, event) and reads.registration.state == "accepted"


def something_is_due(_own: Notices, reads: Due, _event: object) -> bool:
    return bool(reads.due.statuses)


def more_is_due(_own: Notices, reads: Due, _event: object) -> bool:
    return len(reads.due.statuses) > 1


def add_and_tell(
    own: Notices, reads: Due, event: Progressed, _now: Instant
) -> tuple[Notices, tuple[Put | Asked, ...]]:
    due = _with(reads, event.status)
    return own, (*_kept(reads, due), _ask(reads, due[0]))


def add(own: Notices, reads: Due, event: Progressed, _now: Instant) -> tuple[Notices, tuple[Put, ...]]:
    return own, _kept(reads, _with(reads, event.status))


def keep_newest(
    own: Notices, reads: Due, event: Progressed, _now: Instant
) -> tuple[Notices, tuple[Put, ...]]:
    return own, _kept(reads, (event.status,))


def tell(own: Notices, reads: Due, _event: object, _now: Instant) -> tuple[Notices, tuple[Asked]]:
    return own, (_ask(reads, reads.due.statuses[0]),)


def tell_next(
    own: Notices, reads: Due, _event: object, _now: Instant
) -> tuple[Notices, tuple[Put | Asked, ...]]:
    due = reads.due.statuses[1:]
    return own, (*_kept(reads, due), _ask(reads, due[0]))


def forget(own: Notices, reads: Due, _event: object, _now: Instant) -> tuple[Notices, tuple[Put, ...]]:
    return own, _kept(reads, ())


def wait(own: Notices, reads: Due, _event: object, now: Instant) -> tuple[Notices, tuple[Arm]]:
    return own, (Arm("retry", Instant(now + reads.retry_ms)),)


def fall_silent(own: Notices, reads: Due, _event: object, _now: Instant) -> tuple[Notices, tuple[Put, ...]]:
    return own, _kept(reads, reads.due.statuses[-1:])


def _with(reads: Due, status: DueStatus) -> tuple[DueStatus, ...]:
    """The first of them may be on its way."""
    due = (*reads.due.statuses, status)
    if len(due) <= DUE_MAX:
        return due
    begins = next(place for place in range(2, len(due)) if due[place] in BEGINNINGS)
    return (due[0], *due[begins:])


def _kept(reads: Due, due: tuple[DueStatus, ...]) -> tuple[Put, ...]:
    if due == reads.due.statuses:
        return ()
    collection = "firmware_due" if isinstance(reads, FirmwareReads) else "diagnostics_due"
    return (Put(collection, None, DueStatuses(due)),)


def _ask(reads: Due, status: DueStatus) -> Asked:
    if isinstance(reads, FirmwareReads):
        return Asked(Ask(FirmwareStatusNotificationReq.model_validate({"status": status}), FIRMWARE_ADDRESS))
    return Asked(
        Ask(DiagnosticsStatusNotificationReq.model_validate({"status": status}), DIAGNOSTICS_ADDRESS)
    )


def _notices(
    address: Address, reads: type[Any], progressed: type[Any], notice_due: type[Any]
) -> Machine[Notices, Any]:
    return Machine(
        address.machine,
        family=STATION,
        home="moment",
        blank=Notices(),
        reads=reads,
        states=("told", "due", "asked"),
        timers=(Timer("retry", notice_due, ("due",)),),
        table=(
            on(progressed, row.Q1, add_and_tell, when=[somebody_listens]),
            on(progressed, row.Q2, keep_newest),
            on(progressed, row.Q3, add),
            on(RegistrationAccepted, row.Q4, tell),
            on(Connected, row.Q4, tell, when=[somebody_listens]),
            on(notice_due, row.Q4, tell, when=[somebody_listens]),
            on(Confirmed[object], row.Q5, tell_next, when=[more_is_due]),
            on(Confirmed[object], row.Q6, forget),
            on(Refused, row.Q5, tell_next, when=[more_is_due]),
            on(Refused, row.Q6, forget),
            on(Unanswered, row.Q7, wait),
            on(Withdrawn, row.Q7, wait, when=[link_is_up]),
            on(Withdrawn, row.Q8, fall_silent),
            on(PoweredUp, row.Q9, when=[something_is_due]),
        ),
        ignored=(
            ignores(
                RegistrationAccepted,
                Connected,
                because="nothing is due, it is on its way, or not accepted yet",
            ),
            ignores(notice_due, because="nobody listens: what brings them back tells it"),
            ignores(
                Confirmed, Refused, Unanswered, Withdrawn, in_=("told", "due"), because="nothing was asked"
            ),
            ignores(PoweredUp, because="nothing is due"),
        ),
    )


FIRMWARE_NOTICES: Final = _notices(FIRMWARE_ADDRESS, FirmwareReads, FirmwareProgressed, FirmwareNoticeDue)
DIAGNOSTICS_NOTICES: Final = _notices(
    DIAGNOSTICS_ADDRESS, DiagnosticsReads, DiagnosticsProgressed, DiagnosticsNoticeDue
)
