"""What the Central System is told of an update of firmware, and of diagnostics: each status once (§4.4, §4.5).

Theory of operation: two machines of one table. Online every status goes out, in order; offline, or before this boot is
accepted, the newest is kept, as of a connector's status (errata 3.19). What is to be told is in Memory: Installed comes
after a boot. A CALLERROR is an answer; what was not answered is told once more, later.
"""

from collections.abc import Callable
from typing import Annotated, Any, Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.effects import Arm
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
    DiagnosticsNotices,
    FirmwareNotices,
    Instant,
    Link,
    Registration,
)
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.messages.firmware_management import (
    DiagnosticsStatusNotificationReq,
    FirmwareStatusNotificationReq,
)
from pilotline.spec.rows import NoticesRows as row

N = TypeVar("N", FirmwareNotices, DiagnosticsNotices)


class Reads(Struct, frozen=True):
    """Whether anybody listens."""

    link: Annotated[Link, station("link")]
    registration: Annotated[Registration, station("registration")]
    retry_ms: Annotated[int, fact(facts.boot_retry_ms)]


def somebody_listens(_own: object, reads: Reads, _event: object) -> bool:
    return reads.link.state == "up" and reads.registration.state == "accepted"


def link_is_up(_own: object, reads: Reads, _event: object) -> bool:
    return reads.link.state == "up"


def more_is_due(own: FirmwareNotices | DiagnosticsNotices, _reads: Reads, _event: object) -> bool:
    return len(own.due) > 1


def _notices(
    name: str,
    blank: N,
    progressed: type[Any],
    notice_due: type[Any],
    request: Callable[..., FirmwareStatusNotificationReq | DiagnosticsStatusNotificationReq],
) -> Machine[N, Reads]:
    def ask(own: N) -> Asked:
        return Asked(Ask(request(status=own.due[0]), Address(name)))

    def add_and_tell(own: N, _reads: Reads, event: Any, _now: Instant) -> tuple[N, tuple[Asked]]:
        told = replace(own, due=(*own.due, event.status))
        return told, (ask(told),)

    def keep_newest(own: N, _reads: Reads, event: Any, _now: Instant) -> N:
        return replace(own, due=(event.status,))

    def add(own: N, _reads: Reads, event: Any, _now: Instant) -> N:
        return replace(own, due=(*own.due, event.status))

    def tell(own: N, _reads: Reads, _event: object, _now: Instant) -> tuple[N, tuple[Asked]]:
        return own, (ask(own),)

    def tell_next(own: N, _reads: Reads, _event: object, _now: Instant) -> tuple[N, tuple[Asked]]:
        told = replace(own, due=own.due[1:])
        return told, (ask(told),)

    def forget(own: N, _reads: Reads, _event: object, _now: Instant) -> N:
        return replace(own, due=())

    def wait(own: N, reads: Reads, _event: object, now: Instant) -> tuple[N, tuple[Arm]]:
        return own, (Arm("retry", Instant(now + reads.retry_ms)),)

    def fall_silent(own: N, _reads: Reads, _event: object, _now: Instant) -> N:
        return replace(own, due=own.due[-1:])

    return Machine(
        name,
        family=STATION,
        home="memory",
        boot_event=PoweredUp,
        blank=blank,
        reads=Reads,
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
            on(PoweredUp, row.Q9, fall_silent),
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
            ignores(PoweredUp, in_=("told", "due"), because="what is due stays due"),
        ),
    )


FIRMWARE_NOTICES: Final = _notices(
    "firmware_notices",
    FirmwareNotices(),
    FirmwareProgressed,
    FirmwareNoticeDue,
    FirmwareStatusNotificationReq,
)
DIAGNOSTICS_NOTICES: Final = _notices(
    "diagnostics_notices",
    DiagnosticsNotices(),
    DiagnosticsProgressed,
    DiagnosticsNoticeDue,
    DiagnosticsStatusNotificationReq,
)
