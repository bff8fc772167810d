"""ReserveNow and CancelReservation (§5.1, §5.13)."""

from typing import Annotated

from msgspec import Struct

from pilotline.core.calendar import utc_of
from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.events import ReservationAsked, ReservationCancelled
from pilotline.core.reserving import Floor, of_any, on_connector, vacant
from pilotline.core.slices import every, key, station, the_time
from pilotline.core.state import Availability, Clock, Fault, Instant, Map, Reservation, Session
from pilotline.spec.messages.reservation import (
    CancelReservationConf,
    CancelReservationReq,
    ReserveNowConf,
    ReserveNowReq,
)


class Reads(Struct, frozen=True):
    """The connectors, who uses and who has reserved them, and the time."""

    sessions: Annotated[tuple[Session, ...], every("sessions")]
    faults: Annotated[tuple[Fault, ...], every("faults")]
    availability: Annotated[tuple[Availability, ...], every("availability")]
    reservations: Annotated[Map[int, Reservation], every("reservations")]
    clock: Annotated[Clock, station("clock")]
    now: Annotated[Instant, the_time()]
    any_connector: Annotated[bool | None, key("ReserveConnectorZeroSupported")]
    profiles: Annotated[tuple[str, ...], key("SupportedFeatureProfiles")]


# --- ReserveNow ----------------------------------------------------------------------------------------------


def not_offered(reads: Reads, _request: ReserveNowReq) -> bool:
    """A station that takes no reservations says Rejected (§5.13)."""
    return "Reservation" not in reads.profiles


def connector_unknown(reads: Reads, request: ReserveNowReq) -> bool:
    return not 0 <= request.connector_id < len(reads.sessions)


def any_not_offered(reads: Reads, request: ReserveNowReq) -> bool:
    """Connector 0 without ReserveConnectorZeroSupported (§9.3.1)."""
    return request.connector_id == 0 and not reads.any_connector


def over_already(reads: Reads, request: ReserveNowReq) -> bool:
    """It would end before it begins; the standard has no other answer for what cannot be kept."""
    epoch = reads.clock.epoch
    return epoch is not None and utc_of(request.expiry_date) <= epoch + reads.now


def replaces_here(reads: Reads, request: ReserveNowReq) -> bool:
    """The id is known: this connector is the reservation's already, whoever is using it (§5.13)."""
    before = reads.reservations.get(request.reservation_id)
    return before is not None and before.connector == request.connector_id


def faulted(reads: Reads, request: ReserveNowReq) -> bool:
    """The connector or the station; for any connector, all of them."""
    at_fault = [fault.state == "faulted" for fault in reads.faults]
    if at_fault[0] or request.connector_id:
        return at_fault[0] or at_fault[request.connector_id]
    return all(at_fault[1:])


def unavailable(reads: Reads, request: ReserveNowReq) -> bool:
    closed = [availability.state in ("inoperative", "held") for availability in reads.availability]
    if closed[0] or request.connector_id:
        return closed[0] or closed[request.connector_id]
    usable = [fault.state != "faulted" for fault in reads.faults]
    return all(is_closed for is_closed, is_usable in zip(closed[1:], usable[1:], strict=True) if is_usable)


def occupied(reads: Reads, request: ReserveNowReq) -> bool:
    """In use, reserved, or needed for those who have reserved any connector (§5.13)."""
    others = reads.reservations
    if request.reservation_id in others:
        others = others.delete(request.reservation_id)
    left = vacant(Floor(reads.sessions, reads.faults, reads.availability, others))
    connector = request.connector_id
    if connector and (reads.sessions[connector].state != "idle" or on_connector(others, connector)):
        return True
    return len(left) <= len(of_any(others))


def reserve(_reads: Reads, request: ReserveNowReq) -> tuple[ReserveNowConf, tuple[ReservationAsked]]:
    asked = ReservationAsked(
        request.reservation_id,
        request.connector_id,
        request.id_tag,
        utc_of(request.expiry_date),
        request.parent_id_tag,
    )
    return ReserveNowConf(status="Accepted"), (asked,)


def reject(_reads: Reads, _request: ReserveNowReq) -> ReserveNowConf:
    return ReserveNowConf(status="Rejected")


def say_faulted(_reads: Reads, _request: ReserveNowReq) -> ReserveNowConf:
    return ReserveNowConf(status="Faulted")


def say_unavailable(_reads: Reads, _request: ReserveNowReq) -> ReserveNowConf:
    return ReserveNowConf(status="Unavailable")


def say_occupied(_reads: Reads, _request: ReserveNowReq) -> ReserveNowConf:
    return ReserveNowConf(status="Occupied")


RESERVE_NOW: DecisionTable[Reads, ReserveNowReq] = DecisionTable(
    ReserveNowReq,
    Reads,
    (
        when(not_offered, name="reservations are not offered", answer=reject),
        when(connector_unknown, name="unknown connector", answer=reject),
        when(any_not_offered, name="connector 0 is not offered", answer=reject),
        when(over_already, name="over already", answer=reject),
        when(replaces_here, name="known id, same connector: replaced", answer=reserve),
        when(faulted, name="Faulted", answer=say_faulted),
        when(unavailable, name="Unavailable", answer=say_unavailable),
        when(occupied, name="in use or reserved", answer=say_occupied),
        otherwise("reserved", reserve),
    ),
    says_if_offered=True,
)


# --- CancelReservation ---------------------------------------------------------------------------------------


class CancelReads(Struct, frozen=True):
    """All reservations."""

    reservations: Annotated[Map[int, Reservation], every("reservations")]


def id_unknown(reads: CancelReads, request: CancelReservationReq) -> bool:
    return request.reservation_id not in reads.reservations


def reject_cancel(_reads: CancelReads, _request: CancelReservationReq) -> CancelReservationConf:
    return CancelReservationConf(status="Rejected")


def cancel(
    _reads: CancelReads, request: CancelReservationReq
) -> tuple[CancelReservationConf, tuple[ReservationCancelled]]:
    return CancelReservationConf(status="Accepted"), (ReservationCancelled(request.reservation_id),)


CANCEL_RESERVATION: DecisionTable[CancelReads, CancelReservationReq] = DecisionTable(
    CancelReservationReq,
    CancelReads,
    (
        when(id_unknown, name="no such reservation", answer=reject_cancel),
        otherwise("cancelled", cancel),
    ),
)
