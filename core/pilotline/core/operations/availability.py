"""ChangeAvailability (§5.2)."""

from typing import Annotated

from msgspec import Struct

from pilotline.core.decision_table import DecisionTable, otherwise, when
from pilotline.core.events import AvailabilityAsked
from pilotline.core.slices import every, key
from pilotline.core.state import Availability, Session
from pilotline.spec.messages.core import ChangeAvailabilityConf, ChangeAvailabilityReq


class Reads(Struct, frozen=True):
    """Which connectors there are, and which are in use."""

    sessions: Annotated[tuple[Session, ...], every("sessions")]
    availability: Annotated[tuple[Availability, ...], every("availability")]
    connectors: Annotated[int, key("NumberOfConnectors")]


def connector_unknown(reads: Reads, request: ChangeAvailabilityReq) -> bool:
    return not 0 <= request.connector_id <= reads.connectors


def waits_for_a_transaction(reads: Reads, request: ChangeAvailabilityReq) -> bool:
    return request.type == "Inoperative" and any(
        reads.sessions[connector].state in ("charging", "ending") for connector in _meant(reads, request)
    )


def _meant(reads: Reads, request: ChangeAvailabilityReq) -> range:
    """Connector 0 is the station and all its connectors (§5.2)."""
    return (
        range(len(reads.sessions))
        if request.connector_id == 0
        else range(request.connector_id, request.connector_id + 1)
    )


def reject(_reads: Reads, _request: ChangeAvailabilityReq) -> ChangeAvailabilityConf:
    return ChangeAvailabilityConf(status="Rejected")


def schedule(
    reads: Reads, request: ChangeAvailabilityReq
) -> tuple[ChangeAvailabilityConf, tuple[AvailabilityAsked, ...]]:
    """What is idle changes now, what is in use when its use ends."""
    return ChangeAvailabilityConf(status="Scheduled"), _asked(reads, request)


def accept(
    reads: Reads, request: ChangeAvailabilityReq
) -> tuple[ChangeAvailabilityConf, tuple[AvailabilityAsked, ...]]:
    return ChangeAvailabilityConf(status="Accepted"), _asked(reads, request)


def _asked(reads: Reads, request: ChangeAvailabilityReq) -> tuple[AvailabilityAsked, ...]:
    operative = request.type == "Operative"
    return tuple(AvailabilityAsked(connector, operative) for connector in _meant(reads, request))


CHANGE_AVAILABILITY: DecisionTable[Reads, ChangeAvailabilityReq] = DecisionTable(
    ChangeAvailabilityReq,
    Reads,
    (
        when(connector_unknown, name="unknown connector", answer=reject),
        when(waits_for_a_transaction, name="in use: when the use ends", answer=schedule),
        otherwise("now, or so already", accept),
    ),
)
