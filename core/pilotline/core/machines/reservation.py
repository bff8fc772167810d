"""A reservation, from ReserveNow until its transaction, its expiryDate, its end by the Central System or by a fault
(§5.1, §5.13); it lives in Memory.

Theory of operation: expiryDate is a date, so it sleeps while no clock is known and follows the clock when that is set;
what expired while power was off ends as soon as the time is known. A reservation names a connector, or with 0 any
one: then as many connectors as there are such reservations stay free for them (`reserving`), and the last ones that
are left show Reserved. What is left changes with every use, fault and reservation: `vacancy` tells the connectors.
"""

from typing import Annotated

from msgspec import Struct

from pilotline.core.effects import ArmUtc
from pilotline.core.events import (
    ChargingBegan,
    FaultBegan,
    FaultEnded,
    MadeAvailable,
    MadeUnavailable,
    PoweredUp,
    ReservationAsked,
    ReservationCancelled,
    ReservationEnded,
    ReservationExpired,
    ReservationMade,
    TransactionBegan,
    UseBegan,
    UseEnded,
    UseTimedOut,
    VacancyChanged,
)
from pilotline.core.reading import NoReads
from pilotline.core.reserving import of_any
from pilotline.core.slices import RESERVATION, STATION, every
from pilotline.core.state import Instant, Map, Reservation, Vacancy
from pilotline.core.statechart import Machine, Timer, ignores, on
from pilotline.spec.rows import ReservationRows as row
from pilotline.spec.rows import VacancyRows


def reserve(
    own: Reservation, _reads: NoReads, event: ReservationAsked, _now: Instant
) -> tuple[Reservation, tuple[ArmUtc | ReservationMade, ...]]:
    return _reserved(own, event), (ArmUtc("expiry", event.expiry), ReservationMade(event.connector))


def replace(
    own: Reservation, _reads: NoReads, event: ReservationAsked, _now: Instant
) -> tuple[Reservation, tuple[ArmUtc | ReservationMade | ReservationEnded, ...]]:
    """The connector of the old one is free again before the new one is taken."""
    ended = () if own.connector == event.connector else (ReservationEnded(own.connector),)
    armed, made = ArmUtc("expiry", event.expiry), ReservationMade(event.connector)
    return _reserved(own, event), (armed, *ended, made)


def _reserved(own: Reservation, event: ReservationAsked) -> Reservation:
    return Reservation(
        event.reservation, own.state, event.connector, event.id_tag, event.expiry, event.parent_id_tag
    )


def end(
    own: Reservation, _reads: NoReads, _event: object, _now: Instant
) -> tuple[Reservation, tuple[ReservationEnded]]:
    return own, (ReservationEnded(own.connector),)


def concerned(own: Reservation, _reads: NoReads, event: FaultBegan | MadeUnavailable) -> bool:
    """Its own connector, or the whole station (§5.13)."""
    return event.connector in (0, own.connector)


def wait_on(
    own: Reservation, _reads: NoReads, _event: PoweredUp, _now: Instant
) -> tuple[Reservation, tuple[ArmUtc]]:
    return own, (ArmUtc("expiry", own.expiry),)


RESERVATION_MACHINE = Machine(
    "reservation",
    family=RESERVATION,
    home="memory",
    slot="reservations",
    boot_event=PoweredUp,
    blank=Reservation(),
    reads=NoReads,
    states=("initial", "active", "ended"),
    final=("ended",),
    timers=(Timer("expiry", ReservationExpired, ("active",)),),
    table=(
        on(ReservationAsked, row.V1, reserve),
        on(ReservationAsked, row.V2, replace),
        on(ReservationCancelled, row.V3, end),
        on(ReservationExpired, row.V4, end),
        on(TransactionBegan, row.V5, end),
        on(FaultBegan, row.V6, end, when=[concerned]),
        on(MadeUnavailable, row.V7, end, when=[concerned]),
        on(PoweredUp, row.V8, wait_on),
    ),
    ignored=(
        ignores(
            ReservationCancelled,
            ReservationExpired,
            TransactionBegan,
            FaultBegan,
            MadeUnavailable,
            PoweredUp,
            in_=("initial",),
            because="nothing is reserved",
        ),
        ignores(FaultBegan, MadeUnavailable, because="another connector's"),
    ),
)


# --- vacancy -------------------------------------------------------------------------------------------------


class VacancyReads(Struct, frozen=True):
    """All reservations."""

    reservations: Annotated[Map[int, Reservation], every("reservations")]


def somebody_reserved_any(_own: Vacancy, reads: VacancyReads, _event: object) -> bool:
    return bool(of_any(reads.reservations))


def of_any_connector(_own: Vacancy, _reads: VacancyReads, event: ReservationMade | ReservationEnded) -> bool:
    return event.connector == 0


def tell(
    own: Vacancy, _reads: VacancyReads, _event: object, _now: Instant
) -> tuple[Vacancy, tuple[VacancyChanged]]:
    return own, (VacancyChanged(),)


VACANCY = Machine(
    "vacancy",
    family=STATION,
    home="moment",
    blank=Vacancy(),
    reads=VacancyReads,
    states=("watching",),
    table=(
        on(ReservationMade, VacancyRows.O1, tell, when=[of_any_connector]),
        on(ReservationEnded, VacancyRows.O1, tell, when=[of_any_connector]),
        *(
            on(event, VacancyRows.O1, tell, when=[somebody_reserved_any])
            for event in (
                ReservationMade, ReservationEnded, UseBegan, UseTimedOut, UseEnded, ChargingBegan, FaultBegan,
                FaultEnded, MadeAvailable, MadeUnavailable,
            )
        ),
    ),
    ignored=(
        ignores(
            ReservationMade, ReservationEnded, UseBegan, UseTimedOut, UseEnded, ChargingBegan, FaultBegan,
            FaultEnded, MadeAvailable, MadeUnavailable, because="nobody has reserved any connector",
        ),
    ),
)  # fmt: skip
