"""The status of a connector: §4.9, every row of its table.

Theory of operation: the status follows conditions that live in machines of their own: faults, availability, the
phase of the session, who suspends. Those move on whatever the status is; this machine takes the row of the table that
their event calls for. From Faulted, from Unavailable and after a boot it goes to what the conditions imply by now
(`implied`); where the table has no row that leads there, it goes through Available, in two rounds (`StatusOverdue`).

Connector 0, the main controller, is the same table filtered to the statuses it may have (§4.9). It has no session, no
cable and no EV, so what it implies is Available, Unavailable or Faulted.
"""

from typing import Annotated, Final

from msgspec import Struct

from pilotline.core import facts
from pilotline.core.events import (
    ChargingBegan,
    ChargingEnded,
    EnergyDeclined,
    EnergyOffered,
    EnergyRequested,
    EnergyWithheld,
    EvUnplugged,
    FaultBegan,
    FaultEnded,
    MadeAvailable,
    MadeUnavailable,
    ReservationEnded,
    ReservationMade,
    Restored,
    StatusChanged,
    StatusOverdue,
    UseBegan,
    UseEnded,
    UseTimedOut,
    VacancyChanged,
)
from pilotline.core.reserving import Floor, held_back, on_connector
from pilotline.core.slices import CONNECTOR, MAIN_CONTROLLER, every, fact, here, key, station
from pilotline.core.state import (
    Availability,
    Cable,
    Connector,
    Ev,
    Fault,
    Instant,
    Map,
    Reservation,
    Reset,
    Session,
    Supply,
)
from pilotline.core.statechart import Binding, Machine, ignores, on
from pilotline.spec import status as row
from pilotline.spec.rows import StatusRows
from pilotline.spec.types import ChargePointStatus


class Reads(Struct, frozen=True):
    """The conditions."""

    fault: Annotated[Fault, here("faults")]
    availability: Annotated[Availability, here("availability")]
    session: Annotated[Session, here("sessions")]
    supply: Annotated[Supply, here("supplies")]
    ev: Annotated[Ev, here("evs")]
    cable: Annotated[Cable, here("cables")]
    reset: Annotated[Reset, station("reset")]
    reservations: Annotated[Map[int, Reservation], every("reservations")]
    sessions: Annotated[tuple[Session, ...], every("sessions")]
    faults: Annotated[tuple[Fault, ...], every("faults")]
    availabilities: Annotated[tuple[Availability, ...], every("availability")]
    stop_on_ev_side_disconnect: Annotated[bool | None, key("StopTransactionOnEVSideDisconnect")]
    free_vending: Annotated[str | None, fact(facts.free_vending_tag)]


def implied(own: Connector, reads: Reads) -> ChargePointStatus:
    """The status that the conditions imply (§4.9, §7.7)."""
    if reads.fault.state == "faulted":
        return "Faulted"
    match reads.session.state:
        case "awaiting_id_tag" | "awaiting_plug" | "held":
            return "Preparing"
        case "awaiting_reserver":
            return "Reserved" if on_connector(reads.reservations, own.connector) else "Preparing"
        case "starting" if reads.free_vending and own.state in ("initial", "Available", "Unavailable"):
            # Free vending knows no Preparing: charging is the first thing to be seen (A3, H3).
            return "Unavailable" if own.state == "Unavailable" else "Available"
        case "starting":
            return "Preparing"
        case "ending" if own.state in ("Charging", "SuspendedEV", "SuspendedEVSE"):
            return own.state  # who stopped it shows when it has stopped
        case "charging" | "ending":
            if reads.supply.state != "offered":
                return "SuspendedEVSE"
            return "Charging" if reads.ev.state == "asking" else "SuspendedEV"
        case "finishing":
            return "Finishing"
        case "idle":
            if reads.availability.state != "operative":
                return "Unavailable"
            floor = Floor(reads.sessions, reads.faults, reads.availabilities, reads.reservations)
            return "Reserved" if held_back(floor, own.connector) else "Available"


class _Implies:
    """The guard `implies X`: the conditions lead to the status X."""

    def __init__(self, status: ChargePointStatus) -> None:
        self.status, self.__name__ = status, f"implies {status}"

    def __call__(self, own: Connector, reads: Reads, _event: object) -> bool:
        return implied(own, reads) == self.status


def unavailable_due(_own: Connector, reads: Reads, _event: object) -> bool:
    """The connector is, or with the end of this use becomes, Inoperative."""
    return reads.availability.state != "operative"


