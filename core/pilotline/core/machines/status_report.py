"""What the Central System is told of a connector's status, and of the main controller's (§4.9).

Theory of operation: a report is not the status. Online, each status that outlives MinimumStatusDuration goes out, in
order. Offline none is kept: back online the present one is compared with the last that was confirmed (errata 3.19).
After a registration the present one is due in any case; it is no change (errata 3.22).
"""

from typing import Annotated, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.calendar import date_of
from pilotline.core.effects import Arm
from pilotline.core.events import (
    Asked,
    Confirmed,
    Connected,
    Disconnected,
    Refused,
    RegistrationAccepted,
    StatusChanged,
    StatusSettled,
    Unanswered,
    WarningChanged,
    Withdrawn,
)
from pilotline.core.slices import POINT, fact, here, key, station
from pilotline.core.state import (
    Address,
    Ask,
    Cable,
    Clock,
    Connector,
    Fault,
    Instant,
    Link,
    Registration,
    Report,
    Session,
    StatusReport,
    UtcTime,
)
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.messages.core import StatusNotificationReq
from pilotline.spec.rows import StatusReportRows as row
from pilotline.spec.status import ERROR_CODE_STATUSES

NAME: Final = "status_report"
WITHOUT_EV: Final = ("SuspendedEV", "SuspendedEVSE", "Finishing")
"""The statuses that are explained by an EV that was unplugged (§4.9)."""
DUE_MAX: Final = (
    16  # a Central System that leaves a report open for long hears the newest of what was due meanwhile
)


class Conditions(Protocol):
    """What a report is made of."""

    @property
    def connector(self) -> Connector: ...
    @property
    def fault(self) -> Fault: ...
    @property
    def cable(self) -> Cable: ...
    @property
    def session(self) -> Session: ...


class Reads(Struct, frozen=True):
    """The status, what is wrong, and whether anybody listens."""

    connector: Annotated[Connector, here("connectors")]
    fault: Annotated[Fault, here("faults")]
    cable: Annotated[Cable, here("cables")]
    session: Annotated[Session, here("sessions")]
    registration: Annotated[Registration, station("registration")]
    link: Annotated[Link, station("link")]
    clock: Annotated[Clock, station("clock")]
    delay_ms: Annotated[int, fact(facts.status_delay_ms)]
    minimum_duration_s: Annotated[int | None, key("MinimumStatusDuration")]
    retry_ms: Annotated[int, fact(facts.boot_retry_ms)]


def present(reads: Conditions) -> tuple[Report, Instant]:
    """The report of what is now, and since when; the newest fault or else warning speaks for all (§4.9, §6.47)."""
    status = "Available" if reads.connector.state == "initial" else reads.connector.state
    raised = [r for r in reads.fault.raised if status in ERROR_CODE_STATUSES.get(r.error_code, (status,))]
    since = max(reads.connector.since, reads.fault.since)
    if raised:
        told = next((r for r in reversed(raised) if r.prevents_charging), raised[-1])
        return Report(status, told.error_code, told.info, told.vendor_id, told.vendor_error_code), since
    out_at_the_ev = reads.cable.state == "ev_side_out" or (
        reads.session.state == "charging" and reads.cable.state == "unplugged"
    )
    tells = out_at_the_ev and status in WITHOUT_EV
    return Report(status, info="EV side disconnected" if tells else None), since


def request_of(connector: int, report: Report, since: Instant, clock: Clock) -> StatusNotificationReq:
    """The report as a request; its time is left out while no clock is known."""
    return StatusNotificationReq(
        connector_id=connector,
        error_code=report.error_code,
        status=report.status,
        info=report.info,
        timestamp=None if clock.epoch is None else date_of(UtcTime(clock.epoch + since)),
        vendor_id=report.vendor_id,
        vendor_error_code=report.vendor_error_code,
    )


def _ask(own: StatusReport, reads: Reads, report: Report, since: Instant) -> Asked:
    request = request_of(own.connector, report, since, reads.clock)
    return Asked(Ask(request, Address(NAME, own.connector)))


# --- going online --------------------------------------------------------------------------------------------


def registered(_own: StatusReport, reads: Reads, _event: object) -> bool:
    return reads.registration.state == "accepted"


def registered_and_changed(own: StatusReport, reads: Reads, event: object) -> bool:
    return registered(own, reads, event) and present(reads)[0] != own.confirmed


def report_present(
    own: StatusReport, reads: Reads, _event: object, _now: Instant
) -> tuple[StatusReport, tuple[Asked]]:
    report, since = present(reads)
    return StatusReport(own.connector, own.state, own.confirmed, report), (_ask(own, reads, report, since),)


def fall_silent(own: StatusReport, _reads: Reads, _event: object, _now: Instant) -> StatusReport:
    """What is on its way the Central System may have heard: what it takes the status for is not known then."""
    return StatusReport(own.connector, own.state, own.confirmed if own.sent is None else None)


# --- a change ------------------------------------------------------------------------------------------------


def has_to_settle(_own: StatusReport, reads: Reads, _event: object) -> bool:
    return _settling_ms(reads) > 0


