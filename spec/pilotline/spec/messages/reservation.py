"""Messages of the Reservation feature profile (OCPP 1.6 §6)."""

from pilotline.spec.messages.structures import Structure
from pilotline.spec.types import (
    CancelReservationStatus,
    DateTime,
    IdToken,
    Integer,
    Maybe,
    ReservationStatus,
)


class CancelReservationReq(Structure):
    """§6.5."""

    reservation_id: Integer


class CancelReservationConf(Structure):
    """§6.6."""

    status: CancelReservationStatus


class ReserveNowReq(Structure):
    """§6.37. connectorId 0 is any connector."""

    connector_id: Integer
    expiry_date: DateTime
    id_tag: IdToken
    reservation_id: Integer
    parent_id_tag: Maybe[IdToken] = None


class ReserveNowConf(Structure):
    """§6.38."""

    status: ReservationStatus
