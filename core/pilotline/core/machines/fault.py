"""Faults and warnings of one connector, or of the main controller (0): all that are raised, until they are cleared.

Theory of operation: an error that prevents charging makes the status Faulted; any other is a warning, reported with
the status that is (§4.9). Several may be raised at once; the status changes with the first and with the last.
What the hardware raised it clears. What a machine raised because a feedback did not come is over when that feedback
comes after all, when the cable is taken out, or with a new local list (`HEALED_BY`).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from msgspec.structs import replace

from pilotline.core.events import (
    CableUnplugged,
    ContactorOpened,
    EvUnplugged,
    FaultBegan,
    FaultCleared,
    FaultDetected,
    FaultEnded,
    ListUpdated,
    WarningChanged,
)
from pilotline.core.reading import NoReads
from pilotline.core.slices import POINT
from pilotline.core.state import Fault, Instant, RaisedFault
from pilotline.core.statechart import Machine, ignores, on
from pilotline.spec.rows import FaultRows as row
from pilotline.spec.status import ERROR_CODE_STATUSES

RAISED_MAX: Final = 16  # one of each ChargePointErrorCode but NoError fits

Feedback: TypeAlias = ContactorOpened | EvUnplugged | CableUnplugged | ListUpdated
HEALED_BY: Final[Mapping[str, tuple[type[Feedback], ...]]] = MappingProxyType(
    {
        "PowerSwitchFailure": (ContactorOpened,),
        "PowerMeterFailure": (EvUnplugged, CableUnplugged),
        "ConnectorLockFailure": (EvUnplugged, CableUnplugged),
        "LocalListConflict": (ListUpdated,),
    }
)


def prevents_charging(_own: Fault, _reads: NoReads, event: FaultDetected) -> bool:
    """A code that does not go with Faulted is a warning, whatever the hardware thinks of it (§4.9)."""
    return event.prevents_charging and "Faulted" in ERROR_CODE_STATUSES.get(event.error_code, ("Faulted",))


def is_new(own: Fault, _reads: NoReads, event: FaultDetected) -> bool:
    """Not raised yet, or with other words."""
    return _raised_by(own, _reads, event) not in own.raised


def begin_fault(
    own: Fault, reads: NoReads, event: FaultDetected, now: Instant
) -> tuple[Fault, tuple[FaultBegan]]:
    return _with(own, reads, event, now), (FaultBegan(own.connector),)


def add(
    own: Fault, reads: NoReads, event: FaultDetected, now: Instant
) -> tuple[Fault, tuple[WarningChanged]]:
    return _with(own, reads, event, now), (WarningChanged(own.connector),)


def is_raised(own: Fault, _reads: NoReads, event: FaultCleared) -> bool:
    return any(raised.error_code == event.error_code for raised in own.raised)


def a_fault_is_left(own: Fault, _reads: NoReads, event: FaultCleared) -> bool:
    return any(raised.prevents_charging for raised in _without(own, event.error_code))


def a_warning_is_left(own: Fault, _reads: NoReads, event: FaultCleared) -> bool:
    return is_raised(own, _reads, event) and bool(_without(own, event.error_code))


def remove(
    own: Fault, _reads: NoReads, event: FaultCleared, now: Instant
) -> tuple[Fault, tuple[WarningChanged]]:
    return replace(own, raised=_without(own, event.error_code), since=now), (WarningChanged(own.connector),)


def end_fault(
    own: Fault, _reads: NoReads, event: FaultCleared, now: Instant
) -> tuple[Fault, tuple[FaultEnded]]:
    return replace(own, raised=_without(own, event.error_code), since=now), (FaultEnded(own.connector),)


def heals(own: Fault, _reads: NoReads, event: Feedback) -> bool:
    return bool(_healed(own, event))


def tell_healed(
    own: Fault, _reads: NoReads, event: Feedback, _now: Instant
) -> tuple[Fault, tuple[FaultCleared, ...]]:
    return own, tuple(FaultCleared(own.connector, raised.error_code) for raised in _healed(own, event))


def _healed(own: Fault, event: Feedback) -> list[RaisedFault]:
    return [r for r in own.raised if r.by_station and type(event) in HEALED_BY.get(r.error_code, ())]


def _without(own: Fault, error_code: str) -> tuple[RaisedFault, ...]:
    return tuple(raised for raised in own.raised if raised.error_code != error_code)


def _with(own: Fault, reads: NoReads, event: FaultDetected, now: Instant) -> Fault:
    """The newest of a kind replaces the one before it."""
    raised = _raised_by(own, reads, event)
    return replace(own, raised=(*_without(own, event.error_code), raised)[-RAISED_MAX:], since=now)


def _raised_by(own: Fault, reads: NoReads, event: FaultDetected) -> RaisedFault:
    return RaisedFault(
        event.error_code,
        event.info,
        event.vendor_id,
        event.vendor_error_code,
        prevents_charging(own, reads, event),
        event.by_station,
    )


FAULT = Machine(
    "fault",
    family=POINT,
    home="moment",
    slot="faults",
    blank=Fault(0),
    reads=NoReads,
    states=("clear", "warning", "faulted"),
    table=(
        on(FaultDetected, row.F1, begin_fault, when=[prevents_charging]),
        on(FaultDetected, row.F2, add),
        on(FaultDetected, row.F3, add, when=[is_new]),
        on(FaultDetected, row.F7, add, when=[is_new]),
        on(FaultCleared, row.F3, remove, when=[is_raised, a_fault_is_left]),
        on(FaultCleared, row.F4, end_fault, when=[a_warning_is_left]),
        on(FaultCleared, row.F7, remove, when=[a_warning_is_left]),
        on(FaultCleared, row.F5, end_fault, when=[is_raised]),
        on(FaultCleared, row.F6, remove, when=[is_raised]),
        on(ContactorOpened, row.F8, tell_healed, when=[heals]),
        on(EvUnplugged, row.F8, tell_healed, when=[heals]),
        on(CableUnplugged, row.F8, tell_healed, when=[heals]),
        on(ListUpdated, row.F8, tell_healed, when=[heals]),
    ),
    ignored=(
        ignores(
            ContactorOpened,
            EvUnplugged,
            CableUnplugged,
            ListUpdated,
            because="the station has found nothing that is over by it",
        ),
        ignores(FaultDetected, in_=("warning", "faulted"), because="it is raised already, just so"),
        ignores(FaultCleared, because="no such fault is raised"),
    ),
)