def settle(own: StatusReport, reads: Reads, _event: object, now: Instant) -> tuple[StatusReport, tuple[Arm]]:
    return replace(own, settling=present(reads)), (Arm("settle", Instant(now + _settling_ms(reads))),)


def append(own: StatusReport, reads: Reads, _event: object, _now: Instant) -> StatusReport:
    return replace(own, due=(*own.due, present(reads))[-DUE_MAX:])


def back_to_confirmed(own: StatusReport, _reads: Reads, _event: StatusSettled) -> bool:
    return own.settling is not None and own.settling[0] == own.confirmed


def forget_change(own: StatusReport, _reads: Reads, _event: object, _now: Instant) -> StatusReport:
    return replace(own, settling=None)


def report_settled(
    own: StatusReport, reads: Reads, _event: StatusSettled, _now: Instant
) -> tuple[StatusReport, tuple[Asked]]:
    report, since = own.settling or present(reads)
    return replace(own, sent=report, settling=None), (_ask(own, reads, report, since),)


def append_settled(own: StatusReport, reads: Reads, _event: StatusSettled, _now: Instant) -> StatusReport:
    return replace(own, due=(*own.due, own.settling or present(reads))[-DUE_MAX:], settling=None)


# --- the outcome ---------------------------------------------------------------------------------------------


def more_is_due(own: StatusReport, _reads: Reads, _event: object) -> bool:
    return bool(own.due)


def confirm_and_report_next(
    own: StatusReport, reads: Reads, event: Confirmed[object], now: Instant
) -> tuple[StatusReport, tuple[Asked]]:
    return report_next(replace(own, confirmed=own.sent), reads, event, now)


def confirm(own: StatusReport, _reads: Reads, _event: Confirmed[object], _now: Instant) -> StatusReport:
    return replace(own, confirmed=own.sent, sent=None)


def report_next(
    own: StatusReport, reads: Reads, _event: object, _now: Instant
) -> tuple[StatusReport, tuple[Asked]]:
    report, since = own.due[0]
    return replace(own, sent=report, due=own.due[1:]), (_ask(own, reads, report, since),)


def try_again_later(
    own: StatusReport, reads: Reads, _event: object, now: Instant
) -> tuple[StatusReport, tuple[Arm]]:
    """What is told then is what is so then; even if it is what was confirmed before, as the Central System may
    have heard what it did not answer.
    """
    again = replace(own, confirmed=None, sent=None, settling=None)
    return again, (Arm("settle", Instant(now + max(reads.retry_ms, _settling_ms(reads)))),)


def link_is_up(_own: StatusReport, reads: Reads, _event: object) -> bool:
    return reads.link.state == "up"


def _settling_ms(reads: Reads) -> int:
    """MinimumStatusDuration adds to the station's own delay (§4.9)."""
    return reads.delay_ms + (reads.minimum_duration_s or 0) * 1000


STATUS_REPORT = Machine(
    "status_report",
    family=POINT,
    home="moment",
    slot="status_reports",
    blank=StatusReport(0),
    reads=Reads,
    states=("silent", "told", "asked"),
    timers=(Timer("settle", StatusSettled, ("told", "asked")),),
    table=(
        on(RegistrationAccepted, row.N1, report_present),
        on(Connected, row.N1, report_present, when=[registered_and_changed]),
        on(Connected, row.N2, when=[registered]),
        on(StatusChanged, row.N4, settle, when=[has_to_settle]),
        on(StatusChanged, row.N3, report_present),
        on(StatusChanged, row.N6, append),
        on(WarningChanged, row.N4, settle, when=[has_to_settle]),
        on(WarningChanged, row.N3, report_present),
        on(WarningChanged, row.N6, append),
        on(StatusSettled, row.N12, forget_change, when=[back_to_confirmed]),
        on(StatusSettled, row.N5, report_settled),
        on(StatusSettled, row.N6, append_settled),
        on(Confirmed[object], row.N8, confirm_and_report_next, when=[more_is_due]),
        on(Confirmed[object], row.N7, confirm),
        on(Refused, row.N8, report_next, when=[more_is_due]),
        on(Refused, row.N9, try_again_later),
        on(Unanswered, row.N8, report_next, when=[more_is_due]),
        on(Unanswered, row.N9, try_again_later),
        on(Withdrawn, row.N9, try_again_later, when=[link_is_up]),
        on(Withdrawn, row.N10, fall_silent),
        on(Disconnected, row.N11, fall_silent),
    ),
    ignored=(
        ignores(RegistrationAccepted, in_=("told", "asked"), because="the status is being reported already"),
        ignores(Connected, because="not registered yet, or the link is up already"),
        ignores(
            StatusChanged, WarningChanged, in_=("silent",), because="only what is so when back online counts"
        ),
        ignores(StatusSettled, in_=("silent",), because="nothing is reported now"),
        ignores(
            Confirmed, Refused, Unanswered, Withdrawn, in_=("silent", "told"), because="nothing was asked"
        ),
        ignores(Disconnected, in_=("silent", "asked"), because="silent already, or the request is withdrawn"),
    ),
)