def somebody_is_there(_own: Connector, reads: Reads, _event: object) -> bool:
    """Plugged in already, and may begin: what follows is Preparing (H2) or charging (H3 to H5), not Available."""
    return reads.cable.state == "plugged" and reads.reset.state == "up"


def nobody_is_there(own: Connector, reads: Reads, event: object) -> bool:
    return not somebody_is_there(own, reads, event)


def withheld(_own: Connector, reads: Reads, _event: object) -> bool:
    """The EVSE does not offer energy; where both sides suspend, this is what counts (§4.9)."""
    return reads.supply.state != "offered"


def ev_content(_own: Connector, reads: Reads, _event: object) -> bool:
    return reads.ev.state == "content"


def going_on(_own: Connector, reads: Reads, _event: object) -> bool:
    """The transaction is not being stopped; if it is, `ChargingEnded` or `UseEnded` follows."""
    return reads.session.state == "charging"


def going_on_unplugged(own: Connector, reads: Reads, event: EvUnplugged) -> bool:
    """StopTransactionOnEVSideDisconnect is false (§9.1.23)."""
    return going_on(own, reads, event) and not reads.stop_on_ev_side_disconnect


def move(
    own: Connector, _reads: Reads, _event: object, now: Instant
) -> tuple[Connector, tuple[StatusChanged]]:
    return Connector(own.connector, own.state, now), (StatusChanged(own.connector),)


def move_on(
    own: Connector, _reads: Reads, _event: object, now: Instant
) -> tuple[Connector, tuple[StatusChanged | StatusOverdue, ...]]:
    """To Available, although the conditions may imply something else: the next round sees to that."""
    return Connector(own.connector, own.state, now), (
        StatusChanged(own.connector),
        StatusOverdue(own.connector),
    )


_EVERY: Final = (
    "initial", "Available", "Preparing", "Charging", "SuspendedEV", "SuspendedEVSE", "Finishing", "Reserved",
    "Unavailable", "Faulted",
)  # fmt: skip

