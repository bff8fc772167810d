"""Going down in good order: Reset of the Central System, and mains that fail while a battery holds (§5.14, §7.36).

Theory of operation: why the station goes down is in Memory before anything is done about it, so that the boot that
follows knows it, whatever became of the power meanwhile. A soft reset stops the transactions, lets what they have to
say go out for a while, and restarts; no use begins from then on. A hard reset restarts at once: the next boot stops the
transactions. A restart that does not come about is ordered again each time its deadline passes, ResetRetries times;
then the station goes on and tells of a ResetFailure (§7.6). Mains that fail are the same without the restart: the
power takes care of that.
"""

from typing import Annotated, Final

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.effects import Arm, Reboot
from pilotline.core.events import (
    CallsEnded,
    FaultDetected,
    GoingDown,
    MainsRestored,
    PoweredUp,
    PowerFailing,
    RebootFailed,
    RebootOverdue,
    ResetAsked,
    StayedUp,
    StopAsked,
    WindDownOver,
)
from pilotline.core.slices import STATION, every, fact, key, station, stored
from pilotline.core.state import (
    Cause,
    Counter,
    Entry,
    Instant,
    Map,
    Notices,
    Reset,
    Session,
    StatusReport,
    Transaction,
)
from pilotline.core.statechart import Machine, Timer, ignores, negated, on
from pilotline.spec.rows import ResetRows as row


class Reads(Struct, frozen=True):
    """What is still to be stopped and told, and how long to wait for what."""

    sessions: Annotated[tuple[Session, ...], every("sessions")]
    transactions: Annotated[Map[Counter, Transaction], every("transactions")]
    entries: Annotated[Map[Counter, Entry], stored("outbox")]
    reports: Annotated[tuple[StatusReport, ...], every("status_reports")]
    firmware_notices: Annotated[Notices, station("firmware_notices")]
    diagnostics_notices: Annotated[Notices, station("diagnostics_notices")]
    battery: Annotated[bool, fact(facts.has_backup_power)]
    wind_down_ms: Annotated[int, fact(facts.soft_reset_wait_ms)]
    reboot_deadline_ms: Annotated[int, fact(facts.reboot_deadline_ms)]
    retries: Annotated[int, key("ResetRetries")]


def soft(_own: Reset, _reads: Reads, event: ResetAsked) -> bool:
    """In good order; so starts a station anew on its new firmware, too (§5.19)."""
    return event.cause in ("SoftReset", "Reboot")


def nothing_is_left(_own: Reset, reads: Reads, _event: object) -> bool:
    """All transactions are stopped and delivered, no status is on its way, and none of firmware or diagnostics due."""
    return (
        not reads.entries
        and all(
            transaction.state not in ("running", "stopping") for transaction in reads.transactions.values()
        )
        and all(report.state != "asked" for report in reads.reports)
        and reads.firmware_notices.state == "told"
        and reads.diagnostics_notices.state == "told"
    )


def nobody_is_there(_own: Reset, reads: Reads, _event: object) -> bool:
    return all(session.state in ("idle", "finishing") for session in reads.sessions)


def wind_down(
    own: Reset, reads: Reads, event: ResetAsked, now: Instant
) -> tuple[Reset, tuple[Arm | StopAsked | GoingDown, ...]]:
    patience = Arm("wind_down", Instant(now + reads.wind_down_ms))
    return Reset(own.state, event.cause), (patience, *_stop_all(reads, event.cause))


def reboot_for(
    own: Reset, reads: Reads, event: ResetAsked, now: Instant
) -> tuple[Reset, tuple[Arm | Reboot, ...]]:
    return _reboot(Reset(own.state, event.cause), reads, now)


def reboot(own: Reset, reads: Reads, _event: object, now: Instant) -> tuple[Reset, tuple[Arm | Reboot, ...]]:
    return _reboot(own, reads, now)


