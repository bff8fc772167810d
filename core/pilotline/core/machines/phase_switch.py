"""The phases of a connector: they are switched with the contactor open (§9.4.4, ConnectorSwitch3to1PhaseSupported).

Theory of operation: a car must not lose a phase under load. If the limit asks for another number of phases while
energy flows, or may flow any moment because the contactor was told to close, the limit goes to 0 and the contactor
opens, and closes on the other phases when its feedback has said open.
"""

from typing import Annotated

from msgspec import Struct
from msgspec.structs import replace

from pilotline.core import facts
from pilotline.core.effects import Arm, BreakContactor
from pilotline.core.events import BreakTimedOut, ContactorOpened, FaultDetected, PhasesChanged
from pilotline.core.slices import CONNECTOR, fact, here, station
from pilotline.core.state import Contactor, Instant, PhaseSwitch, Session, SmartCharging, Supply
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.rows import PhaseSwitchRows as row


class Reads(Struct, frozen=True):
    """Whether energy may flow, and on how many phases it is to."""

    session: Annotated[Session, here("sessions")]
    supply: Annotated[Supply, here("supplies")]
    contactor: Annotated[Contactor, here("contactors")]
    smart_charging: Annotated[SmartCharging, station("smart_charging")]
    contactor_deadline_ms: Annotated[int, fact(facts.contactor_deadline_ms)]


def closed(_own: PhaseSwitch, reads: Reads, _event: PhasesChanged) -> bool:
    return reads.contactor.state == "closed"


def told_to_close(_own: PhaseSwitch, reads: Reads, event: PhasesChanged) -> bool:
    """In an earlier step; what begins with this event is not told yet."""
    return not event.begins and reads.session.state == "charging" and reads.supply.state == "offered"


def open_first(
    own: PhaseSwitch, reads: Reads, _event: PhasesChanged, now: Instant
) -> tuple[PhaseSwitch, tuple[Arm]]:
    return own, (Arm("break", Instant(now + reads.contactor_deadline_ms)),)


def stay_open(
    own: PhaseSwitch, reads: Reads, _event: PhasesChanged, now: Instant
) -> tuple[PhaseSwitch, tuple[BreakContactor, Arm]]:
    """Its feedback is waited for, so it is owed also where the level says open already."""
    return own, (BreakContactor(own.connector), Arm("break", Instant(now + reads.contactor_deadline_ms)))


def switch(own: PhaseSwitch, reads: Reads, _event: object, _now: Instant) -> PhaseSwitch:
    limit = reads.smart_charging.limits[own.connector]
    return own if limit is None else replace(own, phases=limit.phases)


def report_contactor(
    own: PhaseSwitch, _reads: Reads, _event: BreakTimedOut, _now: Instant
) -> tuple[PhaseSwitch, tuple[FaultDetected]]:
    return own, (FaultDetected(own.connector, "PowerSwitchFailure", by_station=True),)


PHASE_SWITCH = Machine(
    "phase_switch",
    family=CONNECTOR,
    home="moment",
    slot="phase_switches",
    blank=PhaseSwitch(0),
    reads=Reads,
    states=("settled", "breaking"),
    timers=(Timer("break", BreakTimedOut, ("breaking",)),),
    table=(
        on(PhasesChanged, row.X1, open_first, when=[closed]),
        on(PhasesChanged, row.X5, stay_open, when=[told_to_close]),
        on(PhasesChanged, row.X2, switch),
        on(ContactorOpened, row.X3, switch),
        on(BreakTimedOut, row.X4, report_contactor),
    ),
    ignored=(
        ignores(PhasesChanged, in_=("breaking",), because="what is so when it is open counts"),
        ignores(ContactorOpened, BreakTimedOut, in_=("settled",), because="no phases are to be switched"),
    ),
)