TABLE: Final[tuple[Binding[Connector, Reads], ...]] = (
    # State: Available
    on(UseBegan, row.A2, move),
    on(ChargingBegan, row.A5, move, when=[withheld]),
    on(ChargingBegan, row.A4, move, when=[ev_content]),
    on(ChargingBegan, row.A3, move),
    on(ReservationMade, row.A7, move),
    on(StatusOverdue, row.A7, move, when=[_Implies("Reserved")]),
    on(VacancyChanged, row.A7, move, when=[_Implies("Reserved")]),
    on(MadeUnavailable, row.A8, move),
    on(StatusOverdue, row.A8, move, when=[_Implies("Unavailable")]),
    on(FaultBegan, row.A9, move),
    # State: Preparing
    on(UseEnded, row.B1, move_on),
    on(ChargingBegan, row.B5, move, when=[withheld]),
    on(ChargingBegan, row.B4, move, when=[ev_content]),
    on(ChargingBegan, row.B3, move),
    on(UseTimedOut, row.B6, move),
    on(FaultBegan, row.B9, move),
    # State: Charging
    on(UseEnded, row.C8, move, when=[unavailable_due]),
    on(UseEnded, row.C1, move),
    on(EnergyDeclined, row.C4, move, when=[going_on]),
    on(EvUnplugged, row.C4, move, when=[going_on_unplugged]),
    on(EnergyWithheld, row.C5, move, when=[going_on]),
    on(ChargingEnded, row.C6, move),
    on(FaultBegan, row.C9, move),
    # State: SuspendedEV
    on(UseEnded, row.D8, move, when=[unavailable_due]),
    on(UseEnded, row.D1, move),
    on(EnergyRequested, row.D3, move, when=[going_on]),
    on(EnergyWithheld, row.D5, move, when=[going_on]),
    on(ChargingEnded, row.D6, move),
    on(FaultBegan, row.D9, move),
    # State: SuspendedEVSE
    on(UseEnded, row.E8, move, when=[unavailable_due]),
    on(UseEnded, row.E1, move),
    on(EnergyOffered, row.E4, move, when=[going_on, ev_content]),
    on(EnergyOffered, row.E3, move, when=[going_on]),
    on(ChargingEnded, row.E6, move),
    on(FaultBegan, row.E9, move),
    # State: Finishing
    on(UseEnded, row.F8, move, when=[unavailable_due]),
    on(UseEnded, row.F1, move),
    on(UseBegan, row.F2, move),
    on(FaultBegan, row.F9, move),
    # State: Reserved
    on(ReservationEnded, row.G8, move, when=[unavailable_due]),
    on(ReservationEnded, row.G1, move_on),
    on(VacancyChanged, row.G1, move, when=[_Implies("Available")]),
    on(VacancyChanged, row.G8, move, when=[_Implies("Unavailable")]),
    on(UseBegan, row.G2, move),
    on(FaultBegan, row.G9, move),
    # State: Unavailable
    on(MadeAvailable, row.H1, move, when=[nobody_is_there]),
    on(UseBegan, row.H2, move),
    on(UseEnded, row.H1, move, when=[_Implies("Available")]),
    on(ChargingBegan, row.H5, move, when=[withheld]),
    on(ChargingBegan, row.H4, move, when=[ev_content]),
    on(ChargingBegan, row.H3, move),
    on(FaultBegan, row.H9, move),
    # State: Faulted
    on(FaultEnded, row.I1, move, when=[_Implies("Available")]),
    on(FaultEnded, row.I2, move, when=[_Implies("Preparing")]),
    on(FaultEnded, row.I3, move, when=[_Implies("Charging")]),
    on(FaultEnded, row.I4, move, when=[_Implies("SuspendedEV")]),
    on(FaultEnded, row.I5, move, when=[_Implies("SuspendedEVSE")]),
    on(FaultEnded, row.I6, move, when=[_Implies("Finishing")]),
    on(FaultEnded, row.I7, move, when=[_Implies("Reserved")]),
    on(FaultEnded, row.I8, move, when=[_Implies("Unavailable")]),
    # After a boot: no transition, but the status that is (§4.9, errata 3.22)
    on(Restored, StatusRows.P1, move, when=[_Implies("Available")]),
    on(Restored, StatusRows.P2, move, when=[_Implies("Preparing")]),
    on(Restored, StatusRows.P3, move, when=[_Implies("Charging")]),
    on(Restored, StatusRows.P4, move, when=[_Implies("SuspendedEV")]),
    on(Restored, StatusRows.P5, move, when=[_Implies("SuspendedEVSE")]),
    on(Restored, StatusRows.P6, move, when=[_Implies("Finishing")]),
    on(Restored, StatusRows.P7, move, when=[_Implies("Reserved")]),
    on(Restored, StatusRows.P8, move, when=[_Implies("Unavailable")]),
)  # fmt: skip

CONNECTOR_0_STATES: Final = ("initial", "Available", "Unavailable", "Faulted")

# Nobody uses the main controller: what tells of a use is never for it.
CONNECTOR_0_EVENTS: Final = (FaultBegan, FaultEnded, MadeAvailable, MadeUnavailable, Restored)

IGNORED: Final = (
    ignores(Restored, because="the conditions imply one of the statuses above"),
    ignores(
        UseBegan, UseEnded, UseTimedOut, ChargingBegan, ChargingEnded,
        because="this status does not depend on the session now",
    ),
    ignores(
        EnergyRequested, EnergyDeclined, EnergyOffered, EnergyWithheld, EvUnplugged,
        because="nobody is charging, or somebody else suspends",
    ),
    ignores(ReservationMade, ReservationEnded, because="the connector is in use, Faulted or Unavailable"),
    ignores(VacancyChanged, because="the conditions imply this status, or their next event leads on"),
    ignores(MadeUnavailable, MadeAvailable, because="the session or the fault comes first; its end looks again"),
    ignores(StatusOverdue, because="the conditions imply this status, or their next event leads on"),
    ignores(FaultBegan, FaultEnded, because="Faulted already, or not any more"),
)  # fmt: skip

CONNECTOR_STATUS: Final = Machine(
    "connector",
    family=CONNECTOR,
    home="moment",
    slot="connectors",
    blank=Connector(0),
    reads=Reads,
    states=_EVERY,
    table=TABLE,
    ignored=IGNORED,
)

CONNECTOR_0: Final = Machine(
    "connector_0",
    family=MAIN_CONTROLLER,
    home="moment",
    slot="connectors",
    blank=Connector(0),
    reads=Reads,
    states=CONNECTOR_0_STATES,
    table=tuple(
        b
        for b in TABLE
        if {*b.sources, b.target} <= set(CONNECTOR_0_STATES) and b.event in CONNECTOR_0_EVENTS
    ),
    ignored=IGNORED,
)