def retries_are_left(own: Reset, reads: Reads, _event: object) -> bool:
    return own.failures < reads.retries


def reboot_again(
    own: Reset, reads: Reads, _event: object, now: Instant
) -> tuple[Reset, tuple[Arm | Reboot, ...]]:
    return _reboot(replace(own, failures=own.failures + 1), reads, now)


def give_up(
    _own: Reset, _reads: Reads, _event: object, _now: Instant
) -> tuple[Reset, tuple[StayedUp | FaultDetected, ...]]:
    failure = FaultDetected(0, "ResetFailure", prevents_charging=False, by_station=True)
    return Reset(), (StayedUp(), failure)


def come_back(_own: Reset, _reads: Reads, _event: object, _now: Instant) -> Reset:
    return Reset()


def on_a_battery(_own: Reset, reads: Reads, _event: PowerFailing) -> bool:
    """Without one the power is cut before anybody could tell."""
    return reads.battery


def stop_for_the_mains(
    own: Reset, reads: Reads, _event: PowerFailing, _now: Instant
) -> tuple[Reset, tuple[StopAsked | GoingDown, ...]]:
    return Reset(own.state, "PowerLoss"), _stop_all(reads, "PowerLoss")


def stay_up(
    _own: Reset, _reads: Reads, _event: MainsRestored, _now: Instant
) -> tuple[Reset, tuple[StayedUp]]:
    return Reset(), (StayedUp(),)


def _stop_all(reads: Reads, cause: Cause) -> tuple[StopAsked | GoingDown, ...]:
    charging = [session.connector for session in reads.sessions if session.state == "charging"]
    return (GoingDown(), *(StopAsked(connector, cause) for connector in charging))


def _reboot(own: Reset, reads: Reads, now: Instant) -> tuple[Reset, tuple[Arm | Reboot, ...]]:
    return own, (Arm("reboot", Instant(now + reads.reboot_deadline_ms)), Reboot(own.cause))


RESET: Final = Machine(
    "reset",
    family=STATION,
    home="memory",
    boot_event=PoweredUp,
    blank=Reset(),
    reads=Reads,
    states=("up", "winding_down", "rebooting", "on_battery"),
    timers=(
        Timer("wind_down", WindDownOver, ("winding_down",)),
        Timer("reboot", RebootOverdue, ("rebooting",)),
    ),
    table=(
        on(ResetAsked, row.J3U, reboot_for, when=[soft, nobody_is_there, nothing_is_left]),
        on(ResetAsked, row.J1, wind_down, when=[soft]),
        on(ResetAsked, row.J2, reboot_for, when=[negated(soft)]),
        on(CallsEnded, row.J3, reboot, when=[nothing_is_left]),
        on(WindDownOver, row.J4, reboot),
        on(RebootOverdue, row.J5, reboot_again, when=[retries_are_left]),
        on(RebootOverdue, row.J6, give_up),
        on(RebootFailed, row.J6, give_up, when=[negated(retries_are_left)]),
        on(PowerFailing, row.J8, stop_for_the_mains, when=[on_a_battery]),
        on(MainsRestored, row.J9, stay_up),
        on(PoweredUp, row.J7, come_back),
    ),
    ignored=(
        ignores(ResetAsked, because="the decision table knows of the one that is on its way"),
        ignores(CallsEnded, because="nothing is awaited, or something is still to be told"),
        ignores(WindDownOver, in_=("up", "rebooting", "on_battery"), because="nothing winds down"),
        ignores(RebootOverdue, in_=("up", "winding_down", "on_battery"), because="no restart is ordered"),
        ignores(RebootFailed, because="no restart is ordered, or its deadline orders the next"),
        ignores(PowerFailing, because="there is no battery, or the station goes down already"),
        ignores(MainsRestored, in_=("up", "winding_down", "rebooting"), because="they were not missed"),
        ignores(PoweredUp, in_=("up",), because="the station did not mean to go down"),
    ),
)
